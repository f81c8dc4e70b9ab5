import { at, limitExceeded } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { type QueryRequest, traitsOf } from "../request/request.ts";
import { Budget } from "./budget.ts";
import type { ReadNode } from "./plan.ts";
import { isCount, nodePlanner, rootPlace } from "./read.ts";

/** A write, permitted and possible; its rows and the caller come with each request. */
export interface WritePlan {
  readonly kind: "insert" | "update" | "delete";
  readonly policy: Policy;
  /** The client's filter, and what comes back of each row; its order and limit say nothing. */
  readonly answer: ReadNode;
  readonly nodes: readonly ReadNode[];
  readonly total: boolean;
  /** Whether nothing of the rows was asked for. */
  readonly countOnly: boolean;
}

/**
 * Joins the client's wishes for a write with the policy it resolved to.
 *
 * @throws QueryError for every wish that is not permitted or not possible, at the client's path.
 */
export function planWrite(policy: Policy, request: QueryRequest): WritePlan {
  const budget = new Budget(policy.limits);
  const nodes: ReadNode[] = [];
  if (request.selector.where === undefined && policy.requireWhere) {
    throw limitExceeded("a filter is required here", at("select", "where"), "write select=(where:(id:'…'))");
  }
  const answer = nodePlanner(nodes, budget)(policy, request.selector, {
    ...rootPlace(policy, false),
    written: true,
  });
  const kind = traitsOf(request.method).action as WritePlan["kind"];
  const total = request.total ?? policy.countTotal;
  budget.checkWork(answer, { kind: kind === "insert" ? "make" : "change", total });
  return {
    kind,
    policy,
    answer,
    nodes,
    total,
    countOnly: isCount(answer),
  };
}
