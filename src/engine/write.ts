import {
  admitChange,
  admitCheck,
  admitEnsure,
  askExtras,
  asksOfChange,
  type Body,
  finishRows,
  hasSet,
  makeSet,
  Operation,
  plain,
  readBodyRows,
  type Row,
  setBody,
  setFindFirst,
  type SetRow,
} from "../author/author.ts";
import { within } from "../clock.ts";
import type { WriteRows, WriteSteps } from "../compile/compile.ts";
import { execute, executeTogether, type Inside, type Task } from "../execute/execute.ts";
import { planWrite, withExtras, type WritePlan } from "../plan/plan.ts";
import type { QueryResult } from "../policy/policy.ts";
import { Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { seenBy, tellCommitted } from "./route-hooks.ts";
import { counted } from "./turns.ts";

/** The same for what a write answers. */
async function computedAnswer({ runtime }: Parts, plan: WritePlan, call: Call<unknown>): Promise<WritePlan> {
  const asked = await runtime.outside(() => askExtras(plan.nodes, call.principal.context), call);
  const { root, nodes } = withExtras(plan.answer, asked);
  return { ...plan, answer: root, nodes };
}

/** plan → body → what may be written → steps → rows → answer. */
export async function write<Shaped>(parts: Parts, call: Call<Shaped>): Promise<Shaped | Response> {
  const { policies, turns, pace } = parts;
  turns.inFlight.assertRoom(call); // before a body is read for nothing
  const policy = await policies.resolve(call.request, call.principal);
  const plan = planWrite(policy, call.request);
  call.mark("plan");
  const body = (): Promise<Body> => call.body(policy.limits.maxBodySize);
  const sent = plan.kind === "delete" ? undefined : await counted(turns.bodies, call, body);
  return counted(turns.inFlight, call, async () => {
    await pace.othersFirst(call);
    const ready = await prepareWrite(parts, plan, sent, call);
    await pace.othersFirst(call);
    try {
      const answer = await runReady(parts, ready, call);
      call.mark("execute");
      return answer;
    } finally {
      ready.settle();
    }
  });
}

/** A write that is ready to run, be it one task or several. */
export interface Ready<Answer> {
  /** Its only task, which may run without a transaction of several. */
  readonly alone?: Task<Answer>;
  /** Runs it in a transaction. */
  readonly run: (inside: Inside) => Promise<Answer>;
  /** Is called once it has run, whatever came of it: who hears of commits is told, and its caller charged with its time. */
  readonly settle: () => void;
}

function runReady<Answer>(
  { runtime }: Parts,
  { alone, run }: Ready<Answer>,
  { caller, signal }: Call<unknown>,
): Promise<Answer | Response> {
  return alone === undefined
    ? executeTogether(runtime, { caller, signal, mode: "write", work: run })
    : execute(runtime, alone);
}

/** All of a write but its running: body → what may be written → steps. */
export async function prepareWrite<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body | undefined,
  call: Call<Shaped>,
): Promise<Ready<Shaped>> {
  const { mark } = call;
  const { policy } = planned;
  const { context } = call.principal;
  setFindFirst(context, false);
  // Those that the client sets, where it matters which they are.
  const columns = policy.writeMasks.size > 0 ? new Set<string>() : undefined;
  if (sent !== undefined) {
    const reading = (): Promise<unknown> => readRows(parts, planned, sent, call, columns);
    setBody(context, await parts.runtime.outside(reading, call));
    mark("body");
  }
  const plan = planned.asksExtras ? await computedAnswer(parts, planned, call) : planned;
  const rows = await admitWrite(parts, plan, call, columns);
  mark("plan");
  if (plan.searches.length > 0) await parts.indexes.need(plan.searches);
  const compiled = compileSteps(parts, plan, rows);
  const steps = compiled instanceof Promise ? await compiled : compiled;
  mark("compile");
  const setting = setFirst(parts, plan, call);
  const set = setting instanceof Promise ? await setting : setting;
  const task = taskOf(parts, plan, steps, set, call);
  const settle = (): void => {
    if (task.kept) tellCommitted(parts, policy, context);
    parts.pace.charge(call, parts.pace.isHere ? task.took : Math.min(task.took, mostOf(sent)));
  };
  return { alone: task, run: (inside) => inside.run(task), settle };
}

/** The steps with the hooks around. */
function taskOf<Shaped>(
  parts: Parts,
  { policy, kind }: WritePlan,
  steps: WriteSteps,
  set: readonly SetRow[] | undefined,
  call: Call<Shaped>,
): Asked<Shaped> {
  const { context } = call.principal;
  const values = (): readonly Row[] | Promise<readonly Row[]> =>
    kind === "delete" ? [] : finishRows(policy, kind, context, set);
  const atomic = steps.atomic || isFormatted(parts, policy) || Array.isArray(context.body);
  const most = atomic ? policy.limits.maxAnswerSize : Number.POSITIVE_INFINITY;
  const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
    call.shape({ policy, first: false, most, outcome });
  const work = { kind: "write", write: steps, values } as const;
  const task = new Asked<Shaped>(call, policy.hooks, work, atomic, finish);
  task.afterWrite = parts.hooks.afterWrite;
  return task;
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
  columns: Set<string> | undefined,
): Promise<unknown> {
  const began = performance.now();
  try {
    return await readBodyRows(policy, sent, kind === "insert", call.principal.context, columns);
  } finally {
    pace.charge(call, Math.min(performance.now() - began, mostOf(sent)));
  }
}

/**
 * What the functions of a table make of new rows: beside everybody's transactions, as they may look into the database. Where
 * a hook may still add rows they are asked after it.
 */
function setFirst<Shaped>(
  { runtime }: Parts,
  { policy, kind }: WritePlan,
  call: Call<Shaped>,
): readonly SetRow[] | Promise<readonly SetRow[]> | undefined {
  if (kind !== "insert" || policy.hooks.beforeQuery !== undefined || !hasSet(policy)) return undefined;
  const { context } = call.principal;
  const count = Array.isArray(context.body) ? context.body.length : 1;
  return runtime.outside(() => makeSet(policy, count, context), call);
}

/** What a caller may write: asked of the rule's functions one after the other. */
async function admitWrite<Shaped>(
  { runtime, policies }: Parts,
  plan: WritePlan,
  call: Call<Shaped>,
  columns: ReadonlySet<string> = NO_COLUMNS,
): Promise<WriteRows> {
  const { policy, answer, kind, total } = plan;
  const { request, principal } = call;
  const { context } = principal;
  const outside = <T>(work: () => T | Promise<T>): T | Promise<T> => runtime.outside(work, call);
  const operation = new Operation(context);
  const admitted = await outside(() => operation.admitAll(plan.mentions));
  const rows = admitted.of(answer);
  const check = kind === "delete" ? plain("all") : await outside(() => admitCheck(policy, rows, context));
  const ensure = policy.ensure === undefined ? "all" : await outside(() => admitEnsure(policy, context));
  const change =
    kind === "update" && asksOfChange(policy, columns)
      ? await outside(() => admitChange(policy, columns, context))
      : undefined;
  if (!total || kind !== "insert" || policy.using !== undefined)
    return { admitted, check, ensure, counted: rows, change };
  // Where the rule says nothing of rows, the total counts those the caller may read.
  const reads = policies.find(request, "GET", principal);
  const counted = await outside(() => (reads === undefined ? plain("none") : operation.admitRows(reads)));
  return { admitted, check, ensure, counted };
}

const NO_COLUMNS: ReadonlySet<string> = new Set();

function compileSteps(parts: Parts, plan: WritePlan, rows: WriteRows): WriteSteps | Promise<WriteSteps> {
  const { policy, kind, softDelete } = plan;
  const { compiler, triggers, runtime } = parts;
  const stays = kind !== "delete" || softDelete !== undefined;
  const asked = stays && (policy.triggers ?? triggers.has(policy.table));
  const compile = (triggered: boolean): WriteSteps =>
    compiler.write(plan, rows, {
      asRows: wantsRows(parts, policy),
      triggered,
      seen: seenBy(parts.hooks, policy),
    });
  return asked instanceof Promise ? within(runtime.timeout, asked).then(compile) : compile(asked);
}
