import type { Row } from "../author/author.ts";
import { EXACT, KEY } from "../compile/compile.ts";
import type { ReadNode } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import { columnValue, type Unreadable } from "../syntax/syntax.ts";

/** Decodes the key of a row that came back, in place. */
export function decodeKey(row: Row, { primaryKey }: TableInfo, unreadable: Unreadable): void {
  for (const key of primaryKey)
    row[KEY + key.name] = columnValue(row[KEY + key.name], key, false, unreadable);
}

/**
 * Finds among rows the one with the key of a written row, having looked at each once; `prefix` stands before the names of
 * keys in `rows`.
 */
export function finderOf(
  rows: readonly Row[],
  { primaryKey }: TableInfo,
  prefix = "",
): (written: Row) => Row | undefined {
  const key = (row: Row, before: string): string =>
    // As a list, since a text may hold whatever would be put between two.
    JSON.stringify(primaryKey.map(({ name }) => keyText(row[EXACT + name] ?? row[before + name])));
  const known = new Map(rows.map((row) => [key(row, prefix), row]));
  return (written) => known.get(key(written, KEY));
}

/** The rows in the order their keys were written in; `prefix` stands before the names of keys in `rows`. */
export function inOrder(
  rows: readonly Row[],
  written: readonly Row[],
  table: TableInfo,
  prefix = "",
): readonly Row[] {
  return written.map(finderOf(rows, table, prefix)).filter((row) => row !== undefined);
}

/** A part of a key as text that tells it from every other. */
function keyText(value: unknown): string {
  if (value instanceof Date) return `date ${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes ${value.join()}`;
  return `${typeof value} ${String(value)}`;
}

/** A row without the parts of its key that were not asked for, in place. */
export function withoutKey(row: Row, { selected, secured: { table } }: ReadNode): Row {
  if (table.primaryKey.length === 0)
    for (const name of Object.keys(row)) if (name.startsWith(EXACT)) delete row[name];
  for (const { name } of table.primaryKey) {
    delete row[EXACT + name];
    if (!selected.some((member) => member.name === name)) delete row[name];
  }
  return row;
}

/** RETURNING has no order of its own; the key's makes answers reproducible. */
export function byKey({ primaryKey }: TableInfo): (a: Row, b: Row) => number {
  return (a, b) => {
    for (const { name } of primaryKey) {
      const sign = compare(a[KEY + name], b[KEY + name]) || compare(a[EXACT + name], b[EXACT + name]);
      if (sign !== 0) return sign;
    }
    return 0;
  };
}

const isNumber = (value: unknown): boolean => typeof value !== "number" || !Number.isNaN(value);

/** What is greater than nothing and smaller than nothing, as `NaN`, comes first. */
function compare(left: unknown, right: unknown): number {
  const [a, b] = [left as string, right as string];
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(isNumber(left)) - Number(isNumber(right));
}
