import type { TableInfo } from "./catalog.ts";

/** The names by which SQLite's own number of a row goes in a table: those that no column has. */
export function rowNumbersOf({ columns }: TableInfo): readonly string[] {
  const taken = new Set([...columns.values()].map(({ column }) => column.name.toLowerCase()));
  return ["rowid", "_rowid_", "oid"].filter((name) => !taken.has(name));
}
