import {
  type Admitted,
  admitAll,
  admitChanges,
  askExtras,
  type Context,
  setFindFirst,
} from "../author/author.ts";
import { goOn, type Later } from "../clock.ts";
import { invalidValue, quote } from "../error.ts";
import { type AggregatePlan, type Change, type ReadPlan, withExtras } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Call, Parts } from "./call.ts";
import type { Planned } from "./memory.ts";
import { patient } from "./turns.ts";

/** A question that is ready to be compiled: its plan, and what its mentions admit. */
export interface ReadyQuestion<Plan> {
  readonly plan: Plan;
  readonly admitted: Admitted;
}

/**
 * Makes a question for rows ready: for who asks it, keeps its answer true, or explains it.
 *
 * @throws QueryError as a GET.
 */
export function readyRead(parts: Parts, policy: Policy, call: Call<unknown>): Later<ReadyQuestion<ReadPlan>> {
  const { plans, policies } = parts;
  const changes = policies.changes(call.request, call.principal);
  return readyPlan(parts, plans.get(policy, call.request, changes), changes, call);
}

/**
 * The same of a plan that is there.
 *
 * @throws QueryError as a GET.
 */
export function readyPlan(
  parts: Parts,
  planned: Planned,
  changes: readonly Change[],
  call: Call<unknown>,
): Later<ReadyQuestion<ReadPlan>> {
  const { runtime } = parts;
  const { context } = call.principal;
  const { plan } = planned;
  setFindFirst(context, plan.first);
  const asked = runtime.outside(() => admitRead(plan, changes, context), call);
  return goOn(indexed(parts, plan, asked, call), filled, { parts, call }, planned);
}

/** A plan whose mentions are admitted, with what its question has in its blanks. */
function filled(
  all: Admitted,
  { parts, call }: { readonly parts: Parts; readonly call: Call<unknown> },
  { plan, values }: Planned,
): Later<ReadyQuestion<ReadPlan>> {
  const admitted = values === undefined ? all : all.filledWith(values);
  return plan.asksExtras ? goOn(computed(parts, plan, call), withPlan, admitted) : { plan, admitted };
}

const withPlan = (plan: ReadPlan, admitted: Admitted): ReadyQuestion<ReadPlan> => ({ plan, admitted });

/** What a caller is admitted to, once the indexes of words that his question needs are known to be there. */
function indexed(
  { indexes }: Parts,
  { searches }: ReadPlan,
  asked: Later<Admitted>,
  call: Call<unknown>,
): Later<Admitted> {
  const all = asked instanceof Promise ? patient(call, asked) : asked;
  return searches.length === 0 ? all : goOn(all, onceThere, indexes, searches);
}

async function onceThere(
  admitted: Admitted,
  indexes: Parts["indexes"],
  searches: ReadPlan["searches"],
): Promise<Admitted> {
  await indexes.need(searches);
  return admitted;
}

/** What the mentions of a plan admit, and what some changes would reach, where that is asked. */
const admitRead = (
  { mentions, root }: ReadPlan,
  changes: readonly Change[],
  context: Context,
): Later<Admitted> =>
  root.tellsChanges && changes.length > 0
    ? admitChanges(mentions, changes, context)
    : admitAll(mentions, context);

/** A plan with the fields in it that are computed for this caller. */
async function computed({ runtime }: Parts, plan: ReadPlan, call: Call<unknown>): Promise<ReadPlan> {
  const asked = await runtime.outside(() => askExtras(plan.nodes, call.principal.context), call);
  return { ...plan, ...withExtras(plan.root, asked), recurring: false };
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
