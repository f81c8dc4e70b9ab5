import type { ApplyPatch } from "../author/author.ts";
import type { LaneOptions } from "../dialect/dialect.ts";
import { type EngineOptions, LEAST_SECRET } from "../engine/engine.ts";
import type { LiveAnswers } from "../live/answers.ts";
import { type Observer, tell } from "../observe.ts";
import type { BatchOptions } from "./batch.ts";
import { type Explore, inDevelopment } from "./explorer.ts";
import type { Route } from "./handle.ts";
import type { OpenAPIRoute } from "./openapi.ts";
import type { IdempotencyKeyOptions, QueryRouteOptions } from "./route-options.ts";

/** The headers of every answer. */
export const headersOf = ({
  live,
  headers,
}: Pick<QueryRouteOptions, "live" | "headers">): Route["headers"] => ({
  "cache-control": "private, no-cache",
  vary: live === undefined ? "Cookie, Authorization" : "Cookie, Authorization, Accept",
  ...lowerCase(headers ?? {}),
});

export function engineOptions<Role extends string, Session>(
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

/** What is answered beside resources, and to whom. */
export const ownPagesOf = <Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
  live: LiveAnswers | undefined,
): Pick<Route, "access" | "inspect" | "explore" | "openapi"> => ({
  access: options.access === true,
  inspect: options.inspect,
  explore: exploreOf(options),
  openapi: openapiOf(options, live),
});

/** What documents say; `undefined` where there are none. */
function openapiOf<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
  live: LiveAnswers | undefined,
): OpenAPIRoute | undefined {
  const { openapi = false } = options;
  if (openapi === false) return undefined;
  if (openapi !== true && (typeof openapi !== "object" || openapi === null))
    throw new TypeError("openapi: expected true, false or { title, version, servers, public }");
  const { public: shared = false, ...info } = openapi === true ? {} : openapi;
  const batch = batchOf(options.batch);
  return {
    ...info,
    public: shared,
    problems: options.problems === true,
    idempotency: options.idempotency !== undefined,
    jsonPatch: options.jsonPatch !== undefined,
    formatted: options.defaults?.formatResult !== undefined,
    ...(batch !== undefined && { batch }),
    ...(live !== undefined && { live: live.settings.maxQuestions }),
  };
}

/** @throws Error at start for what lets nobody in, `"true"` say, and where the page would know nothing. */
function exploreOf<Role extends string, Session>(
  options: QueryRouteOptions<Role, Session>,
): Explore | undefined {
  const { access, explorer = false }: { readonly access?: boolean; readonly explorer?: unknown } = options;
  if (explorer === false) return undefined;
  if (explorer !== true && typeof explorer !== "function")
    throw new TypeError("explorer: expected true, false or a function that says who gets it");
  if (access !== true)
    throw new Error("explorer: it asks what its reader may do, which `access: true` tells");
  // What an author's function takes, the route's own type has checked.
  return explorer === true ? inDevelopment : (explorer as Explore);
}

/** The most requests of a batch. */
export function batchOf(batch: boolean | BatchOptions = false): number | undefined {
  if (batch === false) return undefined;
  if (batch !== true && (typeof batch !== "object" || batch === null))
    throw new TypeError("batch: expected true, false or { maxOperations }");
  return whole("batch.maxOperations", batch === true ? undefined : batch.maxOperations, 20);
}

/** @throws Error at start for what applies nothing: `true`, say. */
export function patchOf(apply: unknown): ApplyPatch | undefined {
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
export const MAX_QUESTION = 262_144;

/** Timers count up to 2^31 - 1 milliseconds; a longer one would fire at once. */
const LONGEST = 2_147_483_647;

export function whole(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isSafeInteger(value) && value >= 1 && value <= LONGEST) return value;
  throw new RangeError(`${name}: expected a whole number from 1 to ${LONGEST}`);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
