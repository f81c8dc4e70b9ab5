import type { SQL } from "drizzle-orm";
import type { NodePolicy, OrderKey } from "../policy/policy.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import {
  columnExpression,
  type Cell,
  type Mask,
  masksOf,
  type Ordered,
  type Selected,
} from "./expression.ts";

/** A table under a rule: all that a question reaches of it, and the only way to it. */
export interface SecuredRelation {
  readonly policy: NodePolicy;
  readonly table: TableInfo;
  /** What may be selected and ordered by; nothing else exists. */
  readonly readable: ReadonlyMap<string, Cell>;
  /** What a filter may name. */
  readonly filterable: ReadonlyMap<string, Cell>;
  /** All that is readable, as it is selected. */
  readonly selected: readonly Selected[];
  /** The masks of all that. */
  readonly marks: readonly Mask[];
  /** The computed fields of its author. */
  readonly extras: ReadonlyMap<string, SQL.Aliased>;
  /** The author's order, as far as it is of columns, and made total. */
  readonly orderBy: readonly Ordered[];
  readonly totalOrder: readonly Ordered[];
  /** A column, as it is seen here. */
  readonly seen: (column: ColumnInfo) => Cell;
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
  const { table, readable, filterable, columns, extras, orderBy, totalOrder, masks } = policy;
  const seen = masks.size === 0 ? columnExpression : masking(masks);
  const expressions = (named: ReadonlyMap<string, ColumnInfo>): ReadonlyMap<string, Cell> =>
    new Map([...named].map(([name, column]) => [name, seen(column)]));
  const ordered = ({ column, direction, nulls }: OrderKey): Ordered => ({
    expression: seen(column),
    direction,
    nulls,
  });
  const selected = columns.map((column) => ({ name: column.name, expression: seen(column) }));
  return {
    policy,
    table,
    readable: expressions(readable),
    filterable: expressions(filterable),
    selected,
    marks: masksOf(selected),
    extras,
    orderBy: orderBy.filter((key) => key.column !== undefined).map(ordered),
    totalOrder: totalOrder.map(ordered),
    seen,
  };
}

/** Columns as they are seen where some are masked on some rows. */
function masking(masks: NodePolicy["masks"]): SecuredRelation["seen"] {
  const shared = new Map<string, Mask>();
  const maskOf = (grants: readonly number[]): Mask => {
    const key = grants.join();
    let mask = shared.get(key);
    if (mask === undefined) shared.set(key, (mask = { grants }));
    return mask;
  };
  return (column) => {
    const grants = masks.get(column);
    return grants === undefined ? columnExpression(column) : { kind: "masked", column, mask: maskOf(grants) };
  };
}
