import { Buffer } from "node:buffer";
import { parseJSON, plainDigits, readNumber } from "../digits.ts";
import { at, invalidBody, invalidValue } from "../error.ts";
import { MAX_DEPTH, nestsTooDeep } from "../nesting.ts";
import { type Fit, fitOf, isLonger, type Scalar } from "./fit.ts";
import { Gap } from "./gap.ts";
import { assertJson, isStorable } from "./json.ts";
import { isEnum } from "./kind.ts";
import { askedOf, readInstant } from "./instant.ts";
import { fitSqlite } from "./numeric.ts";
import type { ColumnInfo } from "./column.ts";
import { readLongNumbers } from "./long-number.ts";
import { coerceShape, isShape } from "./shape.ts";
import { isText, readType, type SqlType } from "./type.ts";

/**
 * Turns a value from the wire into what its column takes, or refuses it at `path`. Nothing that passes can make the
 * database fail for its type: one integer beyond 2^53 stored through libsql makes every later read of its row fail, and
 * PostgreSQL raises an error for what is no value of the type it is compared with. A value that will be `stored` must also
 * fit the column's length; one that is asked for and that the column cannot hold is a `Gap`. What authors write in the
 * schema's own types (`Date`, bigint, bytes) passes the same checks.
 */
export function coerce(column: ColumnInfo, value: unknown, path: string, stored = false): unknown {
  const coerced = coerceKind(column, stored ? value : readLongNumbers(column, value, path), path, stored);
  return column.database === "postgresql" && FITTED.has(column.kind)
    ? fitted(column, coerced as Scalar, path, stored)
    : coerced;
}

function coerceKind(column: ColumnInfo, value: unknown, path: string, stored: boolean): unknown {
  switch (column.kind) {
    case "text":
      return coerceText(column, value, path, stored);
    case "integer":
      return coerceInteger(column, value, path, stored);
    case "number":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw misfit("a finite number", path);
    case "decimal":
      return coerceDecimal(column, value, path, stored);
    case "bigint":
      return coerceBigInt(column, value, path);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw misfit("T or F (true or false in JSON)", path);
    case "date":
      return coerceDate(column, value, path, stored);
    case "json":
      assertJson(value, path);
      return value;
    case "blob":
      return coerceBlob(value, path);
    case "array":
      return coerceArray(column, value, path, stored);
    case "custom":
      return coerceCustom(column, value, path, stored);
  }
}

/** The kinds whose values PostgreSQL knows by the type of their column alone. */
const FITTED: ReadonlySet<ColumnInfo["kind"]> = new Set(["text", "integer", "number", "decimal", "bigint"]);

/** A value as PostgreSQL takes it for a column. */
function fitted(column: ColumnInfo, value: Scalar, path: string, stored: boolean): Scalar | Gap {
  const known = fitOfColumn(column);
  if (known === undefined) return value;
  const { type, fit } = known;
  const sent = fit.fit(value, type, stored);
  if (sent !== undefined) return sent;
  throw misfit(typeof fit.wanted === "string" ? fit.wanted : fit.wanted(type), path);
}

/** A type, and what it takes. */
interface Fitting {
  readonly type: SqlType;
  readonly fit: Fit;
}

/** Asked for every value, and always the same. */
const FITTINGS = new WeakMap<ColumnInfo, Fitting | "any">();

function fitOfColumn(column: ColumnInfo): Fitting | undefined {
  let known = FITTINGS.get(column);
  if (known === undefined) {
    const type = readType(column.type);
    const fit = isEnum(column.column) ? undefined : fitOf(type);
    FITTINGS.set(column, (known = fit === undefined ? "any" : { type, fit }));
  }
  return known === "any" ? undefined : known;
}

/**
 * Text of a form field as the value its column takes, an empty one as none where that is no text of its own; text that
 * fits no other kind stays text and is refused by `coerce`.
 */
export function readField(column: ColumnInfo, text: string, path: string): unknown {
  if (text === "" && column.nullable && !takesEmpty(column)) return null;
  return readLongNumbers(column, readText(column, text), path);
}

/** Whether an empty text is a value of a column. */
function takesEmpty(column: ColumnInfo): boolean {
  if (column.kind === "custom") return !isShape(column.column) && isText(column.type);
  if (column.kind !== "text") return false;
  try {
    coerce(column, "", "", true);
    return true;
  } catch {
    return false;
  }
}

function readText(column: ColumnInfo, text: string): unknown {
  switch (column.kind) {
    case "integer":
    case "number":
      return /^\s*(?:$|[+-]?0[xob])/i.test(text) ? text : readNumber(text);
    case "boolean":
      return text === "true" || text === "T" || text === "on" || text === "1"
        ? true
        : text === "false" || text === "F" || text === "0"
          ? false
          : text;
    case "date":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "json":
    case "array":
      return readJson(text, column.name);
    default:
      return isShape(column.column) ? readJson(text, column.name) : text;
  }
}

function readJson(text: string, path: string): unknown {
  if (nestsTooDeep(text)) throw invalidBody(`\`${path}\` nests more than ${MAX_DEPTH} levels deep`, path);
  try {
    return parseJSON(text);
  } catch {
    return text;
  }
}

/** SQLite counts on from the largest key, and what it makes must stay a number every reader can hold. */
const MAX_KEY = 2 ** 52;

const misfit = (wanted: string, path: string, hint?: string): Error =>
  invalidValue(`expected ${wanted}`, path, hint);

function coerceText(column: ColumnInfo, value: unknown, path: string, stored: boolean): string {
  if (typeof value !== "string") throw misfit("a text", path);
  if (!isStorable(value)) throw misfit("a text without NUL and lone surrogates", path);
  const allowed = column.column.enumValues;
  if (allowed !== undefined && allowed.length > 0 && !allowed.includes(value)) {
    throw misfit(`one of ${allowed.map((member) => `\`${member}\``).join(", ")}`, path);
  }
  const { length } = column.column as { length?: number };
  if (stored && length !== undefined && isLonger(value, length))
    throw misfit(`at most ${length} characters`, path);
  return value;
}

function coerceInteger(column: ColumnInfo, value: unknown, path: string, stored: boolean): number {
  const key = stored && column.primary && column.database === "sqlite";
  if (key && (value as number) > MAX_KEY) throw misfit(`a whole number up to ${MAX_KEY}`, path);
  if (typeof value === "number" && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  throw misfit("a whole number", path);
}

// As many digits as a double may have.
const DECIMAL = /^[+-]?(\d{1,310}(\.\d{0,1100})?|\.\d{1,1100})$/;

function coerceDecimal(column: ColumnInfo, value: unknown, path: string, stored: boolean): string | Gap {
  const text = typeof value === "number" ? plainDigits(String(value)) : value;
  if (typeof text !== "string" || !DECIMAL.test(text)) throw misfit("a decimal number", path);
  const sent = column.database === "sqlite" ? fitSqlite(text, stored) : text;
  if (sent !== undefined) return sent;
  throw misfit("a decimal number of at most 15 digits, or a whole one of 64 bits", path);
}

const INT64_MAX = 2n ** 63n - 1n;

/** Kept as digits, in a blob or a numeric; or a sum. */
const UNBOUNDED: ReadonlySet<string> = new Set([
  "SQLiteBigInt",
  "PgNumericBigInt",
  "SQLiteCustomColumn",
  "PgCustomColumn",
]);

function coerceBigInt(column: ColumnInfo, value: unknown, path: string): bigint {
  let number: bigint;
  if (typeof value === "bigint") number = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) number = BigInt(value);
  else if (typeof value === "string" && /^[+-]?\d{1,1000}$/.test(value)) number = BigInt(value);
  else throw misfit("a whole number as text", path);
  if (!UNBOUNDED.has(column.column.columnType) && (number > INT64_MAX || number < -INT64_MAX - 1n))
    throw misfit("a whole number of 64 bits", path);
  return number;
}

// Drizzle writes dates as ISO 8601 does, and PostgreSQL reads no other years of that.
const FIRST_DATE = Date.parse("0001-01-01T00:00:00.000Z");
const LAST_DATE = Date.parse("9999-12-31T23:59:59.999Z");

function coerceDate(column: ColumnInfo, value: unknown, path: string, stored: boolean): Date | string | Gap {
  const instant = readInstant(value);
  if (instant === undefined || Number.isNaN(instant.date.getTime())) {
    throw misfit("a date", path, "write an ISO 8601 text or milliseconds since 1970");
  }
  if (column.database === "postgresql" && !isReadable(instant.date.getTime(), column, stored))
    throw misfit("a date of the years 1 to 9999", path);
  return stored ? instant.date : askedOf(column, instant);
}

/** Whether a time is among the years both ways know, and still will be when it is rounded to what is stored. */
function isReadable(time: number, { type }: ColumnInfo, stored: boolean): boolean {
  const [precision = 6] = readType(type).parameters;
  return time >= FIRST_DATE && time <= LAST_DATE - (stored && precision < 3 ? 999 : 0);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function coerceBlob(value: unknown, path: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string" && BASE64.test(value)) return Buffer.from(value, "base64");
  throw misfit("bytes as base64", path);
}

/** PostgreSQL's bound for the dimensions of an array. */
const MAX_DIMENSIONS = 6;

function coerceArray(column: ColumnInfo, value: unknown, path: string, stored: boolean, depth = 1): unknown {
  if (!Array.isArray(value)) throw misfit("a list", path);
  const element = column.element!;
  const list = value as readonly unknown[];
  if (element.kind !== "array")
    return held(
      list.map((item, index) => (item === null ? null : coerce(element, item, at(path, index), stored))),
      column,
    );
  if (depth === MAX_DIMENSIONS) throw misfit(`a list of at most ${MAX_DIMENSIONS} dimensions`, path);
  assertRectangular(list, path);
  return held(
    list.map((item, index) => coerceArray(element, item, at(path, index), stored, depth + 1)),
    column,
  );
}

/** A list as it is where its column can hold all of it. */
function held(list: readonly unknown[], column: ColumnInfo): unknown {
  if (!list.some((item) => item instanceof Gap)) return list;
  const nested = column.element!.kind === "array";
  const kept = nested
    ? list.flatMap((item) => ((item instanceof Gap ? item.below : item) as unknown[]).flat(MAX_DIMENSIONS))
    : list.filter((item) => !(item instanceof Gap));
  return new Gap(nested ? shaped(kept, column) : kept);
}

/** Elements as one list of as many dimensions as a column's arrays have. */
function shaped(elements: readonly unknown[], { element }: ColumnInfo): readonly unknown[] {
  if (element!.kind !== "array" || elements.length === 0) return elements;
  return [shaped(elements, element!)];
}

/** An array within an array has as many elements as its neighbours, and at least one: PostgreSQL has no other. */
function assertRectangular(list: readonly unknown[], path: string): void {
  for (const [index, item] of list.entries()) {
    const here = at(path, index);
    if (!Array.isArray(item) || item.length === 0) throw misfit("a list that is not empty", here);
    if (item.length !== (list[0] as readonly unknown[]).length)
      throw misfit("a list as long as the one before", here);
  }
}

/** An author's mapping may throw, or answer what no database takes; both are the value's fault here, not the server's. */
function coerceCustom(column: ColumnInfo, value: unknown, path: string, stored: boolean): unknown {
  if (isShape(column.column)) return coerceShape(column.column, value, path);
  // A mapping may make a value of nothing.
  if (value === null) throw misfit("another kind of value", path);
  let driverValue: unknown;
  try {
    driverValue = column.column.mapToDriverValue(value);
  } catch {
    throw misfit("another kind of value", path);
  }
  if (!isBindable(driverValue)) throw misfit("another kind of value", path);
  if (column.database === "postgresql") fitted(column, driverValue, path, stored);
  return value;
}

function isBindable(value: unknown): value is Scalar {
  switch (typeof value) {
    case "string":
      return isStorable(value);
    case "boolean":
    case "bigint":
      return true;
    case "number":
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
    default:
      return value instanceof Uint8Array;
  }
}
