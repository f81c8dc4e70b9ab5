import { hasOrder, mayUse, type Policy } from "../policy/policy.ts";
import { COLUMN_FUNCTIONS } from "../request/request.ts";
import { bucketColumn, type ColumnInfo } from "../schema/schema.ts";
import type { AccessAggregateColumn, AccessRule } from "./access.ts";

/** What may be computed about the rows of a rule, if anything may. */
export function describeAggregate(policy: Policy): Pick<AccessRule, "aggregate"> {
  const { aggregate, forbids, table } = policy;
  if (aggregate === undefined || forbids.has("aggregate")) return {};
  const columns = [...table.columns.values()]
    .map((column): [string, AccessAggregateColumn] => [column.name, describeColumn(column, policy)])
    .filter(([, { functions, groupBy }]) => functions.length > 0 || groupBy === true);
  return {
    aggregate: {
      count: aggregate.functions.has("count"),
      columns: Object.fromEntries(columns),
      ...(aggregate.minGroupSize > 0 && { minGroupSize: aggregate.minGroupSize }),
    },
  };
}

function describeColumn(column: ColumnInfo, policy: Policy): AccessAggregateColumn {
  const groups = policy.aggregate!.groupBy.has(column.name) && hasOrder(column);
  return {
    kind: column.kind,
    functions: [...COLUMN_FUNCTIONS].filter((name) => mayUse(name, column, policy)),
    ...(groups && { groupBy: true }),
    ...(groups && bucketColumn(column) !== undefined && { buckets: true }),
  };
}
