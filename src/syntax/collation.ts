import type { ColumnInfo } from "../schema/schema.ts";

/** How a column of SQLite compares, where its type says so; Drizzle knows it from nowhere else. */
export function collationOf({ type }: ColumnInfo): string {
  const [, after] = type.split(" collate ");
  return after === undefined ? "" : ` collate ${after.split(" ", 1)[0]!}`;
}
