import { type SQL, sql } from "drizzle-orm";
import { MARK } from "../drizzle/drizzle.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Syntax } from "./contract.ts";
import { syntaxOf } from "./databases.ts";
import { readCell, type Unreadable } from "./value.ts";

/** The SQL by which columns travel through Drizzle, at the top and nested. */
const transports: readonly [WeakMap<ColumnInfo, SQL | undefined>, WeakMap<ColumnInfo, SQL | undefined>] = [
  new WeakMap(),
  new WeakMap(),
];

function transportOf(column: ColumnInfo, nested: boolean): SQL | undefined {
  const known = transports[nested ? 1 : 0];
  if (!known.has(column)) known.set(column, makeTransport(column, nested));
  return known.get(column);
}

function makeTransport(column: ColumnInfo, nested: boolean): SQL | undefined {
  const text = syntaxOf(column.database).text(column, MARK, nested);
  if (text === undefined) return undefined;
  const pieces = text.split(MARK).map((piece) => sql.raw(piece));
  return sql.join(pieces, sql`${column.column}`);
}

/** A column in a form that survives Drizzle's own reading of a row; `undefined` where its values survive as they are. */
export const columnAsText = (column: ColumnInfo, nested: boolean): SQL.Aliased | undefined =>
  transportOf(column, nested)?.as(column.name);

/** The value of a column as it came through Drizzle. */
export function columnValue(
  value: unknown,
  column: ColumnInfo,
  nested: boolean,
  unreadable: Unreadable,
): unknown {
  if (value === null || value === undefined || transportOf(column, nested) === undefined) return value;
  const { fromText, fromNested } = syntaxOf(column.database);
  return readCell(column, value, nested ? fromNested : fromText, unreadable);
}

/** A computed field as text, for Drizzle; made once, written outside. */
export function extraAsText(extra: SQL.Aliased, name: string, syntax: Syntax): SQL.Aliased {
  return sql`(select ${sql.raw(syntax.sentExtra('"v"'))} from (select ${extra.sql} as "v") as "x")`.as(name);
}
