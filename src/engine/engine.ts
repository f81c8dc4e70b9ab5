import { ending, goOn, type Later, SharedLimit } from "../clock.ts";
import { compilerOf, type ReaderChoice } from "../compile/compile.ts";
import { type CursorOptions, Cursors } from "../cursor/cursor.ts";
import { type Dialect, type LaneOptions, openDialect, type OpenDialect } from "../dialect/dialect.ts";
import {
  type Asker,
  type Outside,
  type Runtime,
  SearchIndexes,
  TimeZones,
  Triggers,
} from "../execute/execute.ts";
import { tellInTurn } from "../observe.ts";
import { allowedMethods, type Parameters, type Policy, resolve } from "../policy/policy.ts";
import { type Method, type Principal, type QueryRequest, traitsOf } from "../request/request.ts";
import { readRouteHooks, type RouteHookOptions } from "./route-hooks.ts";
import { PlanMemory } from "./memory.ts";
import { Pace } from "./pace.ts";
import { type OneRow, Policies, type PolicyOptions } from "./policies.ts";
import type { Call, Parts } from "./call.ts";
import { aggregate } from "./aggregate.ts";
import { batch, type BatchCall } from "./batch.ts";
import { type IdempotencyOptions, readIdempotency } from "./idempotency.ts";
import { document, type DocumentInfo } from "./document.ts";
import { type Inspection, inspectionOf } from "./inspect.ts";
import { type LiveEngine, liveEngine } from "./live-engine.ts";
import { read } from "./read.ts";
import type { Holder } from "./shares.ts";
import { type Listener, WriteTelling } from "./telling.ts";
import { write } from "./write.ts";
import { type Before, counted, type TurnOptions, turnsOf } from "./turns.ts";
import { unreadable } from "./unreadable.ts";

export { LEAST_SECRET } from "../cursor/cursor.ts";
export type { Asker } from "../execute/execute.ts";
export type { LiveEngine } from "./live-engine.ts";
export type { LiveRead } from "./live.ts";
export type { OneRow } from "./policies.ts";
export type { Changes, TableChanges } from "./change.ts";
export type { Listener } from "./telling.ts";
export type { Answer, Call, Keyed, Packed } from "./call.ts";
export type { Explanation } from "./explain.ts";
export type { DocumentInfo } from "./document.ts";
export type { Asking, BatchCall } from "./batch.ts";

/** What an engine is made of. */
export interface EngineOptions extends PolicyOptions, TurnOptions, RouteHookOptions {
  readonly database: unknown;
  /** Makes the dialect, in place of the one that is found. */
  readonly dialect?: OpenDialect;
  /** Whether reads may have a connection of their own. */
  readonly ownConnection: boolean;
  /** How the slow lane is made; false for none. */
  readonly lane: LaneOptions | false;
  /** Whether every answer is formatted, so that rows are wanted and not their text. */
  readonly formats: boolean;
  /** Told what is wrong with the database though a request was answered. */
  readonly onError: (error: unknown) => void;
  /** What cursors are sealed with. */
  readonly cursors: Omit<CursorOptions, "warn">;
  /** `"portable"` reads through Drizzle's relational queries only. */
  readonly reader: ReaderChoice;
  /** Where the answers of writes under a key are stored. */
  readonly idempotency?: IdempotencyOptions;
  /** Hears what its writes change; absent where no answer is kept true. */
  readonly listener?: Listener | undefined;
}

/** The corridor without HTTP. */
export interface Engine extends Inspection {
  /** The methods that resolve for a caller, and a refusal for a resource that does not exist. */
  allow(request: QueryRequest, principal: Principal): readonly Method[];
  /** The names of parameters that some rule of a resource declares; `undefined` for most. */
  declared(resource: string): ReadonlySet<string> | undefined;
  /** The parameters of a request, and a refusal for who may not ask. */
  parameters(request: QueryRequest, principal: Principal): Parameters;
  /** How a caller asks a resource for one row; `undefined` where he may not, or the resource does not exist. */
  oneRow(resource: string, principal: Principal): OneRow | undefined;
  /** Which SQL the database is spoken to in. */
  readonly speaks: Dialect["speaks"];
  /** The table of a resource by its name in the database; `undefined` where there is no such resource. */
  tableOf(resource: string): string | undefined;
  /** Whether a resource exists. */
  has(resource: string): boolean;
  /** What a caller may do, as JSON. */
  access(principal: Principal): string | Promise<string>;
  /** The OpenAPI document of a caller, as JSON. */
  openapi(principal: Principal, info: DocumentInfo): Promise<string>;
  /** Answers a request, or gives the `Response` a hook answered. */
  run<Shaped>(call: Call<Shaped>): Later<Shaped | Response>;
  /** Answers a list of requests, or gives the `Response` a hook answered. */
  batch(call: BatchCall): Promise<string | Response>;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
  /** Runs what only watches in its turn. */
  readonly aside: Outside;
  /** Runs a function of the author before it is known who asks; what waits is counted by address. */
  readonly before: Before;
  /** Waits for a body that comes before it is known who asks, which is counted as other bodies are. */
  receive<T>(asker: Asker, work: () => Promise<T>): Promise<T>;
  /** Waits for others where a caller has held them up; `undefined` where nobody has. */
  othersFirst(asker: Asker): Promise<unknown> | undefined;
  /** Charges a caller with milliseconds that all others have waited. */
  charge(asker: Asker, milliseconds: number): void;
  /** What answers are kept true with; absent where nobody listens. */
  readonly live: LiveEngine | undefined;
  /** How many statements are remembered, and how many of them the driver keeps prepared. */
  remembered(): { readonly statements: number; readonly prepared: number };
}

/**
 * Reads the schema, checks the access-control file against it and finds the dialect of the database.
 *
 * @throws Error that names every mistake of the file, or the database that is not supported.
 */
export function createEngine(options: EngineOptions): Engine {
  const { parts, dialect, telling } = partsOf(options);
  const { turns, policies, compiler } = parts;
  return {
    ...inspectionOf(parts),
    outside: turns.outside,
    aside: turns.aside,
    before: turns.before,
    receive(asker, work) {
      turns.inFlight.assertRoom(asker); // before a body is read for nothing
      return counted(turns.bodies, asker, work);
    },
    othersFirst: (asker) => parts.pace.othersFirst(asker),
    charge: (asker, milliseconds) => parts.pace.charge(asker, milliseconds),
    live: telling && liveEngine(parts, options, dialect, telling),
    remembered: () => ({ statements: compiler.size, prepared: dialect.prepared }),
    allow: (request, principal) => allowed(policies, request, principal),
    declared: (resource) => policies.declared.names(resource),
    parameters: (request, principal) => policies.parameters(request, principal),
    speaks: dialect.speaks,
    tableOf: (resource) => policies.tableOf(resource),
    has: (resource) => policies.registry.has(resource),
    oneRow: (resource, principal) => policies.oneRow(resource, principal),
    access: (principal) => policies.access(principal),
    openapi: (principal, info) => document(policies, principal, info),
    batch: (call) => batch(parts, call),
    run(call) {
      if (traitsOf(call.request.method).writes) return write(parts, call);
      return ending(answer, leave, { parts, call }, turns.inFlight.enter(call));
    },
  };
}

/** A question on its way. */
interface Asking<Shaped> {
  readonly parts: Parts;
  readonly call: Call<Shaped>;
}

const answer = <Shaped>({ parts, call }: Asking<Shaped>): Later<Shaped | Response> =>
  goOn(parts.policies.resolve(call.request, call.principal), answerBy, parts, call);

const answerBy = <Shaped>(policy: Policy, parts: Parts, call: Call<Shaped>): Later<Shaped | Response> =>
  call.request.aggregate === undefined ? read(parts, policy, call) : aggregate(parts, policy, call);

const leave = ({ parts }: Asking<unknown>, holder: Holder): void => parts.turns.inFlight.leave(holder);

/** @throws QueryError for a resource that does not exist. */
function allowed({ registry }: Policies, request: QueryRequest, { roles }: Principal): readonly Method[] {
  if (!registry.has(request.resource)) resolve(registry, request, roles);
  return allowedMethods(registry, request, roles);
}

/** What an engine is made of, and who is told of its writes. */
interface Made {
  readonly parts: Parts;
  readonly dialect: Dialect;
  readonly telling: WriteTelling | undefined;
}

function partsOf(options: EngineOptions): Made {
  const { database, reader, timeout, formats, busyTimeout, ownConnection, lane } = options;
  const { onWarning: warn } = options;
  const dialect = openDialect(database, { busyTimeout, ownConnection, timeout, lane, warn }, options.dialect);
  const turns = turnsOf(dialect, options);
  const policies = new Policies(options, dialect);
  const compiler = compilerOf(database, dialect, reader);
  const triggers = new Triggers(dialect, timeout);
  const { listener } = options;
  const telling = listener && new WriteTelling(() => policies.lineage, triggers, listener);
  const { aside, outside, turn } = turns;
  const told = unreadable(aside, options.onError);
  const limit = new SharedLimit(timeout);
  const runtime: Runtime = { dialect, timeout, limit, turn, outside, unreadable: told, telling };
  const parts: Parts = {
    policies,
    turns,
    pace: new Pace(dialect, policies.tables, options),
    compiler,
    plans: new PlanMemory(),
    cursors: new Cursors({ ...options.cursors, warn }),
    triggers,
    indexes: new SearchIndexes(dialect, database, timeout),
    zones: new TimeZones(dialect, timeout),
    runtime,
    formats,
    hooks: readRouteHooks(options, policies.registry),
    failed: (error) => tellInTurn(aside, () => options.onError(error)),
    idempotency: options.idempotency && readIdempotency(options.idempotency, options, runtime, policies),
  };
  return { parts, dialect, telling };
}
