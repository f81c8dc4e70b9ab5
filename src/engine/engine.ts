import { compilerOf, type ReaderChoice } from "../compile/compile.ts";
import { type Dialect, type LaneOptions, openDialect, type OpenDialect } from "../dialect/dialect.ts";
import { type Asker, type Outside, Triggers } from "../execute/execute.ts";
import { allowedMethods, resolve } from "../policy/policy.ts";
import { type Principal, type QueryRequest, traitsOf } from "../request/request.ts";
import { PlanMemory } from "./memory.ts";
import { Pace } from "./pace.ts";
import { Policies, type PolicyOptions } from "./policies.ts";
import { type Call, type Parts, read, write } from "./run.ts";
import { type Before, type TurnOptions, turnsOf } from "./turns.ts";
import { unreadable } from "./unreadable.ts";

export type { Asker, Outside } from "../execute/execute.ts";
export type { Answer, Call } from "./run.ts";

/** What an engine is made of. */
export interface EngineOptions extends PolicyOptions, TurnOptions {
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
  readonly onError: (error: Error) => void;
  /** `"portable"` reads through Drizzle's relational queries only. */
  readonly reader: ReaderChoice;
}

/** The corridor without HTTP. */
export interface Engine {
  /** The methods that resolve for a caller, and a refusal for a resource that does not exist. */
  allow(request: QueryRequest, principal: Principal): readonly string[];
  /** Answers a request, or gives the `Response` a hook answered. */
  run<Shaped>(call: Call<Shaped>): Promise<Shaped | Response>;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
  /** Runs what only watches in its turn. */
  readonly aside: Outside;
  /** Runs a function of the author before it is known who asks; what waits is counted by address. */
  readonly before: Before;
  /** Waits for others where a caller has held them up; `undefined` where nobody has. */
  othersFirst(asker: Asker): Promise<unknown> | undefined;
  /** Charges a caller with milliseconds that all others have waited. */
  charge(asker: Asker, milliseconds: number): void;
  /** How many statements are remembered, and how many of them the driver keeps prepared. */
  remembered(): { readonly statements: number; readonly prepared: number };
}

/**
 * Reads the schema, checks the access-control file against it and finds the dialect of the database.
 *
 * @throws Error that names every mistake of the file, or the database that is not supported.
 */
export function createEngine(options: EngineOptions): Engine {
  const { parts, dialect } = partsOf(options);
  const { turns, policies, compiler } = parts;
  const { outside, aside, before } = turns;
  return {
    outside,
    aside,
    before,
    othersFirst: (asker) => parts.pace.othersFirst(asker),
    charge: (asker, milliseconds) => parts.pace.charge(asker, milliseconds),
    remembered: () => ({ statements: compiler.size, prepared: dialect.prepared }),
    allow(request, principal) {
      const { registry } = policies;
      if (!registry.has(request.resource)) resolve(registry, request, principal);
      return allowedMethods(registry, request, principal);
    },
    async run(call) {
      const { request, principal } = call;
      if (traitsOf(request.method).writes) return write(parts, call);
      const holder = turns.inFlight.enter(call);
      try {
        const policy = policies.resolve(request, principal);
        return await read(parts, policy instanceof Promise ? await policy : policy, call);
      } finally {
        turns.inFlight.leave(holder);
      }
    },
  };
}

function partsOf(options: EngineOptions): { readonly parts: Parts; readonly dialect: Dialect } {
  const { database, reader, timeout, formats, busyTimeout, ownConnection, lane } = options;
  const { onWarning: warn } = options;
  const dialect = openDialect(database, { busyTimeout, ownConnection, timeout, lane, warn }, options.dialect);
  const turns = turnsOf(dialect, options);
  const { outside, aside, turn } = turns;
  const policies = new Policies(options, dialect);
  const compiler = compilerOf(database, dialect, reader);
  const parts: Parts = {
    policies,
    turns,
    pace: new Pace(dialect, policies.tables, options),
    compiler,
    plans: new PlanMemory(),
    triggers: new Triggers(dialect, timeout),
    runtime: { dialect, timeout, turn, outside, unreadable: unreadable(aside, options.onError) },
    formats,
  };
  return { parts, dialect };
}
