import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { TableInfo } from "../schema/schema.ts";
import { type Syntax, syntaxOf } from "./syntax.ts";
import { readCell, type Unreadable } from "./value.ts";

/** Stands for the value in SQL that is taken apart for Drizzle. */
const VALUE = "\u0001";

/** The syntax of a table's database. */
export function syntaxFor({ columns }: TableInfo): Syntax {
  const [first] = columns.values();
  return syntaxOf(first?.database ?? "sqlite");
}

/** A column as text that survives Drizzle's own reading of a row; `undefined` where its values survive as they are. */
export function columnAsText(column: ColumnInfo, nested: boolean): SQL.Aliased | undefined {
  const text = syntaxOf(column.database).text(column, VALUE, nested);
  if (text === undefined) return undefined;
  const pieces = text.split(VALUE).map((piece) => sql.raw(piece));
  return sql.join(pieces, sql`${column.column}`).as(column.name);
}

/** Whether a column travels as text through Drizzle. */
const travelsAsText = (column: ColumnInfo, nested: boolean): boolean =>
  syntaxOf(column.database).text(column, VALUE, nested) !== undefined;

/** The value of a column as it came through Drizzle. */
export function columnValue(
  value: unknown,
  column: ColumnInfo,
  nested: boolean,
  unreadable: Unreadable,
): unknown {
  return typeof value === "string" && travelsAsText(column, nested)
    ? readCell(column, value, syntaxOf(column.database).fromText, unreadable)
    : value;
}

/** A computed field as text, for Drizzle; made once, written outside. */
export function extraAsText(extra: SQL.Aliased, name: string, syntax: Syntax): SQL.Aliased {
  return sql`(select ${sql.raw(syntax.sentExtra('"v"'))} from (select ${extra.sql} as "v") as "x")`.as(name);
}
