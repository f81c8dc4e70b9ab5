import { Digits, nameDouble, plainDigits } from "../digits.ts";
import { at, invalidValue, quote } from "../error.ts";
import type { ColumnInfo } from "./column.ts";
import { isShape } from "./shape.ts";

/**
 * A value with numbers of more digits than a double keeps as its column takes it: all of the digits where they are what
 * is stored, the nearest double where that is, and refused elsewhere. `column` is `undefined` for what is no column.
 */
export function readLongNumbers(column: ColumnInfo | undefined, value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Digits) return readLongNumber(column, value, path);
  if (Array.isArray(value)) {
    const inner = column?.kind === "array" ? column.element : column;
    return value.map((item: unknown, index) => readLongNumbers(inner, item, at(path, index)));
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, readLongNumbers(column, member, at(path, key))]),
  );
}

function readLongNumber(column: ColumnInfo | undefined, number: Digits, path: string): unknown {
  switch (column?.kind) {
    case "decimal":
      return plainDigits(number.digits);
    case "bigint":
      throw invalidValue("expected a whole number as text", path);
    case "integer":
      throw invalidValue("expected a whole number", path);
    case "date":
      throw invalidValue("expected a date", path, "write an ISO 8601 text or milliseconds since 1970");
    case "number":
      if (!column.type.startsWith("numeric")) return Number(number);
      break;
    case "custom":
      if (isShape(column.column)) return Number(number);
      break;
    case "text":
    case "boolean":
    case "blob":
      return Number(number); // which is none of theirs
  }
  if (nameDouble(number)) return Number(number);
  throw invalidValue(`${quote(number.digits)} has more digits than a number keeps`, path, "send it as text");
}
