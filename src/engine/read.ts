import {
  type Admitted,
  admitAll,
  admitChanges,
  askExtras,
  type Context,
  setFindFirst,
} from "../author/author.ts";
import { execute } from "../execute/execute.ts";
import { type Change, planRead, type ReadPlan, type Shared, withExtras } from "../plan/plan.ts";
import type { Policy, QueryResult } from "../policy/policy.ts";
import { isResponse } from "../response.ts";
import { type Answer, Asked, type Call, isFormatted, type Parts, wantsRows } from "./call.ts";
import { Pages } from "./pages.ts";
import { patient } from "./turns.ts";
import type { Ready } from "./write.ts";

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
  const changes = parts.policies.changes(call.request, call.principal);
  const { plan: planned, values } = plans.get(policy, call.request, changes);
  setFindFirst(context, planned.first);
  const asked = runtime.outside(() => admitRead(planned, changes, context), call);
  const all = asked instanceof Promise ? await patient(call, asked) : asked;
  const whole = values === undefined ? all : all.filledWith(values);
  if (planned.searches.length > 0) await parts.indexes.need(planned.searches);
  const { paging } = planned.root;
  const pages = paging && new Pages(parts.cursors, paging, policy, call);
  const position = pages?.begin();
  const admitted = position === undefined ? whole : whole.behind(position);
  const plan = planned.asksExtras ? await computed(parts, planned, call) : planned;
  call.mark("plan");
  const { hooks, limits } = policy;
  const held = hooks.beforeQuery !== undefined || hooks.afterQuery !== undefined;
  const statement = compiler.read(plan, admitted, wantsRows(parts, policy), held);
  const before = anew && !(asked instanceof Promise) ? performance.now() - began : 0;
  call.mark("compile");
  const task = new Asked<QueryResult>(
    call,
    hooks,
    { kind: "read", read: statement, tell: pages?.tell },
    false,
  );
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

/** All of a read but its running, where it runs in a transaction with others. */
export async function prepareRead<Shaped>(
  parts: Parts,
  policy: Policy,
  call: Call<Shaped>,
  shared: Shared,
): Promise<Ready<Shaped>> {
  const { compiler, runtime, cursors, indexes } = parts;
  const { request, principal } = call;
  const { context } = principal;
  const changes = parts.policies.changes(request, principal);
  const planned = planRead(policy, request, changes, shared);
  setFindFirst(context, planned.first);
  const whole = await runtime.outside(() => admitRead(planned, changes, context), call);
  await indexes.need(planned.searches);
  const { paging } = planned.root;
  const pages = paging && new Pages(cursors, paging, policy, call);
  const position = pages?.begin();
  const admitted = position === undefined ? whole : whole.behind(position);
  const plan = planned.asksExtras ? await computed(parts, planned, call) : planned;
  const statement = compiler.read(plan, admitted, wantsRows(parts, policy), true);
  const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
    call.shape({ policy, first: plan.first, most: policy.limits.maxAnswerSize, outcome });
  const work = { kind: "read", read: statement, tell: pages?.tell } as const;
  const task = new Asked<Shaped>(call, policy.hooks, work, true, finish);
  const settle = (): void => parts.pace.charge(call, parts.pace.isHere ? task.took : 0);
  return { run: (inside) => inside.run(task), settle };
}

export const admitRead = (
  { mentions, root }: ReadPlan,
  changes: readonly Change[],
  context: Context,
): Admitted | Promise<Admitted> =>
  root.tellsChanges && changes.length > 0
    ? admitChanges(mentions, changes, context)
    : admitAll(mentions, context);

/** A plan with the fields in it that are computed for this caller. */
export async function computed({ runtime }: Parts, plan: ReadPlan, call: Call<unknown>): Promise<ReadPlan> {
  const asked = await runtime.outside(() => askExtras(plan.nodes, call.principal.context), call);
  return { ...plan, ...withExtras(plan.root, asked), recurring: false };
}
