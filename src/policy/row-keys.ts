import { type ColumnInfo, indexesOf, type TableInfo } from "../schema/schema.ts";
import type { Policy } from "./policy.ts";

/** The columns of a key: no two rows have the same values in them. */
export type RowKey = readonly ColumnInfo[];

/**
 * The keys of a table that are made of these columns only: its primary key first, then whatever else the schema says is
 * unique. That a part may be null is no matter to who names a value for each.
 */
export function keysOf({ table, primaryKey }: TableInfo, columns: Iterable<ColumnInfo>): readonly RowKey[] {
  const byName = new Map([...columns].map((column) => [column.column.name, column] as const));
  const keys = new Map<string, RowKey>();
  const add = (names: readonly (string | undefined)[]): void => {
    const key = names.map((name) => byName.get(name ?? ""));
    if (key.length > 0 && key.every((column) => column !== undefined)) keys.set(JSON.stringify(names), key);
  };
  if (primaryKey.length > 0) add(primaryKey.map(({ column }) => column.name));
  for (const index of indexesOf(table) ?? []) if (index.unique && !index.partial) add(index.columns);
  return [...keys.values()];
}

/** The columns by which new rows may meet rows that exist: their sender writes them, and hears of them in every row. */
export const meetingColumns = ({
  writable,
  selects,
  readable,
  masks,
}: Policy): ReadonlyMap<string, ColumnInfo> =>
  new Map(
    [...writable].filter(([, column]) => !selects || (readable.has(column.name) && !masks.has(column))),
  );

/** The keys that are made of them. */
export const meetingKeys = (policy: Policy): readonly RowKey[] =>
  keysOf(policy.table, meetingColumns(policy).values());

/** A filter that fixes a key, as a client writes it: `(id:'…')`. */
export const exampleOf = (key: RowKey): string =>
  `(${key.map(({ name, kind }) => `${name}:${UNQUOTED.has(kind) ? "…" : "'…'"}`).join(",")})`;

const UNQUOTED: ReadonlySet<string> = new Set<ColumnInfo["kind"]>([
  "integer",
  "number",
  "decimal",
  "bigint",
  "boolean",
]);
