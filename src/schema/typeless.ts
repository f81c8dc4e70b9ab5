import type { Facts } from "./column.ts";
import type { ColumnKind } from "./kind.ts";

const NUMERIC: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "number",
  "decimal",
  "bigint",
  "boolean",
  "date",
]);

/**
 * What stands around a value that is compared with an expression of SQLite's, which has no type: it compares what has none
 * by its class, and a value that is cast has a type for both.
 */
export function typeless({ kind, column }: Facts): Pick<Facts, "opening" | "cast"> {
  if (kind === "text") return { opening: "cast(", cast: " as text)" };
  const digits = kind === "bigint" && column.columnType === "SQLiteBigInt";
  return digits || !NUMERIC.has(kind)
    ? { opening: "", cast: "" }
    : { opening: "cast(", cast: " as numeric)" };
}
