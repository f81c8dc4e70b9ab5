import { QueryError } from "../error.ts";
import {
  type AggregatePlan,
  type Change,
  planAggregate,
  planRead,
  readFilling,
  type ReadPlan,
} from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import type { Filling, QueryRequest } from "../request/request.ts";

/** So many rules one question is remembered under: a rule that leads to resources is another for each list of roles. */
const MOST = 64;

/** Plans by their questions and the rules they are planned under. */
class Plans<Plan> {
  readonly #plans = new WeakMap<QueryRequest, Map<Policy, Plan>>();

  /** A plan that is remembered and still right, or is made and remembered. */
  get(request: QueryRequest, policy: Policy, isRight: (plan: Plan) => boolean, make: () => Plan): Plan {
    let plans = this.#plans.get(request);
    if (plans === undefined) this.#plans.set(request, (plans = new Map()));
    const known = plans.get(policy);
    if (known !== undefined && isRight(known)) return known;
    if (plans.size >= MOST) plans.clear();
    const plan = make();
    plans.set(policy, plan);
    return plan;
  }
}

/** A plan, and what its question has in the blanks of it. */
export interface Planned {
  readonly plan: ReadPlan;
  readonly values?: readonly unknown[];
}

/** The plans of questions that are asked again: a plan holds no caller, so one serves all who fall under its policy. */
export class PlanMemory {
  readonly #reads = new Plans<ReadPlan>();
  readonly #aggregates = new Plans<AggregatePlan>();

  /** Of a question for numbers about rows. */
  aggregate(policy: Policy, request: QueryRequest): AggregatePlan {
    const make = (): AggregatePlan => planAggregate(policy, request);
    return request.recurring === true ? this.#aggregates.get(request, policy, always, make) : make();
  }

  /** Of a question for rows; the plan of a template, where it fills one. */
  get(policy: Policy, request: QueryRequest, changes: readonly Change[]): Planned {
    const { filling } = request;
    if (filling !== undefined) return this.#filled(policy, request, filling, changes);
    if (request.recurring !== true) return { plan: planRead(policy, request, changes) };
    return { plan: this.#read(policy, request, changes) };
  }

  #read(policy: Policy, request: QueryRequest, changes: readonly Change[]): ReadPlan {
    const isRight = (plan: ReadPlan): boolean => isSame(plan.changes, changes);
    return this.#reads.get(request, policy, isRight, () => planRead(policy, request, changes));
  }

  /** What does not fit the plan of its template is planned as it is, and refused as it is. */
  #filled(policy: Policy, request: QueryRequest, filling: Filling, changes: readonly Change[]): Planned {
    const { template } = filling;
    const plan = template.fits ? this.#ofTemplate(policy, filling, changes) : undefined;
    const values = plan && valuesOf(plan, filling);
    if (plan !== undefined && values !== undefined) return { plan, values };
    const whole = planRead(policy, { ...request, recurring: false }, changes);
    // There is a plan of the question, and none of its template.
    if (plan === undefined) template.fits = false;
    return { plan: whole };
  }

  #ofTemplate(policy: Policy, { template }: Filling, changes: readonly Change[]): ReadPlan | undefined {
    const plan = unlessRefused(() => this.#read(policy, template.request, changes));
    return plan !== undefined && plan.blanks.length === template.blanks ? plan : undefined;
  }
}

const valuesOf = (plan: ReadPlan, filling: Filling): readonly unknown[] | undefined =>
  unlessRefused(() => readFilling(plan, filling));

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

/** Whether changes stand under the same rules; nearly always nobody asks for any. */
const isSame = (rules: readonly Policy[], changes: readonly Change[]): boolean =>
  rules.length === changes.length && rules.every((policy, index) => policy === changes[index]!.policy);

const always = (): boolean => true;
