import { readNumber } from "../digits.ts";
import type { Ordered } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Flat } from "./contract.ts";
import { areBare, linksOf, type Carry, Unsayable, writerOf } from "./flat.ts";
import { isPlainText, isZoned, postgresql } from "./postgresql.ts";

/** Whether a column's values are what their driver makes of them, or a text that says all of them. */
function comes(column: ColumnInfo): boolean {
  switch (column.kind) {
    case "text":
      return isPlainText(column);
    case "number":
      return column.column.columnType === "PgDoublePrecision"; // a `real` is another number as a double
    case "integer":
    case "boolean":
    case "decimal":
    case "bigint":
    case "date":
      return true;
    default:
      return false;
  }
}

/** Whether a whole number may have more digits than a double keeps. */
const isLong = ({ column: { columnType } }: ColumnInfo): boolean =>
  columnType === "PgBigInt53" || columnType === "PgBigSerial53";

function column(column: ColumnInfo, value: string, alone = false): string {
  switch (column.kind) {
    case "integer":
      return isLong(column) ? `${value}::text` : value;
    case "date":
      return alone && isMoment(column) ? sentMoment(column, value) : postgresql.json(column, value);
    case "decimal":
    case "bigint":
      return postgresql.json(column, value);
    default:
      return value;
  }
}

const isMoment = ({ column }: ColumnInfo): boolean => column.columnType === "PgTimestamp";

/**
 * The eight bytes of a moment, whatever the session's style of dates. Of one row they take less than its text, whose
 * expression is long; of many rows the texts made there cost this process less.
 */
function sentMoment(column: ColumnInfo, value: string): string {
  const type = isZoned(column) ? "timestamptz" : "timestamp";
  return `encode(${type}_send(${value}::${type}),'hex')`;
}

/** When PostgreSQL's time begins, in milliseconds. */
const EPOCH = Date.UTC(2000, 0, 1);
/** The value of a hexadecimal digit by its character. */
const DIGITS: readonly number[] = Array.from({ length: 128 }, (_, code) =>
  code < 97 ? code - 48 : code - 87,
);
/** The first moment that no answer has, in milliseconds. */
const ENDED = 8_640_000_000_000_000;

/** Microseconds since then, as a date of JavaScript writes its milliseconds; what none holds, as infinity, is null. */
function carryMoment(value: unknown): string | null {
  const digits = carryText(value) as string | null;
  if (digits === null) return null;
  let micros = 0;
  for (let index = 0; index < digits.length; index++)
    micros = micros * 16 + DIGITS[digits.charCodeAt(index)]!;
  const millis = Number.isSafeInteger(micros) ? Math.floor(micros / 1000) : exactMillis(digits);
  const date = millis + EPOCH;
  return date < ENDED && date > -ENDED ? new Date(date).toISOString() : null;
}

/** The same of a moment before the epoch, or centuries after it. */
function exactMillis(digits: string): number {
  const micros = BigInt.asIntN(64, BigInt(`0x${digits}`));
  return Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n);
}

/** What is of another type than its column says is asked for in another form. */
const carried =
  (type: "string" | "number" | "boolean"): Carry =>
  (value) => {
    if (value === null || typeof value === type) return value;
    throw new Unsayable();
  };

const [carryText, carryNumber, carryBoolean] = [carried("string"), carried("number"), carried("boolean")];

/** A whole number of any length, by its digits. */
function carryDigits(value: unknown): unknown {
  const digits = carryText(value) as string | null;
  if (digits === null) return null;
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : readNumber(digits);
}

function carryOf(column: ColumnInfo, alone: boolean): Carry {
  switch (column.kind) {
    case "integer":
      return isLong(column) ? carryDigits : carryNumber;
    case "number":
      return carryNumber;
    case "boolean":
      return carryBoolean;
    case "date":
      return alone && isMoment(column) ? carryMoment : carryText;
    default:
      return carryText;
  }
}

/** Whether the text of a key may be of any size. Before such a one stands a letter, so that none is empty. */
const isWide = ({ expression: { column } }: Ordered): boolean =>
  postgresql.size(column, "", false) !== undefined;

function key(key: Ordered, value: string, most: number): string {
  const { column } = key.expression;
  const kept = postgresql.kept(column, value);
  return isWide(key)
    ? `case when ${postgresql.size(column, value, false)!}>${most} then '' else 't'||${kept} end`
    : kept;
}

function placeOf(key: Ordered, value: unknown): string | null | undefined {
  const text = carryText(value) as string | null;
  if (text === null || !isWide(key)) return text;
  return text === "" ? undefined : text.slice(1);
}

/** Rows of PostgreSQL. Of a view nobody knows what type its columns have until they come. */
export const postgresqlFlat: Flat = {
  stops: false,
  says: ({ secured, selected, extras, relations, counts, paging, orderBy }) =>
    secured.table.kind === "table" &&
    extras.size + relations.size === 0 &&
    selected.every(({ expression }) => expression.kind === "column" && comes(expression.column)) &&
    (paging === undefined || orderBy.every(({ expression }) => expression.kind === "column")) &&
    areBare(linksOf(counts), column),
  column,
  extra: (value) => value,
  count: (value) => `${value}::text`,
  key,
  toRows: (node) =>
    writerOf(
      node,
      node.selected.map(({ expression }) => carryOf(expression.column, node.single)),
      carryDigits,
    ),
  toPlace: ({ selected, counts, orderBy }) => {
    const start = selected.length + counts.size;
    return (row) => orderBy.map((key, index) => placeOf(key, row[start + index]));
  },
};
