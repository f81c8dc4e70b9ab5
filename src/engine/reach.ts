import type { Admitted } from "../author/author.ts";
import { filled, type Mention, type Predicate } from "../plan/plan.ts";
import { type Held, heldBy, marksOf } from "../schema/schema.ts";

/** What the rows have that a mention admits, and of which a filter holds. */
export function reachOf(admitted: Admitted, mention: Mention, where: Predicate | undefined): Held {
  const { rows } = admitted.of(mention);
  const { table } = mention.secured;
  const held = new Map(typeof rows === "string" ? [] : heldBy(rows, table));
  if (where !== undefined) narrow(filled(where, admitted.values), held);
  return held;
}

/** Adds what a filter says that must hold of each row. */
function narrow(where: Predicate, held: Map<string, ReadonlySet<string>>): void {
  if (where.kind === "and") for (const part of where.parts) narrow(part, held);
  if (where.kind !== "condition") return;
  const { expression, operator, value } = where;
  const isListed = operator.finds === "each";
  if (operator.fixes !== true && !isListed) return;
  const values = isListed ? (value as readonly unknown[]) : [value];
  if (values.some((one) => one === null || typeof one === "object")) return;
  const { column } = expression;
  const marks = marksOf(column, values.map(column.encode));
  if (marks !== undefined) held.set(column.column.name, marks);
}
