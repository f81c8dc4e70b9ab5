import { Buffer } from "node:buffer";
import { type Column, type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";

/** Whether a column's values survive JSON, and Drizzle's own reading of a row, as they are. */
export function travelsRaw({ kind }: ColumnInfo): boolean {
  return kind === "text" || kind === "integer" || kind === "boolean" || kind === "date";
}

/**
 * Whether a column's values travel as tagged text through the portable reader.
 *
 * Rows of a relation travel as JSON, which has no bytes and of which SQLite prints reals with 15 digits; numeric
 * columns hold integers beyond 2^53 that libsql refuses to read.
 */
export function travelsAsText(column: ColumnInfo, nested: boolean): boolean {
  if (column.database !== "sqlite" || travelsRaw(column)) return false;
  return nested || column.column.columnType.startsWith("SQLiteNumeric");
}

/** `$` as tagged text: its storage class, then digits, text or hex. */
const TAGGED =
  "case typeof($) when 'text' then 't'||$ when 'integer' then 'i'||$ when 'real' then 'r'||printf('%!.17g',$) when 'blob' then 'b'||hex($) end";

/** SQL text for a value as tagged text. */
export const asText = (value: string): string => TAGGED.replaceAll("$", () => value);

/** A column as tagged text, for Drizzle. */
export function columnAsText({ column, name }: ColumnInfo): SQL.Aliased {
  const pieces = TAGGED.split("$").map((piece) => sql.raw(piece));
  return sql.join(pieces, sql`${column}`).as(name);
}

/** A computed field as tagged text, for Drizzle; made once, tagged outside. */
export function valueAsText(extra: SQL.Aliased, name: string): SQL.Aliased {
  return sql`(select ${sql.raw(asText('"v"'))} from (select ${extra.sql} as "v"))`.as(name);
}

/** The value a tagged text stands for, as its column maps it. */
export function fromText({ column }: ColumnInfo, tagged: string): unknown {
  return column.mapFromDriverValue(driverValue(tagged, column));
}

/** The value a driver would have answered for a tagged text. */
export function driverValue(tagged: string, column?: Column): unknown {
  const text = tagged.slice(1);
  switch (tagged[0]) {
    case "i": {
      const number = Number(text);
      // Beyond 2^53 a column's mapping sees all the digits, and a computed field is a big integer.
      if (Number.isSafeInteger(number)) return number;
      return column === undefined ? BigInt(text) : text;
    }
    case "r":
      return readReal(text);
    case "b":
      return Buffer.from(text, "hex");
    default:
      return text;
  }
}

function readReal(text: string): number {
  if (text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}
