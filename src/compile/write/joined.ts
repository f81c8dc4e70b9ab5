import { type SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { boundAgain } from "../../syntax/syntax.ts";
import { list } from "../sql/list.ts";
import { filteredRows } from "../sql/secured.ts";
import type { Select } from "../statement.ts";
import { lock } from "./held.ts";
import { KEY } from "./keys.ts";
import type { WriteRows } from "./parts.ts";

/** Of the rows of a table those that belong to another by their columns, with the values that it has. */
export const joinedRows = (columns: readonly ColumnInfo[], values: Row): SQL =>
  sql.join(
    columns.map((column) => {
      const value = values[column.name];
      return value === null ? sql`1 = 0` : sql`${column.column} = ${boundAgain(value, column)}`;
    }),
    sql` and `,
  );

/** Of some rows those that have none of several values in columns. */
export function otherRows(rows: SQL, columns: readonly ColumnInfo[], values: readonly Row[]): SQL {
  if (values.length === 0) return rows;
  const bound = (row: Row): SQL =>
    list(columns.map((column) => sql`${boundAgain(row[column.name], column)}`));
  const named = list(columns.map(({ column }) => sql`${column}`));
  const [{ database }] = columns as [ColumnInfo];
  if (columns.length === 1) return sql`${rows} and ${named} not in (${list(values.map(bound))})`;
  const tuples = list(values.map((row) => sql`(${bound(row)})`));
  // SQLite takes rows as VALUES only; there PostgreSQL would not know their types.
  const among = database === "postgresql" ? tuples : sql`values ${tuples}`;
  return sql`${rows} and (${named}) not in (${among})`;
}

/** No row of a table. */
export const noRow = (): SQL => sql`1 = 0`;

/** Locks the rows that a change would reach, as long as there are not more than a few: two say that it is not one. */
export const reachedRows = ({ answer }: WritePlan, { admitted }: WriteRows): Select =>
  lock(filteredRows(answer, admitted), answer.secured.table, { [KEY]: sql`1`.as(KEY) }, 2);
