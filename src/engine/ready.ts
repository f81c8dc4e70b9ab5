import { admitAll, type Admitted, setFindFirst } from "../author/author.ts";
import { invalidValue, quote } from "../error.ts";
import type { AggregatePlan, ReadPlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Call, Parts } from "./call.ts";
import { admitRead, computed } from "./read.ts";
import { patient } from "./turns.ts";

/** A question that is ready to be compiled: its plan, and what its mentions admit. */
export interface ReadyQuestion<Plan> {
  readonly plan: Plan;
  readonly admitted: Admitted;
}

/**
 * Makes a question for rows ready, as a read of them does on its way.
 *
 * @throws QueryError as a GET.
 */
export async function readyRead(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
): Promise<ReadyQuestion<ReadPlan>> {
  const { plans, runtime, policies, indexes } = parts;
  const { context } = call.principal;
  const changes = policies.changes(call.request, call.principal);
  const { plan, values } = plans.get(policy, call.request, changes);
  setFindFirst(context, plan.first);
  const asked = runtime.outside(() => admitRead(plan, changes, context), call);
  const all = asked instanceof Promise ? await patient(call, asked) : asked;
  const admitted = values === undefined ? all : all.filledWith(values);
  if (plan.searches.length > 0) await indexes.need(plan.searches);
  return { plan: plan.asksExtras ? await computed(parts, plan, call) : plan, admitted };
}

/**
 * The same for a question for numbers.
 *
 * @throws QueryError as a GET.
 */
export async function readyAggregate(
  parts: Parts,
  policy: Policy,
  call: Call<unknown>,
): Promise<ReadyQuestion<AggregatePlan>> {
  const { plans, runtime } = parts;
  const { context } = call.principal;
  const plan = plans.aggregate(policy, call.request);
  await expectZone(parts, plan);
  setFindFirst(context, false);
  return { plan, admitted: await runtime.outside(() => admitAll(plan.mentions, context), call) };
}

/** Only the database knows which places it knows the time of. */
async function expectZone({ zones }: Parts, { zone }: AggregatePlan): Promise<void> {
  if (!("name" in zone) || (await zones.has(zone.name))) return;
  const hint = "write an offset such as '+02:00'";
  throw invalidValue(`${quote(zone.name)} is no time zone of this database`, "aggregate.timeZone", hint);
}
