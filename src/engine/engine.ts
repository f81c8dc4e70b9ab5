import { compilerOf, type ReaderChoice } from "../compile/compile.ts";
import { type LaneOptions, openDialect, type OpenDialect } from "../dialect/dialect.ts";
import { type Outside, Triggers } from "../execute/execute.ts";
import type { Mark } from "../observe.ts";
import { allowedMethods, resolve } from "../policy/policy.ts";
import { type Principal, type QueryRequest, traitsOf } from "../request/request.ts";
import { PlanMemory } from "./memory.ts";
import { Policies, type PolicyOptions } from "./policies.ts";
import { type BodyReader, type Parts, read, type Shape, write } from "./run.ts";
import { type TurnOptions, turnsOf } from "./turns.ts";
import { unreadable } from "./unreadable.ts";

export type { Outside } from "../execute/execute.ts";
export type { Answer, Shape } from "./run.ts";

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
  /**
   * Answers a request, or gives the `Response` a hook answered; the body is a function because it is read only once a rule
   * was found.
   */
  run<Shaped>(
    request: QueryRequest,
    principal: Principal,
    body: BodyReader,
    shape: Shape<Shaped>,
    mark: Mark,
  ): Promise<Shaped | Response>;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
  /** How many statements are remembered, and how many of them the driver keeps prepared. */
  remembered(): { readonly statements: number; readonly prepared: number };
}

/**
 * Reads the schema, checks the access-control file against it and finds the dialect of the database.
 *
 * @throws Error that names every mistake of the file, or the database that is not supported.
 */
export function createEngine(options: EngineOptions): Engine {
  const { database, reader, timeout, formats, busyTimeout, ownConnection, lane } = options;
  const { onWarning: warn } = options;
  const dialect = openDialect(database, { busyTimeout, ownConnection, timeout, lane, warn }, options.dialect);
  const turns = turnsOf(dialect, options);
  const { outside } = turns;
  const policies = new Policies(options, dialect, turns);
  const compiler = compilerOf(database, dialect, reader);
  const parts: Parts = {
    policies,
    turns,
    compiler,
    plans: new PlanMemory(),
    triggers: new Triggers(dialect, timeout),
    runtime: { dialect, timeout, outside, unreadable: unreadable(outside, options.onError) },
    formats,
  };
  return {
    outside,
    remembered: () => ({ statements: compiler.size, prepared: dialect.prepared }),
    allow(request, principal) {
      const { registry } = policies;
      if (!registry.has(request.resource)) resolve(registry, request, principal);
      return allowedMethods(registry, request, principal);
    },
    async run(request, principal, body, shape, mark) {
      const found = policies.resolve(request, principal);
      const policy = found instanceof Promise ? await found : found;
      return traitsOf(request.method).writes
        ? write(parts, policy, { request, principal, body, shape, mark })
        : read(parts, policy, { request, principal, body, shape, mark });
    },
  };
}
