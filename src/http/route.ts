import type { ApplyPatch } from "../author/author.ts";
import type { LaneOptions, OpenDialect } from "../dialect/dialect.ts";
import {
  createEngine,
  type Engine,
  type EngineOptions,
  LEAST_SECRET,
  type Listener,
} from "../engine/engine.ts";
import { type Observer, observerOf, tell } from "../observe.ts";
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
import { EVERY_METHOD, type Method, UNANSWERED } from "../request/request.ts";
import { checkCors, type CorsOptions } from "./cors.ts";
import type { BatchOptions } from "./batch.ts";
import { handle, type Route } from "./handle.ts";
import type { IdempotencyTable } from "../idempotency-table.ts";
import type { OpenAPIRoute, OpenAPIRouteOptions } from "./openapi.ts";
import type { LiveAnswers, OpenLive } from "../live/answers.ts";
import type { LiveOption } from "../live/live.ts";
import { checkOptions } from "./options.ts";
import { inform } from "./report.ts";
import { keyOfName } from "./visit.ts";
import { readBasePaths } from "./address.ts";

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

/**
 * Answers one request, of any method. `from` is what the server passes beside it, for the address of who has no name: the
 * `server` of Bun, the bindings of @hono/node-server, or `{ address: "192.0.2.7" }`. With `{ context: { user } }` a
 * framework hands on what it knows already: the members are copied into the context before `session.parser` is asked, but
 * for those that are the engine's own (`request`, `role`, `tx` …). Anything else is ignored.
 *
 * @example app.all("/query/*", (c) => handler(c.req.raw, { ...c.env, context: { user: c.get("user") } }));
 */
export type QueryHandler = (request: Request, from?: unknown) => Promise<Response>;

/** What says that a route keeps answers true. */
export interface Lively {
  readonly live: LiveOption;
}

/** What a route that keeps answers true is told beside requests. */
export interface LiveControl {
  /**
   * Says which tables were written past the route, by their names in the schema, or that nobody knows where none is named:
   * answers that depend on them are asked again.
   *
   * @throws TypeError for what is no table of the schema.
   * @example route.changed("post", "comment");
   */
  changed(...tables: readonly string[]): void;
  /**
   * Asks anew who a caller is, by the name that `caller` gives him, and what his rules say, before he is told anything else;
   * everybody, where nobody is named.
   *
   * @example route.recheck(user.id); // his role has changed
   */
  recheck(caller?: string): void;
  /** Ends all streams, whose clients come again in a few seconds, and lets in no other: for a shutdown. */
  close(): Promise<void>;
}

/** One handler under the name of each method, as `Bun.serve` takes them; `PUT` and its like are answered 405. */
export interface QueryRoute extends Readonly<Record<Method | (typeof UNANSWERED)[number], QueryHandler>> {}

/**
 * Makes the route that answers for every resource of an access-control file, as `Bun.serve` takes it; a route module of
 * Next.js exports its members.
 *
 * @throws Error at start that names every mistake of the file with its path.
 * @example
 * Bun.serve({ routes: { "/query/:id": createQueryRoute({ acl, database: db, schema }) } });
 */
export function createQueryRoute<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session> & Lively,
): QueryRoute & LiveControl;
export function createQueryRoute<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session>,
): QueryRoute;
export function createQueryRoute<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session>,
): QueryRoute {
  const { handler, control } = handlerOf(options, false);
  // What has no name here, `Bun.serve` answers with a page of its own.
  // The keys of the type are made of the same two lists.
  const names = [...EVERY_METHOD.map(({ name }) => name), ...UNANSWERED];
  const route = Object.fromEntries(names.map((name) => [name, handler])) as unknown as QueryRoute;
  return withControl(route, control);
}

/**
 * Makes one fetch handler for every method and every resource, to be mounted wherever a `Request` becomes a `Response`,
 * on Bun, Node and Workers: it answers `/query/<resource>`, or what stands behind another `basePath`. Of what servers pass
 * besides the request only the caller's address is read (Next.js's parameters, Workers' `env` and `ctx` are ignored).
 *
 * @throws Error at start that names every mistake of the access-control file with its path.
 * @example
 * const handler = createQueryHandler({ acl, database: db, schema });
 * new Hono().all("/query/*", (context) => handler(context.req.raw, context.env));
 * export { handler as GET, handler as POST }; // app/query/[id]/route.ts of Next.js
 * export default { fetch: handler }; // Workers
 */
export function createQueryHandler<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session> & Lively,
): QueryHandler & LiveControl;
export function createQueryHandler<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session>,
): QueryHandler;
export function createQueryHandler<Role extends string = string, Session = object>(
  options: QueryRouteOptions<Role, Session>,
): QueryHandler {
  const { handler, control } = handlerOf(options, true);
  return withControl(handler, control);
}

/** Servers walk over what they are handed, and are to find methods alone. */
function withControl<T extends object>(route: T, control: LiveControl | undefined): T {
  for (const [name, value] of Object.entries(control ?? {})) Object.defineProperty(route, name, { value });
  return route;
}

/** Of `Bun.serve` and Next.js routes are handed no method but those they know. */
function handlerOf<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
  handsOnAll: boolean,
): { readonly handler: QueryHandler; readonly control: LiveControl | undefined } {
  const route = routeOf(options, handsOnAll);
  return { handler: (request, from) => handle(route, request, from), control: controlOf(route) };
}

function controlOf({ live, engine }: Route): LiveControl | undefined {
  if (live === undefined) return undefined;
  return {
    changed: (...tables) => engine.live?.changed(tables),
    recheck: (caller) => live.recheck(caller === undefined ? undefined : keyOfName(caller)),
    close: () => live.close(),
  };
}

function routeOf<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
  handsOnAll: boolean,
): Route {
  checkOptions(options);
  if (options.cors !== undefined) checkCors(options.cors);
  const timeout = whole("timeout", options.timeout, 30_000);
  const observe = observerOf(options.observe, options.onError);
  const live = liveOf(options, observe);
  const listener =
    live &&
    watchedListener(live, options.observe, (tables) =>
      inform({ observe, engine }, { kind: "changed", tables }),
    );
  const engine: Engine = createEngine({ ...engineOptions(options, timeout, observe), listener });
  if (engine.live !== undefined) live?.begin(engine.live);
  return {
    engine,
    live,
    handsOnAll,
    mount: { idParam: options.idParam ?? "id", basePaths: readBasePaths(options.basePath) },
    session: options.session ?? {},
    caller: options.caller,
    cors: options.cors,
    keysOf: options.idempotency?.caller,
    jsonPatch: patchOf(options.jsonPatch),
    access: options.access === true,
    inspect: options.inspect,
    openapi: openapiOf(options),
    problems: options.problems === true,
    batch: batchOf(options.batch),
    headers: headersOf(options),
    formatResult: options.defaults?.formatResult,
    timeout,
    maxQuestionSize: Math.min(MAX_QUESTION, options.defaults?.maxBodySize ?? MAX_QUESTION),
    observe,
    watched: options.observe !== undefined,
    serverTiming: options.serverTiming === true,
  };
}

/** The headers of every answer. */
const headersOf = ({ live, headers }: Pick<QueryRouteOptions, "live" | "headers">): Route["headers"] => ({
  "cache-control": "private, no-cache",
  vary: live === undefined ? "Cookie, Authorization" : "Cookie, Authorization, Accept",
  ...lowerCase(headers ?? {}),
});

function engineOptions<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
  timeout: number,
  observe: Observer | undefined,
): EngineOptions {
  return {
    acl: options.acl,
    database: options.database,
    schema: options.schema,
    busyTimeout: whole("busyTimeout", options.busyTimeout, 5_000),
    timeout,
    maxInFlight: whole("maxInFlight", options.maxInFlight, 256),
    onWarning: options.onWarning ?? ((sentence) => console.warn(sentence)),
    strict: options.strict === true,
    onError: (error) => tell(observe, { kind: "failed", error }),
    formats: options.defaults?.formatResult !== undefined,
    cursors: cursorOptions(options),
    reader: options.reader ?? "fast",
    ownConnection: options.ownConnection !== false,
    lane: readLane(options.lane),
    afterWrite: options.afterWrite,
    afterCommit: options.afterCommit,
    ...(options.tables !== undefined && { tables: options.tables }),
    ...(options.defaults !== undefined && { defaults: options.defaults }),
    ...(options.dialect !== undefined && { dialect: options.dialect }),
    ...(options.idempotency !== undefined && { idempotency: idempotencyOptions(options.idempotency) }),
  };
}

/** What documents say. */
function openapiOf<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
): OpenAPIRoute | undefined {
  const { openapi = false } = options;
  if (openapi === false) return undefined;
  if (openapi !== true && (typeof openapi !== "object" || openapi === null))
    throw new TypeError("openapi: expected true, false or { title, version, servers, public }");
  const { public: shared = false, ...info } = openapi === true ? {} : openapi;
  return {
    ...info,
    public: shared,
    problems: options.problems === true,
    idempotency: options.idempotency !== undefined,
    jsonPatch: options.jsonPatch !== undefined,
    formatted: options.defaults?.formatResult !== undefined,
  };
}

/** @throws Error at start for what keeps nothing true: `true`, say. */
function liveOf(
  { live, secret }: Pick<QueryRouteOptions, "live" | "secret">,
  observe: Observer | undefined,
): LiveAnswers | undefined {
  if (live === undefined) return undefined;
  if (typeof (live as Partial<LiveOption> | null)?.open !== "function")
    throw new Error("live: expected `live()` of `@bepalo/query/live`");
  // What it is told by is no matter of those who write options.
  return (live.open as OpenLive)({
    secret,
    failed: (error) => tell(observe, { kind: "failed", error }),
    lagging: (milliseconds) => tell(observe, { kind: "lagging", milliseconds }),
  });
}

/** A listener whose changes an observer hears too. */
function watchedListener(
  live: LiveAnswers,
  observe: Observer | undefined,
  told: (tables: readonly string[] | "*") => void,
): Listener {
  if (observe === undefined) return live;
  return {
    ride: live.ride,
    changed(tables, rode) {
      live.changed(tables, rode);
      told(tables === "*" ? tables : [...tables]);
    },
  };
}

/** The most requests of a batch. */
function batchOf(batch: boolean | BatchOptions = false): number | undefined {
  if (batch === false) return undefined;
  if (batch !== true && (typeof batch !== "object" || batch === null))
    throw new TypeError("batch: expected true, false or { maxOperations }");
  return whole("batch.maxOperations", batch === true ? undefined : batch.maxOperations, 20);
}

/** @throws Error at start for what applies nothing: `true`, say. */
function patchOf(apply: unknown): ApplyPatch | undefined {
  if (apply === undefined || typeof apply === "function") return apply as ApplyPatch | undefined;
  throw new Error("jsonPatch: expected `jsonPatch` of `@bepalo/query/json-patch`");
}

/** @throws Error at start for a module that no process could find, and a number of processes that is none. */
function readLane(lane: LaneOptions | false = {}): LaneOptions | false {
  if (lane === false) return lane;
  whole("lane.processes", lane.processes, 1);
  if (lane.open !== undefined && !/^([a-z]:\\|\/|file:)/i.test(String(lane.open)))
    throw new Error(
      'lane.open: expected an address, as `new URL("./open.ts", import.meta.url)`, or a whole path',
    );
  return lane;
}

/** Seven days. */
const CURSOR_AGE = 604_800_000;

/** @throws Error at start for a secret that could be guessed, and an age that is none. */
function cursorOptions({
  secret,
  cursorMaxAge = CURSOR_AGE,
  caller,
}: Pick<QueryRouteOptions, "secret" | "cursorMaxAge"> & {
  readonly caller?: unknown;
}): EngineOptions["cursors"] {
  if (secret !== undefined && !(typeof secret === "string" && secret.length >= LEAST_SECRET))
    throw new Error(`secret: expected a text of ${LEAST_SECRET} characters or more`);
  if (!Number.isSafeInteger(cursorMaxAge) || cursorMaxAge < 1)
    throw new RangeError("cursorMaxAge: expected a whole number of milliseconds from 1");
  return { secret, maxAge: cursorMaxAge, named: caller !== undefined };
}

/** A day. */
const ANSWER_AGE = 86_400_000;
const ANSWER_SIZE = 65_536;
/** Ten years: every database knows a moment so far back. */
const OLDEST = 315_576_000_000;

/** @throws Error at start where nobody could have a key, and for an age or a size that is none. */
function idempotencyOptions({
  table,
  caller,
  maxAge = ANSWER_AGE,
  maxSize = ANSWER_SIZE,
}: IdempotencyKeyOptions<never>): NonNullable<EngineOptions["idempotency"]> {
  if (typeof caller !== "function")
    throw new Error("idempotency.caller: expected a function that names who asks");
  for (const [name, value] of Object.entries({ maxAge, maxSize }))
    if (!Number.isSafeInteger(value) || value < 1 || value > OLDEST)
      throw new RangeError(`idempotency.${name}: expected a whole number from 1 to ${OLDEST}`);
  return { table, maxAge, maxSize };
}

/** A question is read before anybody knows who asks, so that few bytes have to do. */
const MAX_QUESTION = 262_144;

/** Timers count up to 2^31 - 1 milliseconds; a longer one would fire at once. */
const LONGEST = 2_147_483_647;

function whole(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 1 && value <= LONGEST) return value;
  throw new RangeError(`${name}: expected a whole number from 1 to ${LONGEST}`);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
