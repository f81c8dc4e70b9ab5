import { Buffer } from "node:buffer";
import type { ColumnInfo } from "../schema/schema.ts";
import { literal, type Syntax } from "./syntax.ts";

/** SQL that raises an error; the portable reader then answers instead, slower and right. */
const UNSPEAKABLE = "json('')";

/** A real as the shortest digits that read back as the same double; SQLite's own JSON stops at fifteen. */
const real = (value: string): string =>
  `iif(${value}=cast(${value} as integer) and abs(${value})<9e15,cast(${value} as integer),` +
  `iif(abs(${value})=9e999,null,json(iif(cast(printf('%!.15g',${value}) as real)=${value},printf('%!.15g',${value}),printf('%!.17g',${value})))))`;

// The milliseconds of the years 0 to 9999, which strftime writes as ISO 8601 does.
const YEAR_0 = -62_167_219_200_000;
const YEAR_10000 = 253_402_300_800_000;

const dated = (value: string, inYears: string, written: string): string =>
  `case when ${inYears} then ${written} when ${value} is not null then ${UNSPEAKABLE} end`;

function json({ kind, column }: ColumnInfo, value: string): string {
  switch (kind) {
    case "boolean":
      return `json(iif(${value}=1,'true',iif(${value} is null,null,'false')))`;
    case "date":
      return column.columnType === "SQLiteTimestamp" && (column as { mode?: string }).mode === "timestamp"
        ? dated(
            value,
            `${value} between ${YEAR_0 / 1000} and ${(YEAR_10000 - 1000) / 1000}`,
            `strftime('%Y-%m-%dT%H:%M:%S.000Z',${value},'unixepoch')`,
          )
        : dated(
            value,
            `${value} between ${YEAR_0} and ${YEAR_10000 - 1}`,
            `strftime('%Y-%m-%dT%H:%M:%fZ',${value}/1000.0,'unixepoch')`,
          );
    case "number":
      return `case typeof(${value}) when 'integer' then ${value} when 'real' then ${real(value)} when 'null' then null else ${UNSPEAKABLE} end`;
    case "bigint":
      return column.columnType === "SQLiteBigInt"
        ? `cast(${value} as text)`
        : `case typeof(${value}) when 'integer' then cast(${value} as text) when 'null' then null else ${UNSPEAKABLE} end`;
    case "json":
      // A blob would be read as JSONB.
      return column.columnType === "SQLiteBlobJson" ? `json(cast(${value} as text))` : `json(${value})`;
    default:
      return value;
  }
}

/** SQL for a whole number that JSON's readers can hold, beyond 2^53 as text. */
export const whole = (value: string): string =>
  `iif(${value} between -9007199254740991 and 9007199254740991,${value},cast(${value} as text))`;

/** A value as tagged text: its storage class, then digits, text or hex. */
const tagged = (value: string): string =>
  `case typeof(${value}) when 'text' then 't'||${value} when 'integer' then 'i'||${value} when 'real' then 'r'||printf('%!.17g',${value}) when 'blob' then 'b'||hex(${value}) end`;

/** Whether a column's values survive JSON, and Drizzle's own reading of a row, as they are. */
const travelsRaw = ({ kind }: ColumnInfo): boolean =>
  kind === "text" || kind === "integer" || kind === "boolean" || kind === "date";

/** The value a driver would have answered for a tagged text. */
function untagged(text: string, beyond: (digits: string) => unknown): unknown {
  const digits = text.slice(1);
  switch (text[0]) {
    case "i": {
      const number = Number(digits);
      return Number.isSafeInteger(number) ? number : beyond(digits);
    }
    case "r":
      return readReal(digits);
    case "b":
      return Buffer.from(digits, "hex");
    default:
      return digits;
  }
}

function readReal(text: string): number {
  if (text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

/** Beyond 2^53 a column's mapping sees all the digits, and a computed field is a big integer. */
const fromText = ({ column }: ColumnInfo, text: string): unknown =>
  column.mapFromDriverValue(untagged(text, (digits) => digits));

/** SQLite 3.45, which libsql carries. */
export const sqlite: Syntax = {
  mark: "?",
  // Its functions take at most 100 arguments, a name and a value for each member.
  maxMembers: 48,
  object: (members) =>
    `json_object(${members.map(([name, value]) => `${literal(name)},${value}`).join(",")})`,
  list: (object) => `json_group_array(${object})`,
  document: (text) => text,
  orderKey: ({ direction }, value) => `${value} ${direction}`,
  // A limit is no bare value: SQLite prepares a statement anew for each value bound there. An offset needs a limit.
  range: ({ limit, offset }) => {
    const bounded = limit === undefined ? "" : ` limit ${limit}+0`;
    return offset === undefined ? bounded : `${bounded || " limit -1"} offset ${offset}+0`;
  },

  json,
  jsonExtra: (value) =>
    `case typeof(${value}) when 'integer' then ${whole(value)} when 'real' then ${real(value)} when 'blob' then ${UNSPEAKABLE} else ${value} end`,
  wantsMapping: ({ kind }) => kind === "decimal" || kind === "custom" || kind === "blob",

  sent: (column, value) => (travelsRaw(column) ? value : tagged(value)),
  received: (column, sent) =>
    travelsRaw(column) ? column.column.mapFromDriverValue(sent) : fromText(column, sent as string),
  sentExtra: tagged,
  receivedExtra: (sent) => untagged(sent, BigInt),

  // Rows of a relation travel as JSON, which has no bytes and of which SQLite prints reals with 15 digits; numeric
  // columns hold integers beyond 2^53 that libsql refuses to read.
  text: (column, value, nested) => {
    if (travelsRaw(column)) return undefined;
    return nested || column.column.columnType.startsWith("SQLiteNumeric") ? tagged(value) : undefined;
  },
  fromText,
};
