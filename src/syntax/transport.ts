import { type SQL, sql } from "drizzle-orm";
import { Digits } from "../digits.ts";
import { MARK } from "../drizzle/drizzle.ts";
import type { Cell } from "../plan/plan.ts";
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
  if (!known.has(column)) known.set(column, makeTransport(column, nested, sql`${column.column}`));
  return known.get(column);
}

function makeTransport(column: ColumnInfo, nested: boolean, value: SQL): SQL | undefined {
  const text = syntaxOf(column.database).text(column, MARK, nested);
  if (text === undefined) return undefined;
  const pieces = text.split(MARK).map((piece) => sql.raw(piece));
  return sql.join(pieces, value);
}

/** A column in a form that survives Drizzle's own reading of a row; `undefined` where its values survive as they are. */
export const columnAsText = (column: ColumnInfo, nested: boolean): SQL.Aliased | undefined =>
  transportOf(column, nested)?.as(column.name);

/** The same of a column that is the value of an expression, which Drizzle would read as no column. */
export const maskedAsText = (column: ColumnInfo, covered: (value: SQL) => SQL): SQL.Aliased =>
  sql`${covered(transportOf(column, true) ?? sql`${column.column}`)}`.as(column.name);

/** A value that was selected, as it came through Drizzle. */
export function selectedValue(
  value: unknown,
  { kind, column }: Cell,
  nested: boolean,
  unreadable: Unreadable,
): unknown {
  if (kind === "column") return columnValue(value, column, nested, unreadable);
  if (value === null || value === undefined) return null;
  if (transportOf(column, true) !== undefined) return columnValue(value, column, true, unreadable);
  return readCell(column, value, asDriven, unreadable);
}

/** A value as a driver answers it. */
const asDriven = ({ column }: ColumnInfo, value: unknown): unknown => column.mapFromDriverValue(value);

/** A value in the form in which a column travels. */
export const valueAsText = (column: ColumnInfo, value: SQL): SQL.Aliased =>
  (makeTransport(column, false, value) ?? value.mapWith(column.column)).as(column.name);

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

/** A value that came back, as it is bound again: a whole number beyond 2^53 with all of its digits. */
export const boundAgain = (value: unknown, { column }: ColumnInfo): SQL =>
  value instanceof Digits ? sql`cast(${value.digits} as integer)` : sql`${sql.param(value, column)}`;

/** A computed field as text, for Drizzle; made once, written outside. */
export function extraAsText(extra: SQL.Aliased, name: string, syntax: Syntax): SQL.Aliased {
  return sql`(select ${sql.raw(syntax.sentExtra('"v"'))} from (select ${extra.sql} as "v") as "x")`.as(name);
}
