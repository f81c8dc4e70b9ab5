import type { Policy } from "../policy/policy.ts";
import type { QueryRequest } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { selectedColumn } from "./expression.ts";
import type { Shared } from "./budget.ts";
import type { ReadNode, ReadPlan } from "./plan.ts";
import { planRead } from "./read.ts";

/**
 * The plan of a read of one row by which another is to refer to it: it is found as its client asks for it, and of it comes
 * what the engine needs, let out or not.
 *
 * @throws QueryError as `planRead` does.
 */
export function planKey(
  policy: Policy,
  request: QueryRequest,
  columns: readonly ColumnInfo[],
  shared: Shared,
): ReadPlan {
  const plan = planRead(policy, request, [], shared);
  const root: ReadNode = {
    ...plan.root,
    selected: columns.map(selectedColumn),
    marks: [],
    extras: new Map(),
    relations: new Map(),
    counts: new Map(),
    limit: 1,
    offset: 0,
    tellsMore: false,
  };
  const nodes = [root];
  return { ...plan, root, nodes, first: false, total: false, countOnly: false, asksExtras: false };
}
