import type { Column } from "drizzle-orm";
import { invalidValue } from "../error.ts";

/** What is wanted of a point, a line or a vector, and whether a value is one. */
interface Shape {
  readonly wanted: string;
  fits(value: unknown, column: Column): boolean;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const isTuple = (value: unknown, length: number): value is readonly number[] =>
  Array.isArray(value) && value.length === length && value.every(isNumber);

const hasNumbers = (value: unknown, names: readonly string[]): value is Readonly<Record<string, number>> =>
  typeof value === "object" &&
  value !== null &&
  names.every((name) => isNumber((value as Readonly<Record<string, unknown>>)[name]));

/** PostgreSQL takes anything this close to zero for zero, and a line needs a slope. */
const isLine = (a: number, b: number): boolean => Math.abs(a) > 1e-6 || Math.abs(b) > 1e-6;

const dimensionsOf = (column: Column): number =>
  (column as unknown as { readonly dimensions: number }).dimensions;

const vector = (isElement: (value: number) => boolean): Shape => ({
  wanted: "a list of as many numbers as the vector has dimensions",
  fits: (value, column) => isTuple(value, dimensionsOf(column)) && value.every(isElement),
});

const tuple: Shape = { wanted: "two numbers, x and y", fits: (value) => isTuple(value, 2) };
const point: Shape = { wanted: "numbers x and y", fits: (value) => hasNumbers(value, ["x", "y"]) };

/** Types Drizzle calls texts, arrays or JSON, and the database does not; nothing compares them. */
const SHAPES: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["PgPointTuple", tuple],
  ["PgPointObject", point],
  ["PgGeometry", tuple],
  ["PgGeometryObject", point],
  [
    "PgLine",
    {
      wanted: "three numbers, a, b and c, the first two not both zero",
      fits: (value) => isTuple(value, 3) && isLine(value[0]!, value[1]!),
    },
  ],
  [
    "PgLineABC",
    {
      wanted: "numbers a, b and c, the first two not both zero",
      fits: (value) => hasNumbers(value, ["a", "b", "c"]) && isLine(value["a"]!, value["b"]!),
    },
  ],
  ["PgVector", vector((value) => Number.isFinite(Math.fround(value)))],
  ["PgHalfVector", vector((value) => Math.abs(value) < 65_520)],
  [
    "PgSparseVector",
    {
      wanted: "a text such as {1:0.5,3:2}/4",
      fits: (value, column) => typeof value === "string" && isSparse(value, dimensionsOf(column)),
    },
  ],
]);

/** Elements end with a comma or where all of them do, so that digits side by side are read in one way alone. */
const SPARSE = /^\{((?:\d{1,9}:-?\d{1,9}(?:\.\d{1,9})?(?:,(?=\d)|(?=\})))*)\}\/(\d{1,9})$/;

function isSparse(text: string, dimensions: number): boolean {
  const [, elements, size] = SPARSE.exec(text) ?? [];
  if (elements === undefined || Number(size) !== dimensions) return false;
  const indexes = elements === "" ? [] : elements.split(",").map((element) => parseInt(element, 10));
  return new Set(indexes).size === indexes.length && indexes.every((i) => i >= 1 && i <= dimensions);
}

/** Whether a column holds points, lines or vectors. */
export const isShape = ({ columnType }: Column): boolean => SHAPES.has(columnType);

/** A point, a line or a vector as its column takes it. */
export function coerceShape(column: Column, value: unknown, path: string): unknown {
  const shape = SHAPES.get(column.columnType)!;
  if (shape.fits(value, column)) return value;
  throw invalidValue(`expected ${shape.wanted}`, path);
}
