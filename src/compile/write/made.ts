import { is, SQL, sql } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import type { ColumnInfo, TableInfo } from "../../schema/schema.ts";

/** Whether a column has a default that the statement, or the table, gives it; one may be 0 or empty. */
export const hasDefault = ({ column }: ColumnInfo): boolean =>
  column.default !== undefined && column.default !== null;

/** What the functions of the schema make for a column of a new row that nobody gave: a default's, else an update's. */
export function madeValue(info: ColumnInfo): unknown {
  const { defaultFn, onUpdateFn } = info.column;
  if (defaultFn !== undefined) return defaultFn();
  return hasDefault(info) ? undefined : onUpdateFn?.();
}

/** A new row as Drizzle writes it right on every driver. */
export const newRow = (row: Row, table: TableInfo): Row => cast({ ...notGiven(row, table), ...row }, table);

/** The same for a change. */
export const changedRow = (row: Row, table: TableInfo): Row =>
  cast({ ...unchanged(row, table), ...row }, table);

/** Values that Drizzle would write otherwise than their columns do, written as SQL. */
function cast(row: Row, { columns }: TableInfo): Row {
  const written = { ...row };
  for (const [name, value] of Object.entries(row)) {
    const { encode, cast, element } = columns.get(name)!;
    if (value === null || value === undefined || is(value, SQL) || (cast === "" && element === undefined))
      continue;
    written[name] = sql`${sql.param(encode(value))}${sql.raw(cast)}`;
  }
  return written;
}

/** What a column gets that is not given, where Drizzle's insert would misread it or write it otherwise. */
function notGiven(row: Row, { columns, database }: TableInfo): Row {
  const absent: Row = {};
  for (const info of columns.values()) {
    const { name, column } = info;
    if (Object.hasOwn(row, name)) continue;
    // It is read through the prototype, where `constructor` is a function.
    if (name in Object.prototype) absent[name] = undefined;
    if (column.defaultFn === undefined && column.onUpdateFn === undefined) continue;
    if (database === "sqlite" && hasDefault(info)) continue;
    // A function may make nothing, and drivers bind no `undefined`.
    absent[name] = madeValue(info) ?? (database === "sqlite" ? null : sql`default`);
  }
  return absent;
}

/** The same for a change: a column that is not given stays what it is, or becomes what its function makes. */
function unchanged(row: Row, { columns }: TableInfo): Row {
  const kept: Row = {};
  for (const { name, column } of columns.values()) {
    if (Object.hasOwn(row, name)) continue;
    if (column.onUpdateFn !== undefined) kept[name] = column.onUpdateFn() ?? null;
    else if (name in Object.prototype) kept[name] = sql`${column}`;
  }
  return kept;
}
