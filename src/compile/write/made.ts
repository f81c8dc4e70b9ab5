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

/** A new row with what the functions of the schema make for it. */
export const madeRow = (row: Row, table: TableInfo): Row => ({ ...notGiven(row, table), ...row });

/** A new row that is made, as Drizzle writes it right on every driver. */
export const newRow = (made: Row, table: TableInfo): Row => cast(made, table);

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
function notGiven(row: Row, table: TableInfo): Row {
  const absent: Row = {};
  for (const info of madeColumns(table)) {
    const { name, database } = info;
    if (Object.hasOwn(row, name)) continue;
    // It is read through the prototype, where `constructor` is a function.
    if (name in Object.prototype) absent[name] = undefined;
    if (!isMade(info)) continue;
    // A function may make nothing, and drivers bind no `undefined`.
    absent[name] = madeValue(info) ?? (database === "sqlite" ? null : sql`default`);
  }
  return absent;
}

const MADE = new WeakMap<TableInfo, readonly ColumnInfo[]>();

/** The columns of which something must be said where they are not given. */
function madeColumns(table: TableInfo): readonly ColumnInfo[] {
  let made = MADE.get(table);
  if (made === undefined) {
    made = [...table.columns.values()].filter((info) => info.name in Object.prototype || isMade(info));
    MADE.set(table, made);
  }
  return made;
}

/** Whether functions of the schema make what is not given. */
const isMade = (info: ColumnInfo): boolean =>
  (info.column.defaultFn !== undefined || info.column.onUpdateFn !== undefined) &&
  !(info.database === "sqlite" && hasDefault(info));

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
