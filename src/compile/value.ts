import { noopDecoder, type SQL } from "drizzle-orm";
import type { ReadNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { driverValue, fromText, travelsRaw } from "./transport.ts";

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

/** SQL for a column's value as its JSON carries it; only for columns that need no decoding. */
export function jsonColumn({ kind, column }: ColumnInfo, value: string): string {
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

/** SQL for a computed field's value as JSON carries it. */
export function jsonExtra(value: string): string {
  return `case typeof(${value}) when 'integer' then ${whole(value)} when 'real' then ${real(value)} when 'blob' then ${UNSPEAKABLE} else ${value} end`;
}

/** SQL for a whole number that JSON's readers can hold, beyond 2^53 as text. */
const whole = (value: string): string =>
  `iif(${value} between -9007199254740991 and 9007199254740991,${value},cast(${value} as text))`;

/** SQL for a computed field's value in a row that is written here; a driver's numbers end at 2^53 too. */
export const flatExtra = (value: string): string =>
  `iif(typeof(${value})='integer',${whole(value)},${value})`;

/** Whether SQL cannot say what the node's values are in JSON, so that they are decoded here. */
export function wantsDecoding(node: ReadNode): boolean {
  return (
    node.columns.some(({ kind }) => kind === "decimal" || kind === "custom" || kind === "blob") ||
    [...node.extras.values()].some((extra) => !isPlainExtra(extra))
  );
}

interface Decoder {
  mapFromDriverValue(value: unknown): unknown;
}

const decoderOf = (extra: SQL.Aliased): Decoder => (extra.sql as unknown as { decoder: Decoder }).decoder;

/** Whether its author gave a computed field no mapping. */
const isPlainExtra = (extra: SQL.Aliased): boolean => decoderOf(extra) === noopDecoder;

/** The value of a computed field as a driver answered it, mapped as its author wishes. */
export function extraValue(value: unknown, extra: SQL.Aliased): unknown {
  return value === null || value === undefined ? null : decoderOf(extra).mapFromDriverValue(value);
}

type Row = Record<string, unknown>;

/** Turns rows that travelled as JSON into rows as Drizzle would answer them, in place. */
export function decodeRows(rows: readonly Row[], node: ReadNode): void {
  for (const row of rows) decodeRow(row, node);
}

function decodeRow(row: Row, node: ReadNode): void {
  for (const column of node.columns) {
    const value = row[column.name];
    if (value === null) continue;
    row[column.name] = travelsRaw(column)
      ? column.column.mapFromDriverValue(value)
      : fromText(column, value as string);
  }
  for (const [name, extra] of node.extras) {
    const value = row[name];
    row[name] = value === null ? null : extraValue(driverValue(value as string), extra);
  }
  for (const [name, { node: child }] of node.relations) {
    const value = row[name] as Row | readonly Row[] | null;
    if (Array.isArray(value)) decodeRows(value as Row[], child);
    else if (value !== null) decodeRow(value as Row, child);
  }
}
