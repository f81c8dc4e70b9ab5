import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { ColumnFunction } from "../request/aggregate.ts";
import { type ColumnInfo, readColumn } from "./column.ts";
import { countColumn } from "./count-column.ts";
import type { ColumnKind, DatabaseKind } from "./kind.ts";
import { holdsMoments } from "./now.ts";
import { sumKey, sumOf } from "./sum-key.ts";
import { readType } from "./type.ts";
import { typeless } from "./typeless.ts";

/** A whole number as a number where it is one, else a big integer. */
const shortest = (whole: bigint): number | bigint =>
  Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;

const key = lite.customType<{ data: number | bigint; driverData: string }>({
  dataType: () => "text",
  toDriver: (sum) => sumKey(BigInt(sum)),
  fromDriver: sumOf,
});
const safeKey = lite.customType<{ data: number | bigint; driverData: string }>({
  dataType: () => "text",
  toDriver: (sum) => sumKey(BigInt(sum)),
  fromDriver: (text) => shortest(sumOf(text)),
});
const safeDigits = pg.customType<{ data: number | bigint; driverData: string }>({
  dataType: () => "numeric",
  toDriver: String,
  fromDriver: (digits) => shortest(BigInt(digits)),
});
/** A quotient without the zeros that say how exactly it was computed. */
const quotient = pg.customType<{ data: string; driverData: string }>({
  dataType: () => "numeric",
  fromDriver: (digits) => (digits.includes(".") ? withoutZeros(digits) : digits),
});
function withoutZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return digits.slice(0, digits[end - 1] === "." ? end - 1 : end);
}

const SQLITE = lite.sqliteTable("~figures", {
  key: key(),
  safeKey: safeKey(),
  real: lite.real(),
  decimal: lite.numeric(),
  moment: lite.integer({ mode: "timestamp_ms" }),
});
const POSTGRESQL = pg.pgTable("~figures", {
  digits: pg.numeric({ mode: "bigint" }),
  safeDigits: safeDigits(),
  double: pg.doublePrecision(),
  number: pg.numeric({ mode: "number" }),
  decimal: pg.numeric(),
  quotient: quotient(),
  moment: pg.timestamp({ withTimezone: true }),
});

/** A column that no table has; `kind` where Drizzle's own types say too little. */
function made(column: Parameters<typeof readColumn>[2], kind?: ColumnKind): ColumnInfo {
  const read = { ...readColumn("figure", 0, column, []), foreign: false };
  const facts = { ...read, kind: kind ?? read.kind };
  return facts.kind === "decimal" && facts.database === "sqlite" ? { ...facts, ...typeless(facts) } : facts;
}

/** What sums and averages of a kind of numbers are. */
interface Sums {
  readonly sum: ColumnInfo;
  readonly avg: ColumnInfo;
}

type Numbers = "integer" | "bigint" | "number" | "decimal" | "double";

const real = made(SQLITE.real);
const double = made(POSTGRESQL.double);
const number = made(POSTGRESQL.number);

const SUMS: Readonly<Record<DatabaseKind, Readonly<Record<Numbers, Sums>>>> = {
  sqlite: {
    integer: { sum: made(SQLITE.safeKey, "bigint"), avg: real },
    bigint: { sum: made(SQLITE.key, "bigint"), avg: real },
    number: { sum: real, avg: real },
    double: { sum: real, avg: real },
    decimal: { sum: made(SQLITE.decimal), avg: made(SQLITE.decimal) },
  },
  postgresql: {
    integer: { sum: made(POSTGRESQL.safeDigits, "bigint"), avg: double },
    bigint: { sum: made(POSTGRESQL.digits), avg: double },
    number: { sum: number, avg: number },
    double: { sum: double, avg: double },
    decimal: { sum: made(POSTGRESQL.decimal), avg: made(POSTGRESQL.quotient, "decimal") },
  },
};

const MOMENTS: Readonly<Record<DatabaseKind, ColumnInfo>> = {
  sqlite: made(SQLITE.moment),
  postgresql: made(POSTGRESQL.moment),
};

const NUMBERS: ReadonlySet<ColumnKind> = new Set(["integer", "bigint", "number", "decimal"]);
const FLOATS: ReadonlySet<string> = new Set(["float4", "float8"]);

/** The numbers that a column holds; `undefined` where it holds others, or none that can be compared. */
function numbersOf({ kind, type, database, compares }: ColumnInfo): Numbers | undefined {
  if (compares !== "order" || !NUMBERS.has(kind)) return undefined;
  return database === "postgresql" && FLOATS.has(readType(type).name) ? "double" : (kind as Numbers);
}

/**
 * What a function makes of the values of a column, as a column that no table has: what it is compared, ordered, sent and
 * received as. `undefined` where the function takes no such column. Of one column it is one.
 */
export function figureColumn(name: ColumnFunction, column: ColumnInfo): ColumnInfo | undefined {
  switch (name) {
    case "count":
      return countColumn(column.database);
    case "countDistinct":
      return column.compares === "nothing" ? undefined : countColumn(column.database);
    case "min":
    case "max":
      return column.compares === "order" ? extremeOf(column) : undefined;
    default: {
      const numbers = numbersOf(column);
      return numbers && SUMS[column.database][numbers][name];
    }
  }
}

const extremes = new WeakMap<ColumnInfo, ColumnInfo>();

/** What the least and the greatest value of a column are: of its type, and there need be none. */
function extremeOf(column: ColumnInfo): ColumnInfo {
  const known = extremes.get(column);
  if (known !== undefined) return known;
  const around = column.database === "sqlite" ? typeless(column) : undefined;
  const made = { ...column, ...around, nullable: true, primary: false, foreign: false };
  extremes.set(column, made);
  return made;
}

/** What the buckets are that the moments of a column fall in, as a column that no table has; `undefined` where it holds none. */
export const bucketColumn = (column: ColumnInfo): ColumnInfo | undefined =>
  column.compares === "order" && holdsMoments(column) ? MOMENTS[column.database] : undefined;
