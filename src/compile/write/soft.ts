import { sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import { type ColumnInfo, presentMoment } from "../../schema/schema.ts";
import { valueAsText } from "../../syntax/syntax.ts";
import type { SecuredRows } from "../sql/secured.ts";
import type { Fields, Update } from "../statement.ts";
import { counted } from "./counted.ts";
import { changedRow } from "./made.ts";

/** A DELETE that leaves its rows, and says in a column when they were deleted. */
export const deletion = (plan: WritePlan, column: ColumnInfo, rows: SecuredRows, fields: Fields): Update => ({
  kind: "update",
  rows,
  set: changedRow(counted({ [column.name]: presentMoment(column) }, plan), plan.answer.secured.table),
  fields,
});

/**
 * Whether a change cannot say of its rows what they were before it: more is answered than columns, or one that the change
 * makes anew, or that tells otherwise afterwards.
 */
export function forgets({ answer, policy, countOnly }: WritePlan, triggered: boolean): boolean {
  if (countOnly) return false;
  const { selected, extras, relations, marks } = answer;
  const version = policy.facts?.version;
  return (
    triggered ||
    extras.size + relations.size + marks.length > 0 ||
    selected.some(({ expression: { column } }) => {
      const { onUpdateFn, generated } = column.column;
      return onUpdateFn !== undefined || generated !== undefined || (column === version && column.nullable);
    })
  );
}

/** What comes back of rows that were just deleted, as they were: without a date, and with the count from before. */
export function asTheyWere({ answer, policy, softDelete }: WritePlan, fields: Fields): Fields {
  const before: Row = { ...fields };
  for (const { name, expression } of answer.selected) {
    const { column } = expression;
    if (column === softDelete) before[name] = sql`null`.as(name);
    if (column === policy.facts?.version) before[name] = valueAsText(column, sql`(${column.column} - 1)`);
  }
  return before;
}
