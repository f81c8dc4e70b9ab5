import type { SQL } from "drizzle-orm";
import type { NodePolicy, OrderKey } from "../policy/policy.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import {
  columnExpression,
  type Expression,
  type Ordered,
  type Selected,
  selectedColumn,
} from "./expression.ts";

/** A table under a rule: all that a question reaches of it, and the only way to it. */
export interface SecuredRelation {
  readonly policy: NodePolicy;
  readonly table: TableInfo;
  /** What may be selected and ordered by; nothing else exists. */
  readonly readable: ReadonlyMap<string, Expression>;
  /** What a filter may name. */
  readonly filterable: ReadonlyMap<string, Expression>;
  /** All that is readable, as it is selected. */
  readonly selected: readonly Selected[];
  /** The computed fields of its author. */
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  readonly orderBy: readonly Ordered[];
  readonly totalOrder: readonly Ordered[];
}

/** One mention of a secured relation in a plan. Its place among the plan's mentions is its name there. */
export interface Mention {
  readonly index: number;
  readonly secured: SecuredRelation;
}

const known = new WeakMap<NodePolicy, SecuredRelation>();

/** The secured relation of a rule. */
export function securedBy(policy: NodePolicy): SecuredRelation {
  let secured = known.get(policy);
  if (secured === undefined) known.set(policy, (secured = secure(policy)));
  return secured;
}

function secure(policy: NodePolicy): SecuredRelation {
  const { table, readable, filterable, columns, extras, orderBy, totalOrder } = policy;
  return {
    policy,
    table,
    readable: expressions(readable),
    filterable: expressions(filterable),
    selected: columns.map(selectedColumn),
    extras,
    orderBy: orderBy.map(ordered),
    totalOrder: totalOrder.map(ordered),
  };
}

const expressions = (columns: ReadonlyMap<string, ColumnInfo>): ReadonlyMap<string, Expression> =>
  new Map([...columns].map(([name, column]) => [name, columnExpression(column)]));

const ordered = ({ column, direction }: OrderKey): Ordered => ({
  expression: columnExpression(column),
  direction,
});
