import { type SQL, sql } from "drizzle-orm";
import type { Admission, Row, Rows } from "../../author/author.ts";
import { speaksOnlyOf } from "../../drizzle/drizzle.ts";
import type { ReadNode, WritePlan } from "../../plan/plan.ts";
import { type ColumnInfo, type TableInfo, typeName } from "../../schema/schema.ts";
import { boundAgain, columnAsText, extraAsText, syntaxOf } from "../../syntax/syntax.ts";
import { list } from "../sql/list.ts";
import { rowsCondition } from "../sql/condition.ts";
import { MARKS, marksField, selectedField } from "../sql/masked.ts";
import { shownIn, shownTo } from "../sql/secured.ts";
import type { Fields } from "../statement.ts";
import { cellOf, cellValue } from "./cell.ts";

/** Names no column has. */
export const CHECK = "~check";
export const KEY = "~key:";
export const EXACT = "~exact:";
/** What is answered of a row that came back as it is stored. */
export const ANSWERED = "~answered";
/** Whether a row is new that may have met another. */
export const NEW = "~new";

/** SQLite binds at most 32,766 values to one statement. */
export const MAX_VALUES = 30_000;
/** Keys by which rows are read at once: a statement that comes again is written once. */
export const MAX_READ = 1_000;

/** Whether RETURNING says all that is asked for: nothing of relations, no computed field or mask that looks at other rows. */
export function isSimple(
  { relations, counts, extras, marks, secured }: ReadNode,
  admission: Admission,
): boolean {
  const { table } = secured;
  if (relations.size + counts.size > 0) return false;
  for (const extra of extras.values()) if (!speaksOnlyOf(extra.sql, table)) return false;
  if (table.primaryKey.length === 0) return true; // no row could be found again
  return marks.every((mask) => {
    const shown = shownIn(mask, admission);
    return typeof shown === "string" || speaksOnlyOf(shown, table);
  });
}

/** What comes back of a written row: what is selected, the key, and whether the row passes. */
export function returning(plan: WritePlan, check: Rows, admission: Admission): Fields {
  const { selected, extras, marks, secured } = plan.answer;
  const { table } = secured;
  const fields: Row = {};
  const direct = isSimple(plan.answer, admission); // else rows are read whole
  const shown = shownTo(admission);
  for (const { name, expression } of direct ? selected : []) fields[name] = selectedField(expression, shown);
  if (direct && marks.length > 0) fields[MARKS] = marksField(marks, shown);
  for (const [name, extra] of direct ? extras : [])
    fields[name] = extraAsText(extra, name, syntaxOf(table.database));
  for (const key of table.primaryKey) fields[KEY + key.name] = field(key);
  for (const [name, text] of exactKey(table)) fields[name] = text;
  const condition = plan.kind === "delete" ? undefined : rowsCondition(check);
  if (condition !== undefined)
    fields[CHECK] = sql<number>`case when ${sql`${condition}`} then 1 else 0 end`.as(CHECK);
  if (Object.keys(fields).length === 0) fields[KEY] = sql`1`.as(KEY);
  return fields;
}

/** A column as it comes back through Drizzle. */
export const field = (column: ColumnInfo): unknown => columnAsText(column, false) ?? column.column;

/**
 * Keys as text, where what JavaScript makes of them may say less than is stored: a moment, many digits, what an author's
 * type maps. A row of PostgreSQL without a key is told by where it is stored.
 */
export const exactKey = (table: TableInfo): ReadonlyMap<string, SQL.Aliased> =>
  new Map(
    exactParts(table).map(([name, part], index) => [
      EXACT + name,
      cellOf(table.database, part).as(`${EXACT}${index}`),
    ]),
  );

/** What tells a row apart that needs more than its key as it is read, each part with its name, its SQL and its type. */
export function exactParts({ database, primaryKey }: Keyed): readonly (readonly [string, SQL, string])[] {
  if (database === "sqlite" && primaryKey.every(readsAsStored)) return [];
  if (primaryKey.length === 0) return PLACE;
  return primaryKey.map(({ name, column }) => [name, sql`${column}`, typeName(column)]);
}

/** Whether no two values that a column of SQLite stores are read as one. */
const readsAsStored = ({ column }: ColumnInfo): boolean => AS_STORED.has(column.columnType);

const AS_STORED: ReadonlySet<string> = new Set([
  "SQLiteText",
  "SQLiteInteger",
  "SQLiteReal",
  "SQLiteNumeric",
  "SQLiteBlobBuffer",
]);

const PLACE = [
  ["tableoid", sql`tableoid`, "oid"],
  ["ctid", sql`ctid`, "tid"],
] as const;

/** What tells the rows of a table apart. */
type Keyed = Pick<TableInfo, "database" | "primaryKey">;

/** The keys of rows that were read whole, as those of written rows. */
export const keysOf = (rows: readonly Row[], { primaryKey }: TableInfo): readonly Row[] =>
  rows.map((row) =>
    Object.fromEntries(
      primaryKey.flatMap(({ name }) => [
        [KEY + name, row[name]],
        [EXACT + name, row[EXACT + name]],
      ]),
    ),
  );

/** As many keys at a time as one statement takes. */
export function chunks(
  written: readonly Row[],
  { primaryKey }: TableInfo,
  values: number = MAX_VALUES,
): readonly (readonly Row[])[] {
  const size = Math.floor(values / Math.max(1, primaryKey.length));
  return Array.from({ length: Math.ceil(written.length / size) }, (_, index) =>
    written.slice(index * size, (index + 1) * size),
  );
}

export function keysIn(table: Keyed, written: readonly Row[]): SQL {
  const exact = exactParts(table);
  const parts: readonly Part[] =
    exact.length > 0
      ? exact.map(([name, part, type]) => [
          part,
          (row) => cellValue(table.database, row[EXACT + name] as string, type),
        ])
      : table.primaryKey.map((key) => [sql`${key.column}`, (row) => boundAgain(row[KEY + key.name], key)]);
  const [[first, bound]] = parts as readonly [Part];
  if (parts.length === 1) return sql`${first} in (${list(written.map(bound))})`;
  const tuples = list(written.map((row) => sql`(${list(parts.map(([, part]) => part(row)))})`));
  // SQLite takes rows as VALUES only; there PostgreSQL would not know their types.
  const rows = table.database === "postgresql" ? tuples : sql`values ${tuples}`;
  return sql`(${list(parts.map(([part]) => part))}) in (${rows})`;
}

/** A part of a key in SQL, and its value in a row that was written. */
type Part = readonly [SQL, (row: Row) => SQL];
