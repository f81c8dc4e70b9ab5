import { type SQL, sql } from "drizzle-orm";
import type { Cell, Mask, Predicate } from "../../plan/plan.ts";
import { columnAsText, maskedAsText } from "../../syntax/syntax.ts";
import { conditionOf, type Shown, shownValue } from "./condition.ts";

/** The name, which no column has, of the bits that a row comes with: one for each mark of its node. */
export const MARKS = "~marks";

/** The masks of what a filter compares. */
export function masksIn(where: Predicate): readonly Mask[] {
  switch (where.kind) {
    case "condition":
      return where.expression.kind === "masked" ? [where.expression.mask] : [];
    case "not":
      return masksIn(where.part);
    case "related":
    case "count": // of other rows
    case "search": // in columns that are masked on none
      return [];
    default:
      return where.parts.flatMap(masksIn);
  }
}

/** Whether a filter looks at rows of other mentions. */
export function looksFurther(where: Predicate): boolean {
  switch (where.kind) {
    case "condition":
    case "search":
      return false;
    case "not":
      return looksFurther(where.part);
    case "related":
    case "count":
      return true;
    default:
      return where.parts.some(looksFurther);
  }
}

/** What is selected in a form that survives Drizzle's own reading of a row; `undefined` where it survives as it is. */
export function asText(expression: Cell, nested: boolean, shown: Shown): SQL.Aliased | undefined {
  const { kind, column } = expression;
  if (kind === "column") return columnAsText(column, nested);
  return maskedAsText(column, (value) => shownValue(shown(expression.mask), value));
}

/** The same as a field of a statement. */
export const selectedField = (expression: Cell, shown: Shown): unknown =>
  asText(expression, false, shown) ?? expression.column.column;

/** The bits of a row, in the order of the marks. */
export function marksField(marks: readonly Mask[], shown: Shown): SQL.Aliased<string> {
  const bits = marks.map((mask) => sql`case when ${conditionOf(shown(mask))} then '1' else '0' end`);
  // Within SQL of its own, or Drizzle would leave the table's name out.
  return sql<string>`${sql.join(bits, sql`||`)}`.as(MARKS);
}
