import type { Body, Context } from "../author/author.ts";
import type { Cursors } from "../cursor/cursor.ts";
import type { Compiler } from "../compile/compile.ts";
import type { Asker, Runtime, SearchIndexes, Task, TimeZones, Triggers, Work } from "../execute/execute.ts";
import type { Idempotency } from "./idempotency.ts";
import type { Mark } from "../observe.ts";
import type { Hooks, Policy, QueryResult } from "../policy/policy.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import type { PlanMemory } from "./memory.ts";
import type { Pace } from "./pace.ts";
import type { Policies } from "./policies.ts";
import type { RouteHooks } from "./route-hooks.ts";
import type { Turns } from "./turns.ts";

/** What a request came to. */
export interface Answer {
  readonly policy: Policy;
  /** Whether one row was asked for instead of a list. */
  readonly first: boolean;
  /** The most bytes its body may have; endless where what it tells of is kept already. */
  readonly most: number;
  /** Rows may have come as the JSON they will be sent as. */
  readonly outcome: QueryResult & { readonly json?: string };
}

/** What an engine answers requests with. */
export interface Parts {
  readonly policies: Policies;
  readonly turns: Turns;
  readonly pace: Pace;
  readonly compiler: Compiler;
  readonly plans: PlanMemory;
  readonly cursors: Cursors;
  readonly triggers: Triggers;
  /** Knows the indexes of words. */
  readonly indexes: SearchIndexes;
  readonly zones: TimeZones;
  readonly hooks: RouteHooks;
  /** Hears of what failed though a request was answered. */
  readonly failed: (error: unknown) => void;
  readonly runtime: Runtime;
  /** Whether every answer is formatted. */
  readonly formats: boolean;
  /** Knows the answers of writes that were sent under a key; absent where no route takes keys. */
  readonly idempotency: Idempotency | undefined;
}

/** A request on its way, for whoever asks. */
export interface Call<Shaped> extends Asker {
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly mark: Mark;
  /** The name of who asks, where the author gives one: his cursors are nobody else's. */
  readonly holder: string | undefined;
  /** Reads the body, of at most so many bytes: only once a rule was found. */
  body(maxBytes: number): Promise<Body>;
  /** Makes of an answer what is sent; that of a write before it is kept. */
  shape(answer: Answer): Shaped | Promise<Shaped>;
  /** The key of a write that is done once, however often it is sent. */
  readonly keyed?: Keyed<Shaped> | undefined;
}

/** The key of a write, and how its answer is stored. */
export interface Keyed<Shaped> {
  readonly key: string;
  /** Whose key it is; nobody's is refused. */
  readonly caller: string | undefined;
  /** A hash of all that was asked, the body included, once that was read. `role` is that of the rule. */
  request(role: string): string;
  /** Makes text of an answer; `undefined` for one that is not stored. Of one of more bytes than `most` only that is told. */
  pack(answer: Shaped | Response, most: number): Promise<Packed<Shaped> | undefined>;
  /** Makes the answer of its text. */
  unpack(text: string): Response;
}

/** An answer as it is stored. */
export interface Packed<Shaped> {
  readonly text: string;
  /** The bytes of its body. */
  readonly size: number;
  /** The same, to be sent. */
  readonly answer: Shaped | Response;
}

/** What is asked of the database for a call; whose it is costs something to know, and is seldom asked. */
export class Asked<Outcome> implements Task<Outcome> {
  readonly #call: Call<unknown>;
  readonly work: Work;
  readonly atomic: boolean;
  readonly hooks: Hooks;
  readonly context: Context;
  readonly finish: Task<Outcome>["finish"];
  afterWrite: Task<Outcome>["afterWrite"];
  rows: Task<Outcome>["rows"];
  sent: Task<Outcome>["sent"];
  reach: Task<Outcome>["reach"];
  apart = false;
  kept = false;
  took = 0;
  #signal: AbortSignal | undefined;

  constructor(
    call: Call<unknown>,
    hooks: Hooks,
    work: Work,
    atomic: boolean,
    finish?: Task<Outcome>["finish"],
  ) {
    this.#call = call;
    this.work = work;
    this.atomic = atomic;
    this.hooks = hooks;
    this.context = call.principal.context;
    this.finish = finish;
  }

  get caller(): string {
    return this.#call.caller;
  }

  get signal(): AbortSignal {
    return this.#signal ?? this.#call.signal;
  }

  /** Ends it, though its caller has not left. */
  set signal(signal: AbortSignal) {
    this.#signal = signal;
  }
}

export const isFormatted = ({ formats }: Parts, { formatResult }: Policy): boolean =>
  formats || formatResult !== undefined;

/** Whether somebody looks at rows, so that their text is not enough. */
export const wantsRows = (parts: Parts, policy: Policy): boolean =>
  isFormatted(parts, policy) || policy.hooks.afterQuery !== undefined;
