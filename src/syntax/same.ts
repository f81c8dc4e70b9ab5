import type { ColumnInfo } from "../schema/schema.ts";
import { collationOf } from "./collation.ts";

/** Types of PostgreSQL with values that are equal and written differently, as 1.0 and 1.00. */
const VARIED = /^(?:numeric|decimal|citext|jsonb|interval\b[^[]*)(?:\[\d*\])*$/;

/** SQL for one of the equal values of a group, the same whichever row is met first; `value` is what it is grouped by. */
export function oneOfSame(column: ColumnInfo, value: string): string {
  if (column.database === "sqlite") {
    const collation = collationOf(column);
    return collation === "" ? value : `min(${value} collate binary)${collation}`;
  }
  if (!VARIED.test(column.type)) return value;
  return `min(${value}::text collate "C")::${column.type}`;
}
