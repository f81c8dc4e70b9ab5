import { type AggregatePlan, type Change, planAggregate, planRead, type ReadPlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { QueryRequest } from "../request/request.ts";

/** So many rules one question is remembered under: a rule that leads to resources is another for each list of roles. */
const MOST = 64;

/** Whether changes stand under the same rules; nearly always nobody asks for any. */
const isSame = (rules: readonly Policy[], changes: readonly Change[]): boolean =>
  rules.length === changes.length && rules.every((policy, index) => policy === changes[index]!.policy);

/** The plans of questions that are asked again: a plan holds no caller, so one serves all who fall under its policy. */
export class PlanMemory {
  readonly #plans = new WeakMap<QueryRequest, Map<Policy, ReadPlan>>();

  readonly #aggregates = new WeakMap<QueryRequest, Map<Policy, AggregatePlan>>();

  /** Of a question for numbers about rows. */
  aggregate(policy: Policy, request: QueryRequest): AggregatePlan {
    if (request.recurring !== true) return planAggregate(policy, request);
    let plans = this.#aggregates.get(request);
    if (plans === undefined) this.#aggregates.set(request, (plans = new Map()));
    let plan = plans.get(policy);
    if (plan === undefined) {
      if (plans.size >= MOST) plans.clear();
      plans.set(policy, (plan = planAggregate(policy, request)));
    }
    return plan;
  }

  get(policy: Policy, request: QueryRequest, changes: readonly Change[]): ReadPlan {
    if (request.recurring !== true) return planRead(policy, request, changes);
    let plans = this.#plans.get(request);
    if (plans === undefined) this.#plans.set(request, (plans = new Map()));
    let plan = plans.get(policy);
    if (plan === undefined || !isSame(plan.changes, changes)) {
      if (plans.size >= MOST) plans.clear();
      plans.set(policy, (plan = planRead(policy, request, changes)));
    }
    return plan;
  }
}
