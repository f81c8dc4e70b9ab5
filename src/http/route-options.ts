import type { ApplyPatch } from "../author/author.ts";
import type { LaneOptions, OpenDialect } from "../dialect/dialect.ts";
import type { IdempotencyTable } from "../idempotency-table.ts";
import type { LiveOption } from "../live/live.ts";
import type { Observer } from "../observe.ts";
import type {
  AnyACL,
  AnyTableRules,
  Awaitable,
  ChangedContext,
  CommitHook,
  FormatResult,
  LimitOptions,
  RequestContext,
  ResultContext,
  WriteHook,
  WrittenContext,
} from "../policy/policy.ts";
import type { BatchOptions } from "./batch.ts";
import type { CorsOptions } from "./cors.ts";
import type { OpenAPIRouteOptions } from "./openapi.ts";

/** What `getRole` answers. */
export type Roles<Role extends string> = Role | readonly Role[] | null | undefined;

/** The context in the transaction of any write. */
// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per driver
export type TransactionContext = ResultContext<any>;

/** What `createQueryRoute` and `createQueryHandler` are told. */
export interface QueryRouteOptions<Role extends string = string, Session = object> {
  /** The access-control file, written with `satisfies ACL`. */
  readonly acl: AnyACL;
  /** What is true of tables wherever they are mentioned, written with `satisfies TableRules`. */
  readonly tables?: AnyTableRules;
  /** Whether `GET /query/$access` tells each caller what he may do; false by default. */
  readonly access?: boolean;
  /**
   * Whether `GET /query/$openapi` tells each caller what he may do as an OpenAPI 3.1 document; false by default.
   *
   * @example openapi: { title: "Shop", version: "3" }
   */
  readonly openapi?: boolean | OpenAPIRouteOptions;
  /**
   * Who may look behind the rules, for development: `GET /query/$explain` tells him why a request of his is answered as it
   * is, by which SQL, and `GET /query/$matrix` who may do what. Only a plain `true` lets in, and with
   * `NODE_ENV=production` nobody is. May be asynchronous.
   *
   * @example inspect: ({ user }) => user?.role === "admin"
   */
  readonly inspect?: (context: Session & RequestContext, request: Request) => Awaitable<boolean>;
  /**
   * Who gets the explorer, `GET /query/$explorer`: a page on which questions are clicked together, asked and looked at, by
   * what `access` tells, which it needs. It may do nothing that its reader may not. `true` is for development alone, where
   * `NODE_ENV` is `development`; a function decides for each request, in production too, and only its plain `true` lets in.
   *
   * @example explorer: ({ user }) => user?.role === "admin"
   */
  readonly explorer?: boolean | ((context: Session & RequestContext, request: Request) => Awaitable<boolean>);
  /**
   * Whether `POST /query/$batch` takes lists of requests, which run in one transaction: `true` for at most 20 of them, or
   * how many; false by default.
   *
   * @example batch: { maxOperations: 50 }
   */
  readonly batch?: boolean | BatchOptions;
  /**
   * Whether every refusal is told as a problem of RFC 9457, `application/problem+json`; without it those are whose client
   * asks for that type by `Accept`, and the others are `{ error, code, path, hint, issues }`.
   */
  readonly problems?: boolean;
  /** A Drizzle database made with the schema: `drizzle(client, { schema })`. */
  readonly database: unknown;
  /** The Drizzle schema, relations included. */
  readonly schema: Record<string, unknown>;
  /** The name of the path parameter that holds the resource, where the server parses paths, as Bun does; `id` by default. */
  readonly idParam?: string;
  /**
   * The path before the resource where the server does not: then only what stands behind it is answered. Without one it
   * is `/query/<resource>`, or `/<resource>` where a framework takes away the prefix it mounts at.
   */
  readonly basePath?: string;
  /** Limits where neither rule nor entry has its own, and a formatter where neither has one. */
  readonly defaults?: LimitOptions & { readonly formatResult?: FormatResult<Session> };
  /** Who asks. Without it everybody is a guest. */
  readonly session?: {
    /** Puts the session into the context; a `Response` it answers ends the request. */
    readonly parser?: (request: Request, context: Session & RequestContext) => unknown;
    /** The caller's role, a list of them with the strongest first, or nothing; may be asynchronous. */
    readonly getRole?: (request: Request, context: Session & RequestContext) => Awaitable<Roles<Role>>;
  };
  /**
   * Names who asks, when the session is known: a user's id, say, or his tenant. Never for access, only for fairness and for
   * cursors, which nobody of another name may use: each name has a share of its own of the server, and one that is used up
   * is 503 for that name alone. Who gets no name goes by
   * the address that the server tells, an IPv6 one by its first 64 bits; all without either share one place. May be
   * asynchronous; what it throws is answered as what any function of yours throws.
   *
   * @example caller: ({ user }) => user?.id
   * @example caller: ({ user }, request) => user?.id ?? request.headers.get("x-real-ip") // which a trusted proxy sets
   */
  readonly caller?: (
    context: Session & RequestContext,
    request: Request,
  ) => string | null | undefined | Promise<string | null | undefined>;
  /**
   * What cursors are sealed with, 32 characters or more, the same in every process that answers for the route. Without one
   * they end with the process, and no other one takes them; a warning says so.
   *
   * @example secret: process.env.CURSOR_SECRET
   */
  readonly secret?: string | undefined;
  /** How old a cursor may become, in milliseconds; 7 days by default. Beyond it, 400 `invalid-cursor`. */
  readonly cursorMaxAge?: number;
  /**
   * Runs in the transaction of every write of every resource, once for each, after the rule's own `afterQuery`: for an
   * audit log, or an outbox. `context.written` has the rows whole, whatever the client asked to hear; written as
   * `{ before: true, run }` it is handed the rows as they were, too, as `context.before`. What it throws rolls back.
   *
   * @example afterWrite: ({ tx, user, method, resourceId, written }) => tx.insert(audit).values({ user: user.id, method, resourceId, rows: written })
   */
  readonly afterWrite?: WriteHook<
    (context: Session & TransactionContext & WrittenContext) => Awaitable<void>,
    (context: Session & TransactionContext & ChangedContext) => Awaitable<void>
  >;
  /**
   * Runs once a write of any resource is committed, after the rule's own. Nobody waits for it, what it throws goes to
   * `onError`, and it is lost where the process ends before: what must not be lost belongs into `afterWrite`.
   */
  readonly afterCommit?: CommitHook<Session>["afterCommit"];
  /** Hears of every error that became a 500, of what an `afterCommit` throws, of what made the server busy, and of what triggers and permissions refuse. */
  readonly onError?: (error: unknown) => void;
  /** Hears of everything worth logging or counting. */
  readonly observe?: Observer;
  /** Whether answers carry `Server-Timing`, the milliseconds spent in each room; for development. */
  readonly serverTiming?: boolean;
  /** Which other origins' pages may use the route; none by default. */
  readonly cors?: CorsOptions;
  /**
   * Lets a write be sent under an `Idempotency-Key`: then it is done once, however often it is sent. Without this option
   * such a write is 400.
   *
   * @example idempotency: { table: schema.idempotency, caller: ({ user }) => user?.id }
   */
  readonly idempotency?: IdempotencyKeyOptions<Session>;
  /**
   * Takes JSON Patch (RFC 6902) on `PATCH`, by the package `rfc6902`, which you install. Without it a body of
   * `application/json-patch+json` is 415; merge patches (RFC 7396) are always taken.
   *
   * @example import { jsonPatch } from "@bepalo/query/json-patch"; // then jsonPatch: jsonPatch
   */
  readonly jsonPatch?: ApplyPatch;
  /**
   * Keeps answers true: a GET that is asked for `text/event-stream`, under a rule with `live: true`, is a stream of what
   * becomes of its answer. Without it such a GET is answered as any other.
   *
   * @example import { live } from "@bepalo/query/live"; // then live: live()
   */
  readonly live?: LiveOption;
  /** Headers of every answer; `Cache-Control` and `Vary` here replace the built-in ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * `"fast"` (the default) reads with one statement that answers JSON; `"portable"` with Drizzle's relational queries.
   * Both answer alike.
   */
  readonly reader?: "fast" | "portable";
  /**
   * Speaks to the database in place of the built-in dialect: one of your own, or one around what `found()` answers, which
   * counts statements, say, or lets some of them fail.
   */
  readonly dialect?: OpenDialect;
  /**
   * Whether reads, and writes, of a local libSQL file with a write-ahead log may have a connection of their own, which keeps
   * statements prepared as the client does not; true by default. With false every statement goes through the client.
   */
  readonly ownConnection?: boolean;
  /**
   * How slow reads of a SQLite file with a write-ahead log are kept from holding up everybody: they run in processes with
   * connections of their own, which only read. False for none; libSQL without `ownConnection` has none by itself.
   */
  readonly lane?: LaneOptions | false;
  /** Refuses, at start, an access-control file that looks like an oversight somewhere; else `onWarning` is told. */
  readonly strict?: boolean;
  /**
   * Told what is legal and looks like an oversight, one sentence each, at start, and once what the slow lane lacks;
   * `console.warn` by default.
   */
  readonly onWarning?: (sentence: string) => void;
  /**
   * How long a body may take to arrive, each asynchronous function of yours to answer, and a transaction with its hooks,
   * in milliseconds; 30,000 by default. Beyond it the transaction is rolled back and the answer is 504. A statement that
   * runs in this process cannot be interrupted; limits bound what it may cost.
   */
  readonly timeout?: number;
  /**
   * How many requests may be under way at once, at the database or waiting for it; 256 by default, and one more is 503. A
   * caller begins one more only while he has fewer under way than there are places free: alone he gets half of them. As
   * many again may wait for their session, and for their bodies.
   */
  readonly maxInFlight?: number;
  /** How long a request waits for its turn and for locks of other processes, in milliseconds; 5,000 by default. */
  readonly busyTimeout?: number;
}

/** Where the answers of writes are stored that are sent under an `Idempotency-Key`, and for whom. */
export interface IdempotencyKeyOptions<Session = object> {
  /** What `idempotencyTable` makes, for the database of the route. */
  readonly table: IdempotencyTable;
  /**
   * Names whose the key is, when the session is known: a user's id. Nobody is answered what another was. Who has no name
   * cannot use keys, which is 400. May be asynchronous.
   *
   * @example caller: ({ user }) => user?.id
   */
  readonly caller: (context: Session & RequestContext) => Awaitable<string | null | undefined>;
  /** How long an answer is stored, in milliseconds; a day by default. Afterwards the key is as good as new. */
  readonly maxAge?: number;
  /** How many bytes the body of an answer may have, 65,536 by default; beyond it nothing is written, and it is 400. */
  readonly maxSize?: number;
}
