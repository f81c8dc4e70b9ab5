import type { Column } from "drizzle-orm";

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
  /** A type of the schema's author, with mappings of its own. */
  | "custom";

/** The kind of a column, by Drizzle's data type and, where that says too little, its column type. */
export function kindOf(column: Column): ColumnKind {
  switch (column.dataType) {
    case "string":
      return column.columnType === "SQLiteNumeric" || column.columnType === "PgNumeric" ? "decimal" : "text";
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
    default:
      return "custom";
  }
}

const INTEGERS: ReadonlySet<string> = new Set([
  "SQLiteInteger",
  "PgInteger",
  "PgSmallInt",
  "PgSerial",
  "PgSmallSerial",
  "PgBigInt53",
  "PgBigSerial53",
]);
