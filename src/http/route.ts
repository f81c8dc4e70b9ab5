import { createEngine, type Engine, type Listener } from "../engine/engine.ts";
import type { LiveAnswers, OpenLive } from "../live/answers.ts";
import type { LiveOption } from "../live/live.ts";
import { type Observer, observerOf, tell } from "../observe.ts";
import { EVERY_METHOD, type Method, UNANSWERED } from "../request/request.ts";
import { readBasePaths } from "./address.ts";
import { batchOf, engineOptions, headersOf, MAX_QUESTION, ownPagesOf, patchOf, whole } from "./checked.ts";
import { bodiesWithin } from "./body.ts";
import { checkCors } from "./cors.ts";
import { handle, type Route } from "./handle.ts";
import { checkOptions } from "./options.ts";
import { inform } from "./report.ts";
import type { QueryRouteOptions } from "./route-options.ts";
import { keyOfName } from "./visit.ts";

export type { IdempotencyKeyOptions, QueryRouteOptions, Roles, TransactionContext } from "./route-options.ts";

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
    ...ownPagesOf(options, live),
    problems: options.problems === true,
    batch: batchOf(options.batch),
    headers: headersOf(options),
    formatResult: options.defaults?.formatResult,
    bodies: bodiesWithin(timeout),
    maxQuestionSize: Math.min(MAX_QUESTION, options.defaults?.maxBodySize ?? MAX_QUESTION),
    observe,
    watched: options.observe !== undefined,
    serverTiming: options.serverTiming === true,
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
    changed(changes, rode) {
      live.changed(changes, rode);
      told(changes === "*" ? changes : [...changes.keys()]);
    },
  };
}
