import { Buffer } from "node:buffer";
import type { Column } from "drizzle-orm";
import { isShape } from "./shape.ts";
import { comparisonOf, readType, takesPatterns } from "./type.ts";

/** What a column holds, as far as comparing, checking and sending it goes. */
export type ColumnKind =
  | "text"
  | "integer"
  | "number"
  /** Decimal digits as text. */
  | "decimal"
  | "bigint"
  | "boolean"
  | "date"
  | "json"
  | "blob"
  /** A list of what its `element` says. */
  | "array"
  /** A type of the schema's author, with mappings of its own, or one of which nothing is known. */
  | "custom";

/** Which of the database's own comparisons are total for a column: `<` and `=`, `=` alone, or none. */
export type Comparison = "order" | "equality" | "nothing";

/** A database that tables are written for. */
export type DatabaseKind = "sqlite" | "postgresql";

/** Which database a column belongs to. */
export const databaseOf = (column: Column): DatabaseKind =>
  column.columnType.startsWith("Pg") ? "postgresql" : "sqlite";

/** The kind of a column, by Drizzle's data type and, where that says too little, its column type. */
export function kindOf(column: Column): ColumnKind {
  if (isShape(column)) return "custom";
  switch (column.dataType) {
    case "string":
      return DECIMALS.has(column.columnType) ? "decimal" : "text";
    case "number":
      return INTEGERS.has(column.columnType) ? "integer" : "number";
    case "bigint":
      return "bigint";
    case "boolean":
      return "boolean";
    case "date":
      return "date";
    case "json":
      return "json";
    case "buffer":
      return "blob";
    case "array":
      return column.columnType === "PgArray" ? "array" : "custom";
    default:
      return holdsBytes(column) ? "blob" : "custom";
  }
}

const DECIMALS: ReadonlySet<string> = new Set(["SQLiteNumeric", "PgNumeric"]);

const INTEGERS: ReadonlySet<string> = new Set([
  "SQLiteInteger",
  "PgInteger",
  "PgSmallInt",
  "PgSerial",
  "PgSmallSerial",
  "PgBigInt53",
  "PgBigSerial53",
]);

/** Drizzle has no bytes for PostgreSQL: whether a type of the author's holds them, and its mappings leave them alone. */
function holdsBytes(column: Column): boolean {
  if (databaseOf(column) !== "postgresql" || readType(column.getSQLType()).name !== "bytea") return false;
  const bytes = Buffer.from([0, 255]);
  const same = (value: unknown): boolean => value instanceof Uint8Array && bytes.equals(value);
  try {
    return same(column.mapToDriverValue(bytes)) && same(column.mapFromDriverValue(bytes));
  } catch {
    return false;
  }
}

/** Which comparisons are total for a column; of an array, those its elements have. */
export function compares(column: Column, kind: ColumnKind, element: Comparison | undefined): Comparison {
  if (databaseOf(column) === "sqlite") {
    // Digits kept in bytes have no order that means something.
    const digits = column.columnType === "SQLiteBigInt";
    return kind === "json" || kind === "blob" || digits ? "equality" : "order";
  }
  if (kind === "array") return element === "nothing" ? "nothing" : "equality";
  return isEnum(column) ? "order" : comparisonOf(column.getSQLType());
}

/** Whether patterns are looked for in a column. */
export function matches(column: Column, kind: ColumnKind): boolean {
  if (kind !== "text") return false;
  return databaseOf(column) === "sqlite" || (!isEnum(column) && takesPatterns(column.getSQLType()));
}

/** Whether a column is of a type made by `create type … as enum`. */
export const isEnum = ({ columnType }: Column): boolean =>
  columnType === "PgEnumColumn" || columnType === "PgEnumObjectColumn";
