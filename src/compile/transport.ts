import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";

/**
 * Whether a column's values survive the way from the database as they are.
 *
 * Rows of a relation travel as JSON, which has no bytes and of which SQLite prints reals with 15 digits; numeric
 * columns hold integers beyond 2^53 that libsql refuses to read. Such columns travel as tagged text.
 */
export function travelsAsText(column: ColumnInfo, nested: boolean): boolean {
  if (column.database !== "sqlite") return false;
  switch (column.kind) {
    case "text":
    case "boolean":
    case "date":
    case "integer":
      return false;
    case "decimal":
      return true;
    case "bigint":
      return nested || column.column.columnType !== "SQLiteBigInt";
    case "number":
      return nested || column.column.columnType !== "SQLiteReal";
    case "json":
      return nested && column.column.columnType === "SQLiteBlobJson";
    case "blob":
    case "custom":
      return nested;
  }
}

/** A column as tagged text: its storage class, then digits, text or hex. */
export function asText({ column, name }: ColumnInfo): SQL.Aliased {
  return sql`case typeof(${column}) when 'text' then 't' || ${column} when 'integer' then 'i' || ${column} when 'real' then 'r' || printf('%!.17g', ${column}) when 'blob' then 'b' || hex(${column}) end`.as(
    name,
  );
}

/** The value a tagged text stands for, as its column maps it. */
export function fromText({ column }: ColumnInfo, tagged: string): unknown {
  const text = tagged.slice(1);
  switch (tagged[0]) {
    case "i": {
      const number = Number(text);
      return column.mapFromDriverValue(Number.isSafeInteger(number) ? number : text);
    }
    case "r":
      return column.mapFromDriverValue(readReal(text));
    case "b":
      return column.mapFromDriverValue(Buffer.from(text, "hex"));
    default:
      return column.mapFromDriverValue(text);
  }
}

function readReal(text: string): number {
  if (text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}
