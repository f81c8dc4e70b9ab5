import type { ReadNode } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";

/** Whether a filter fixes the whole primary key, so that there is one row at most, and nothing to order. */
export function fixesKey({ where, paging, secured: { table } }: ReadNode): boolean {
  // Where a page begins, there are rows for one filter and none for the next.
  if (where === undefined || paging !== undefined || table.primaryKey.length === 0) return false;
  const parts = where.kind === "and" ? where.parts : [where];
  const fixed = new Set<ColumnInfo>();
  for (const part of parts)
    if (part.kind === "condition" && part.operator.fixes === true && part.value !== null)
      fixed.add(part.expression.column);
  return table.primaryKey.every((column) => fixed.has(column));
}

/** Whether the statement puts the rows of a node in order, of which each is answered. */
export const isOrdered = (node: ReadNode): boolean => !node.single && !fixesKey(node);

/** Whether the statement needs a limit for the node. */
export const isBounded = (node: ReadNode): boolean =>
  node.limit !== Number.POSITIVE_INFINITY &&
  !node.single &&
  !(node.limit > 0 && node.offset === 0 && fixesKey(node));
