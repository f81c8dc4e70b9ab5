import type { SQL } from "drizzle-orm";
import { equalitiesIn } from "../drizzle/drizzle.ts";
import type { TableInfo } from "./catalog.ts";
import type { ColumnInfo } from "./column.ts";
import { markOf } from "./distinct.ts";

/**
 * What is known of some rows of a table: by the names that columns have in the database, marks of values of which each row
 * has one. Nothing is known of the other columns.
 */
export type Held = ReadonlyMap<string, ReadonlySet<string>>;

/** The marks of values as a driver takes them; `undefined` where one has none. */
export function marksOf(column: ColumnInfo, values: readonly unknown[]): ReadonlySet<string> | undefined {
  const marks = new Set<string>();
  for (const value of values) {
    const mark = markOf(column, value);
    if (mark === undefined) return undefined;
    marks.add(mark);
  }
  return marks;
}

/** What rows have of which a condition holds. */
export function heldBy(condition: SQL, { table, columns }: TableInfo): Held {
  const held = new Map<string, ReadonlySet<string>>();
  for (const { column, values } of equalitiesIn(condition)) {
    const info = [...columns.values()].find((own) => own.column === column);
    const marks = info && column.table === table ? marksOf(info, values) : undefined;
    if (marks !== undefined) held.set(column.name, marks);
  }
  return held;
}

/** Whether no row can be among both. */
export function areApart(some: Held, others: Held): boolean {
  for (const [name, marks] of some) {
    const other = others.get(name);
    if (other !== undefined && ![...marks].some((mark) => other.has(mark))) return true;
  }
  return false;
}
