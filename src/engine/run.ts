import {
  admit,
  admitAll,
  admitCheck,
  admitEnsure,
  type Body,
  type Context,
  finishRows,
  readBodyRows,
  type Row,
  type Rows,
  setBody,
  setFindFirst,
} from "../author/author.ts";
import { within } from "../clock.ts";
import type { Compiler, WriteRows, WriteSteps } from "../compile/compile.ts";
import {
  type Asker,
  execute,
  type Runtime,
  type Task,
  type Triggers,
  type Work,
} from "../execute/execute.ts";
import type { Mark } from "../observe.ts";
import { planWrite, type WritePlan } from "../plan/plan.ts";
import { find, type Hooks, type Policy, type QueryResult } from "../policy/policy.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { PlanMemory } from "./memory.ts";
import type { Policies } from "./policies.ts";
import type { Pace } from "./pace.ts";
import { counted, patient, type Turns } from "./turns.ts";

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
  readonly triggers: Triggers;
  readonly runtime: Runtime;
  /** Whether every answer is formatted. */
  readonly formats: boolean;
}

/** A request on its way, for whoever asks. */
export interface Call<Shaped> extends Asker {
  readonly request: QueryRequest;
  readonly principal: Principal;
  readonly mark: Mark;
  /** Reads the body, of at most so many bytes: only once a rule was found. */
  body(maxBytes: number): Promise<Body>;
  /** Makes of an answer what is sent; that of a write before it is kept. */
  shape(answer: Answer): Shaped | Promise<Shaped>;
}

/** What is asked of the database for a call; whose it is costs something to know, and is seldom asked. */
class Asked<Outcome> implements Task<Outcome> {
  readonly #call: Call<unknown>;
  readonly work: Work;
  readonly atomic: boolean;
  readonly hooks: Hooks;
  readonly context: Context;
  readonly finish: Task<Outcome>["finish"];
  apart = false;
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

const isFormatted = ({ formats }: Parts, { formatResult }: Policy): boolean =>
  formats || formatResult !== undefined;

/** Whether somebody looks at rows, so that their text is not enough. */
const wantsRows = (parts: Parts, policy: Policy): boolean =>
  isFormatted(parts, policy) || policy.hooks.afterQuery !== undefined;

/**
 * plan → what its mentions admit → statement → rows → answer.
 *
 * long: each function more that waits is a promise more on the way of every read.
 */
export async function read<Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
): Promise<Shaped | Response> {
  const { plans, compiler, runtime, pace } = parts;
  const { context } = call.principal;
  const others = pace.othersFirst(call);
  const waited = others === undefined ? 0 : await others;
  // What was asked before costs next to nothing.
  const anew = call.request.recurring !== true;
  const began = anew ? performance.now() : 0;
  const plan = plans.get(policy, call.request);
  setFindFirst(context, plan.first);
  const asked = runtime.outside(() => admitAll(plan.nodes, context), call);
  const admitted = asked instanceof Promise ? await patient(call, asked) : asked;
  call.mark("plan");
  const { hooks, limits } = policy;
  const held = hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined;
  const statement = compiler.read(plan, admitted, wantsRows(parts, policy), held);
  const before = anew && !(asked instanceof Promise) ? performance.now() - began : 0;
  call.mark("compile");
  const task = new Asked<QueryResult>(call, hooks, { kind: "read", read: statement }, false);
  const reading = held ? undefined : pace.readingOf(plan, statement, call);
  const slow = reading !== undefined && pace.isSlow(reading);
  task.apart = slow instanceof Promise ? await slow : slow;
  let outcome: QueryResult | Response;
  let json = "";
  try {
    outcome = await (task.apart
      ? pace.apart(task, waited, () => execute(runtime, task))
      : execute(runtime, task));
    call.mark("execute");
    if (isResponse(outcome)) return outcome;
    ({ json = "" } = outcome as Answer["outcome"]);
  } finally {
    pace.ran(task, reading, before, json.length);
  }
  const answer = { policy, first: plan.first, most: limits.maxAnswerSize, outcome };
  return isFormatted(parts, policy) ? runtime.outside(() => call.shape(answer), call) : call.shape(answer);
}

/** plan → body → what may be written → steps → rows → answer. */
export async function write<Shaped>(parts: Parts, call: Call<Shaped>): Promise<Shaped | Response> {
  const { policies, turns } = parts;
  turns.inFlight.assertRoom(call); // before a body is read for nothing
  const policy = await policies.resolve(call.request, call.principal);
  const plan = planWrite(policy, call.request);
  call.mark("plan");
  const body = (): Promise<Body> => call.body(policy.limits.maxBodySize);
  const sent = plan.kind === "delete" ? undefined : await counted(turns.bodies, call, body);
  return counted(turns.inFlight, call, () => writeSent(parts, plan, sent, call));
}

async function writeSent<Shaped>(
  parts: Parts,
  plan: WritePlan,
  sent: Body | undefined,
  call: Call<Shaped>,
): Promise<Shaped | Response> {
  const { mark } = call;
  const { policy, kind } = plan;
  const { context } = call.principal;
  setFindFirst(context, false);
  await parts.pace.othersFirst(call);
  if (sent !== undefined) {
    setBody(context, await parts.runtime.outside(() => readRows(parts, plan, sent, call), call));
    mark("body");
  }
  const rows = await admitWrite(parts, plan, call);
  mark("plan");
  const compiled = compileSteps(parts, plan, rows);
  const steps = compiled instanceof Promise ? await compiled : compiled;
  mark("compile");
  const values = (): readonly Row[] => (kind === "delete" ? [] : finishRows(policy, kind, context.body));
  const atomic = steps.atomic || isFormatted(parts, policy) || Array.isArray(context.body);
  const most = atomic ? policy.limits.maxAnswerSize : Number.POSITIVE_INFINITY;
  const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
    call.shape({ policy, first: false, most, outcome });
  const work = { kind: "write", write: steps, values } as const;
  const task = new Asked<Shaped>(call, policy.hooks, work, atomic, finish);
  await parts.pace.othersFirst(call);
  try {
    const answer = await execute(parts.runtime, task);
    mark("execute");
    return answer;
  } finally {
    parts.pace.charge(call, parts.pace.isHere ? task.took : Math.min(task.took, mostOf(sent)));
  }
}

/** Of a row no more milliseconds are its caller's, and of a body so many times what its decoding took. */
const MOST_OF_ROW = 0.1;
const MOST_OF_DECODING = 4;

/** The most that is charged for rows where it may be others that are waited for: a validator, or a server. */
const mostOf = (sent: Body | undefined): number =>
  sent === undefined
    ? 0
    : (Array.isArray(sent.value) ? sent.value.length : 1) * MOST_OF_ROW + sent.spent * MOST_OF_DECODING;

async function readRows<Shaped>(
  { pace }: Parts,
  { policy, kind }: WritePlan,
  sent: Body,
  call: Call<Shaped>,
): Promise<unknown> {
  const began = performance.now();
  try {
    return await readBodyRows(policy, sent, kind === "insert", call.principal.context);
  } finally {
    pace.charge(call, Math.min(performance.now() - began, mostOf(sent)));
  }
}

/** What a caller may write: asked of the rule's functions one after the other. */
async function admitWrite<Shaped>(
  { runtime, policies }: Parts,
  plan: WritePlan,
  call: Call<Shaped>,
): Promise<WriteRows> {
  const { policy, answer, kind, total } = plan;
  const { request, principal } = call;
  const { context } = principal;
  const outside = <T>(work: () => T | Promise<T>): T | Promise<T> => runtime.outside(work, call);
  const admitted = await outside(() => admitAll(plan.nodes, context));
  const rows = admitted.of(answer);
  const check = kind === "delete" ? "all" : await outside(() => admitCheck(policy, rows, context));
  const ensure = policy.ensure === undefined ? "all" : await outside(() => admitEnsure(policy, context));
  if (!total || kind !== "insert" || policy.using !== undefined)
    return { admitted, check, ensure, counted: rows };
  const reads = find(policies.registry, { ...request, method: "GET" }, principal);
  return { admitted, check, ensure, counted: await outside(() => readableRows(reads, context)) };
}

/** The rows that a total counts where the rule of a write says nothing of rows: those the caller may read. */
const readableRows = (reads: Policy | undefined, context: Context): Rows | Promise<Rows> =>
  reads === undefined ? "none" : admit(reads.using, reads.table, context, `${reads.path}.where`);

function compileSteps(parts: Parts, plan: WritePlan, rows: WriteRows): WriteSteps | Promise<WriteSteps> {
  const { policy, kind } = plan;
  const { compiler, triggers, runtime } = parts;
  const asked = kind !== "delete" && (policy.triggers ?? triggers.has(policy.table));
  const compile = (triggered: boolean): WriteSteps =>
    compiler.write(plan, rows, { asRows: wantsRows(parts, policy), triggered });
  return asked instanceof Promise ? within(runtime.timeout, asked).then(compile) : compile(asked);
}
