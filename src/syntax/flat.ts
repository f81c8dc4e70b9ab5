import { Buffer } from "node:buffer";
import { parseJSON, readNumber } from "../digits.ts";
import type { Ordered, ReadNode, RelationNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Flat, PlaceReader, RowsWriter } from "./contract.ts";
import { sqlite, wholeOr } from "./sqlite.ts";

/** What a value of a row is in JSON. */
export type Carry = (value: unknown) => unknown;

/** The member of a row that holds the numbers of its related rows. */
const COUNTS = "_count";

/** SQL for a column in a row that is written here: as it is stored, where its JSON is made faster here than there. */
export function flatColumn(column: ColumnInfo, value: string): string {
  if (column.expression !== undefined) return flatExtra(value);
  return column.kind === "json" || column.kind === "bigint" ? sqlite.json(column, value) : value;
}

/** The same for a row that is written and cannot be asked for in another form: a whole number says all its digits. */
export const flatMade = (column: ColumnInfo, value: string): string =>
  column.kind === "integer" ? wholeOr(value) : flatColumn(column, value);

/** SQL for a computed field in a row that is written here; a driver's numbers end at 2^53. */
const flatExtra: (value: string) => string = wholeOr;

/**
 * The writer for a node without relations, whose values begin at `start`; one call of the platform's own serialiser costs
 * less than many small texts. Rows that are `made` by a write are not asked for again.
 */
export function rowsWriter(node: ReadNode, start = 0, made = false): RowsWriter {
  const carries = [
    ...node.selected.map(({ expression: { column } }) =>
      made && column.kind === "integer" ? carryMade : carryOf(column),
    ),
    ...[...node.extras].map(() => carryAny),
  ];
  return writerOf(node, carries, carryAny, start);
}

/** The writer of rows whose values, and then the numbers of their related rows, are carried so. */
export function writerOf(node: ReadNode, carries: readonly Carry[], count: Carry, start = 0): RowsWriter {
  const counted = [...node.counts.keys()];
  const names = [...node.selected.map(({ name }) => name), ...node.extras.keys()];
  // A member of that name would be taken for the prototype.
  const plain = !names.includes("__proto__");
  return (rows) =>
    Array.from(rows, (row) => {
      const object: Record<string, unknown> = plain ? {} : (Object.create(null) as Record<string, unknown>);
      for (let index = 0; index < names.length; index++)
        object[names[index]!] = carries[index]!(row[start + index]);
      if (counted.length > 0) object[COUNTS] = numbersOf(counted, row, start + names.length, count);
      return object;
    });
}

/** The numbers of a row's related rows, which stand in it from a place on. */
function numbersOf(names: readonly string[], row: ArrayLike<unknown>, start: number, carry: Carry): object {
  const numbers = Object.create(null) as Record<string, unknown>; // any name may be given
  for (let index = 0; index < names.length; index++) numbers[names[index]!] = carry(row[start + index]);
  return numbers;
}

/** Whether the values of a key of an order say all of themselves as they are stored. */
const saysPlace = ({ expression: { kind, column } }: Ordered): boolean =>
  kind !== "rank" && column.expression === undefined && PLACES.has(column.kind);

const PLACES: ReadonlySet<ColumnInfo["kind"]> = new Set(["integer", "boolean", "date", "text"]);

/** SQL for the value of such a key; one that is too long for a cursor stays where it is. */
const flatKey = ({ expression: { column } }: Ordered, value: string, most: number): string =>
  column.kind === "text" ? `iif(octet_length(${value})>${most},9e999,${value})` : value;

/** The reader for the places of rows whose keys they end with. */
function placeReader({ selected, extras, counts, orderBy }: ReadNode): PlaceReader {
  const start = selected.length + extras.size + counts.size;
  return (row) => orderBy.map((key, index) => placeOf(key, row[start + index]));
}

/** The text by which SQLite itself would tag the value. */
function placeOf({ expression: { column } }: Ordered, value: unknown): string | null | undefined {
  if (value === null) return null;
  if (typeof value === "string") return `t${value}`;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return `i${value as number | bigint}`;
  if (column.kind === "text" && value === Number.POSITIVE_INFINITY) return undefined;
  throw new Unsayable();
}

/** Rows of SQLite. */
export const sqliteFlat: Flat = {
  stops: true,
  says: ({ paging, orderBy, relations, counts }) =>
    relations.size === 0 &&
    (paging === undefined || orderBy.every(saysPlace)) &&
    areBare(linksOf(counts), flatColumn),
  column: flatColumn,
  extra: flatExtra,
  count: (value) => value,
  key: flatKey,
  toRows: rowsWriter,
  toPlace: placeReader,
};

/** The ways to the rows that are counted. */
export const linksOf = (counts: ReadNode["counts"]): readonly Way[] =>
  Array.from(counts.values(), ({ link }) => link);

/** A way from a row to others. */
type Way = Pick<RelationNode, "relation">;

/** Whether the columns by which a row's other rows are found come as they are stored. */
export const areBare = (ways: readonly Way[], column: Flat["column"]): boolean =>
  ways.every(({ relation }) => relation.on.every(({ source }) => column(source, "") === ""));

function carryOf({ kind, column, expression }: ColumnInfo): Carry {
  if (expression !== undefined) return carryAny;
  switch (kind) {
    case "boolean":
      return (value) => (value === null ? null : value === 1);
    case "date":
      return (value) =>
        typeof value === "number" || typeof value === "string"
          ? carryDate(column.mapFromDriverValue(value) as Date)
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

/** What `toJSON` answers, in half of the time. */
const carryDate = (date: Date): string | null => (Number.isNaN(date.getTime()) ? null : date.toISOString());

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
