import { Buffer } from "node:buffer";
import { parseJSON, readNumber } from "../digits.ts";
import type { ReadNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { sqlite, wholeOr } from "./sqlite.ts";

/** What a value of a row is in JSON. */
type Carry = (value: unknown) => unknown;

/** Turns rows that came as arrays, in the order of the statement, into what `JSON.stringify` writes as objects. */
export type RowsWriter = (rows: readonly ArrayLike<unknown>[]) => readonly object[];

/** SQL for a column in a row that is written here: as it is stored, where its JSON is made faster here than there. */
export function flatColumn(column: ColumnInfo, value: string): string {
  if (column.expression !== undefined) return flatExtra(value);
  return column.kind === "json" || column.kind === "bigint" ? sqlite.json(column, value) : value;
}

/** The same for a row that is written and cannot be asked for in another form: a whole number says all its digits. */
export const flatMade = (column: ColumnInfo, value: string): string =>
  column.kind === "integer" ? wholeOr(value) : flatColumn(column, value);

/** SQL for a computed field in a row that is written here; a driver's numbers end at 2^53. */
export const flatExtra: (value: string) => string = wholeOr;

/**
 * The writer for a node without relations, whose values begin at `start`; one call of the platform's own serialiser costs
 * less than many small texts. Rows that are `made` by a write are not asked for again.
 */
export function rowsWriter(node: ReadNode, start = 0, made = false): RowsWriter {
  const names = [...node.selected.map(({ name }) => name), ...node.extras.keys()];
  const carries = [
    ...node.selected.map(({ expression: { column } }) =>
      made && column.kind === "integer" ? carryMade : carryOf(column),
    ),
    ...[...node.extras].map(() => carryAny),
  ];
  // A member of that name would be taken for the prototype.
  const plain = !names.includes("__proto__");
  return (rows) =>
    Array.from(rows, (row) => {
      const object: Record<string, unknown> = plain ? {} : (Object.create(null) as Record<string, unknown>);
      for (let index = 0; index < names.length; index++)
        object[names[index]!] = carries[index]!(row[start + index]);
      return object;
    });
}

function carryOf({ kind, column, expression }: ColumnInfo): Carry {
  if (expression !== undefined) return carryAny;
  switch (kind) {
    case "boolean":
      return (value) => (value === null ? null : value === 1);
    case "date":
      return (value) =>
        typeof value === "number" || typeof value === "string"
          ? (column.mapFromDriverValue(value) as Date).toJSON()
          : null;
    case "integer":
      return carryInteger;
    case "number":
      return column.columnType === "SQLiteNumericNumber"
        ? (value) => (value === null ? null : column.mapFromDriverValue(value))
        : carryAny;
    case "json":
      return (value) => (value === null ? null : parseJSON(value as string));
    default:
      return carryAny;
  }
}

/** A value whose digits its driver has lost: the rows are asked for in another form. */
export class Unsayable extends Error {}

function carryInteger(value: unknown): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value))
    return carryAny(value);
  throw new Unsayable();
}

function carryMade(value: unknown): unknown {
  return typeof value === "string" && /^-?\d+$/.test(value) ? readNumber(value) : carryAny(value);
}

/** Any value a driver answers; SQLite's columns may hold what their type does not say. */
function carryAny(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Uint8Array)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
}
