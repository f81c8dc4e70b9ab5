import { Buffer } from "node:buffer";
import { at, invalidValue } from "../error.ts";
import type { ColumnInfo } from "./schema.ts";

/**
 * Turns a value from the wire into what its column takes, or refuses it at `path`. Nothing that passes can make the
 * database fail for its type: one integer beyond 2^53 stored through libsql makes every later read of its row fail.
 * A value that will be `stored` must also fit the column's length. What authors write in the schema's own types (`Date`,
 * bigint, bytes) passes the same checks.
 */
export function coerce(column: ColumnInfo, value: unknown, path: string, stored = false): unknown {
  switch (column.kind) {
    case "text":
      return coerceText(column, value, path, stored);
    case "integer":
      if (stored && column.primary && (value as number) > MAX_KEY)
        throw misfit(`a whole number up to ${MAX_KEY}`, path);
      if (typeof value === "number" && Number.isSafeInteger(value)) return value === 0 ? 0 : value;
      throw misfit("a whole number", path);
    case "number":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      throw misfit("a finite number", path);
    case "decimal":
      return coerceDecimal(value, path);
    case "bigint":
      return coerceBigInt(column, value, path);
    case "boolean":
      if (typeof value === "boolean") return value;
      throw misfit("T or F (true or false in JSON)", path);
    case "date":
      return coerceDate(value, path);
    case "json":
      assertJson(value, path);
      return value;
    case "blob":
      return coerceBlob(value, path);
    case "custom":
      return coerceCustom(column, value, path);
  }
}

/** Text of a form field as the value its column takes; text that fits no other kind stays text and is refused by `coerce`. */
export function readText(column: ColumnInfo, text: string): unknown {
  switch (column.kind) {
    case "integer":
    case "number":
      return text.trim() === "" ? text : Number(text);
    case "boolean":
      return text === "true" || text === "T" || text === "on" || text === "1"
        ? true
        : text === "false" || text === "F" || text === "0"
          ? false
          : text;
    case "date":
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case "json":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
    default:
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
  if (stored && length !== undefined && Array.from(value).length > length)
    throw misfit(`at most ${length} characters`, path);
  if (column.column.columnType === "PgUUID" && !UUID.test(value)) throw misfit("a UUID", path);
  return value;
}

/** Whether a text reaches the database as it is: drivers cut it at NUL, and UTF-8 has no lone surrogates. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const DECIMAL = /^[+-]?(\d{1,300}(\.\d{0,300})?|\.\d{1,300})$/;

function coerceDecimal(value: unknown, path: string): string {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string" && DECIMAL.test(value)) return value;
  throw misfit("a decimal number", path);
}

const INT64_MAX = 2n ** 63n - 1n;

function coerceBigInt(column: ColumnInfo, value: unknown, path: string): bigint {
  let number: bigint;
  if (typeof value === "bigint") number = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) number = BigInt(value);
  else if (typeof value === "string" && /^[+-]?\d{1,1000}$/.test(value)) number = BigInt(value);
  else throw misfit("a whole number as text", path);
  const unbounded = column.column.columnType === "SQLiteBigInt"; // kept as digits in a blob
  if (!unbounded && (number > INT64_MAX || number < -INT64_MAX - 1n))
    throw misfit("a whole number of 64 bits", path);
  return number;
}

// ISO 8601: a date, or a date and time; without a zone it is UTC, so that no answer depends on the server's own.
const ISO =
  /^([+-]\d{6}|\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/i;

function coerceDate(value: unknown, path: string): Date {
  const date =
    value instanceof Date
      ? value
      : typeof value === "number"
        ? new Date(value)
        : typeof value === "string"
          ? readDate(value)
          : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) {
    throw misfit("a date", path, "write an ISO 8601 text or milliseconds since 1970");
  }
  return date;
}

function readDate(text: string): Date | undefined {
  const parts = ISO.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = parts;
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (m < 1 || m > 12 || d < 1 || d > daysIn(y, m)) return undefined;
  const milliseconds = fraction.slice(0, 3).padEnd(3, "0");
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${zone.toUpperCase()}`);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** How deep a JSON value may nest; RJSON's own bound. */
const MAX_JSON_DEPTH = 64;

function assertJson(value: unknown, path: string, depth = 0): void {
  if (depth > MAX_JSON_DEPTH) throw misfit(`a JSON value at most ${MAX_JSON_DEPTH} levels deep`, path);
  switch (typeof value) {
    case "string":
      if (isStorable(value)) return;
      break;
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      break;
    case "object":
      if (value === null) return;
      for (const [key, member] of Object.entries(value)) assertJson(member, at(path, key), depth + 1);
      return;
  }
  throw misfit("a JSON value", path);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function coerceBlob(value: unknown, path: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string" && BASE64.test(value)) return Buffer.from(value, "base64");
  throw misfit("bytes as base64", path);
}

/** An author's mapping may throw, or answer what no database takes; both are the value's fault here, not the server's. */
function coerceCustom(column: ColumnInfo, value: unknown, path: string): unknown {
  let driverValue: unknown;
  try {
    driverValue = column.column.mapToDriverValue(value);
  } catch {
    throw misfit("another kind of value", path);
  }
  switch (typeof driverValue) {
    case "string":
      if (isStorable(driverValue)) return value;
      break;
    case "boolean":
    case "bigint":
      return value;
    case "number":
      if (
        Number.isFinite(driverValue) &&
        (!Number.isInteger(driverValue) || Number.isSafeInteger(driverValue))
      )
        return value;
      break;
    case "object":
      if (driverValue instanceof Uint8Array) return value;
  }
  throw misfit("another kind of value", path);
}
