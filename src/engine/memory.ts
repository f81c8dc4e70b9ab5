import { Cache, Seen } from "../cache.ts";
import { writeDigits } from "../digits.ts";
import { QueryError } from "../error.ts";
import {
  type AggregatePlan,
  type Change,
  planAggregate,
  planRead,
  planWrite,
  readFilling,
  type ReadPlan,
  type Shared,
  Spent,
  type WritePlan,
} from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import {
  askedAs,
  type Filling,
  type Operation,
  type QueryRequest,
  requestOf,
  traitsOf,
} from "../request/request.ts";

/** So many rules one question is remembered under: a rule that leads to resources is another for each list of roles. */
const MOST = 64;
/** Longer requests of a batch are read anew, and those that are asked once. */
const MAX_REMEMBERED = 2_048;

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

/** The plan of a write, and what it asks for. */
interface PlannedWrite {
  readonly plan: WritePlan;
  readonly spent: Spent;
}

/** A plan, and what its question has in the blanks of it. */
export interface Planned {
  readonly plan: ReadPlan;
  readonly values?: readonly unknown[] | undefined;
}

/** The plans of questions that are asked again: a plan holds no caller, so one serves all who fall under its policy. */
export class PlanMemory {
  readonly #reads = new Plans<ReadPlan>();
  readonly #aggregates = new Plans<AggregatePlan>();
  readonly #writes = new Plans<PlannedWrite>();
  readonly #requests = new Cache<QueryRequest>(100, { most: 32_768 });
  readonly #seen = new Seen();

  /** Of a question for numbers about rows. */
  aggregate(policy: Policy, request: QueryRequest): AggregatePlan {
    const make = (): AggregatePlan => planAggregate(policy, request);
    return request.recurring === true ? this.#aggregates.get(request, policy, always, make) : make();
  }

  /** The question of a request of a batch; of new rows, which others ask for too, the same object where it comes again. */
  request(operation: Operation): QueryRequest {
    const { method, resource, select, wishes } = operation;
    // What others ask names rows, which are others each time.
    if (traitsOf(method).action !== "insert") return requestOf(operation);
    const key = writeDigits([method, resource, select, wishes]);
    const known = this.#requests.get(key);
    if (known !== undefined) return known;
    const request = requestOf(operation);
    if (key.length > MAX_REMEMBERED || !this.#seen.before(key)) return request;
    const recurring = askedAs(request, { recurring: true });
    this.#requests.set(key, recurring);
    return recurring;
  }

  /**
   * Of a write, as `request` asks for it: what comes with a question, and of it another method would ask for the same, is
   * remembered with the question. What a client knows of rows, or prefers, is each request's own.
   */
  write(policy: Policy, question: QueryRequest, request: QueryRequest, shared: Shared): WritePlan {
    const { recurring, match, prefer } = question;
    if (recurring !== true || (match ?? prefer ?? shared.refer) !== undefined)
      return planWrite(policy, request, shared);
    const planned = unlessRefused(() =>
      this.#writes.get(question, policy, always, () => {
        const spent = new Spent();
        return { plan: planWrite(policy, request, { spent }), spent };
      }),
    );
    return planned !== undefined && shared.spent.adds(planned.spent, policy.limits)
      ? planned.plan
      : planWrite(policy, request, shared);
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
    const whole = planRead(policy, askedAs(request, { recurring: false }), changes);
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
