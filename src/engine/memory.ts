import { planRead, type ReadPlan } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { QueryRequest } from "../request/request.ts";

/** The plans of questions that are asked again: a plan holds no caller, so one serves all who fall under its policy. */
export class PlanMemory {
  readonly #plans = new WeakMap<QueryRequest, Map<Policy, ReadPlan>>();

  get(policy: Policy, request: QueryRequest): ReadPlan {
    if (request.recurring !== true) return planRead(policy, request);
    let plans = this.#plans.get(request);
    if (plans === undefined) this.#plans.set(request, (plans = new Map()));
    let plan = plans.get(policy);
    if (plan === undefined) plans.set(policy, (plan = planRead(policy, request)));
    return plan;
  }
}
