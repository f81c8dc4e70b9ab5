import { type Body, readRevision, setBody, setFindFirst } from "../author/author.ts";
import { execute, executeTogether, type Inside, type Task } from "../execute/execute.ts";
import { type Shared, Spent, type WritePlan } from "../plan/plan.ts";
import type { Call, Parts } from "./call.ts";
import { type Once, once } from "./idempotency.ts";
import { nests, prepareNested } from "./nested.ts";
import { assertNested } from "./nested-rights.ts";
import { isTried, preferring, refuseDryRun, tellDryRun } from "./prefer.ts";
import { prepareRevision } from "./revise.ts";
import { tellCommitted } from "./route-hooks.ts";
import { counted } from "./turns.ts";
import { prepareUpsert } from "./upsert.ts";
import {
  admitWrite,
  compileSteps,
  computedAnswer,
  mostOf,
  reaching,
  readRows,
  rowsIn,
  setFirst,
  taskOf,
} from "./write-task.ts";

/** plan → body → what may be written → steps → rows → answer. */
export async function write<Shaped>(parts: Parts, call: Call<Shaped>): Promise<Shaped | Response> {
  const { policies, plans, turns, pace } = parts;
  turns.inFlight.assertRoom(call); // before a body is read for nothing
  const policy = await policies.resolve(call.request, call.principal);
  tellDryRun(call);
  refuseDryRun(policy, call.principal.context);
  const shared = { spent: new Spent() };
  const plan = plans.write(policy, call.request, call.request, shared);
  call.mark("plan");
  const body = (): Promise<Body> => call.body(policy.limits.maxBodySize);
  const sent = plan.kind === "delete" ? undefined : await counted(turns.bodies, call, body);
  return counted(turns.inFlight, call, async () => {
    await pace.othersFirst(call);
    shared.spent.rows = rowsIn(sent?.value);
    const answer = await perform(parts, call, {
      prepare: () => prepareWrite(parts, plan, sent, call, shared),
      rights: sent && (() => assertNested(parts, call, policy, sent, plan.kind === "update")),
    });
    call.mark("execute");
    return answer;
  });
}

/** What is done to write, and by which rules: `role` is that of the rule which was found, or those of several. */
type Work<Shaped> = Omit<Once<Shaped>, "call" | "keyed" | "role"> & { readonly role?: string };

/** Makes a write ready and runs it; under a key once, however often it is sent. */
export async function perform<Shaped>(
  parts: Parts,
  call: Call<Shaped>,
  work: Work<Shaped>,
): Promise<Shaped | Response> {
  const { keyed, principal } = call;
  // What is taken back is not what is answered the next time.
  if (keyed !== undefined && !isTried(call))
    return once(parts, { call, keyed, role: principal.context.role ?? "", ...work });
  const ready = preferring(await work.prepare(), call);
  try {
    await parts.pace.othersFirst(call);
    return await runReady(parts, ready, call);
  } finally {
    ready.settle();
  }
}

/** A write that is ready to run, be it one task or several. */
export interface Ready<Answer> {
  /** Whether it may write; it may where nothing is said. */
  readonly mode?: "read" | "write";
  /** Its only task, which may run without a transaction of several. */
  readonly alone?: Task<Answer>;
  /** Does all of it without a transaction, and answers; `undefined` where that does not do, and nothing was done. */
  readonly atOnce?: () => Promise<Answer | Response | undefined>;
  /** Runs it in a transaction. */
  readonly run: (inside: Inside) => Promise<Answer>;
  /** Is called once it has run, whatever came of it: who hears of commits is told, and its caller charged with its time. */
  readonly settle: () => void;
}

async function runReady<Answer>(
  { runtime }: Parts,
  { alone, atOnce, run, mode = "write" }: Ready<Answer>,
  call: Call<unknown>,
): Promise<Answer | Response> {
  if (alone !== undefined) return execute(runtime, alone);
  const answer = await atOnce?.();
  if (answer !== undefined) return answer;
  const { caller, signal } = call; // which costs something where it is looked at
  return executeTogether(runtime, { caller, signal, mode, work: run });
}

/** All of a write but its running: body → what may be written → steps. */
export async function prepareWrite<Shaped>(
  parts: Parts,
  planned: WritePlan,
  sent: Body | undefined,
  call: Call<Shaped>,
  shared: Shared,
): Promise<Ready<Shaped>> {
  refuseDryRun(planned.policy, call.principal.context);
  if (planned.meeting !== undefined) return prepareUpsert(parts, planned, sent!, call);
  const { mark } = call;
  const { policy } = planned;
  const revision = sent && readRevision(policy, sent);
  if (revision !== undefined) return prepareRevision(parts, planned, sent!, revision, call);
  if (sent !== undefined && nests(policy, sent)) return prepareNested(parts, planned, sent, call, shared);
  const { context } = call.principal;
  setFindFirst(context, false);
  // Those that the client sets, where it matters which they are.
  const columns = policy.writeMasks.size > 0 ? new Set<string>() : undefined;
  if (sent !== undefined) {
    const read = parts.runtime.outside(() => readRows(parts, planned, sent, call, columns), call);
    setBody(context, read instanceof Promise ? await read : read);
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
  const task = reaching(parts, taskOf(parts, plan, steps, set, call), plan, rows);
  const settle = (): void => {
    if (task.kept) tellCommitted(parts, policy, context);
    parts.pace.charge(call, parts.pace.isHere ? task.took : Math.min(task.took, mostOf(sent)));
  };
  return { alone: task, run: (inside) => inside.run(task), settle };
}
