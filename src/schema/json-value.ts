import { boolean, numeric, pgTable, text } from "drizzle-orm/pg-core";
import { integer, numeric as sqliteNumeric, sqliteTable, text as sqliteText } from "drizzle-orm/sqlite-core";
import { Digits } from "../digits.ts";
import { invalidValue } from "../error.ts";
import { coerce } from "./coerce.ts";
import { type ColumnInfo, readColumn } from "./column.ts";
import type { DatabaseKind } from "./kind.ts";

/** The types of JSON whose values are compared with one another. */
export type ScalarType = "text" | "number" | "boolean";

type Columns = Readonly<Record<ScalarType, ColumnInfo>>;

const comparing = (column: Parameters<typeof readColumn>[2]): ColumnInfo => ({
  ...readColumn("json", 0, column, []),
  foreign: false,
});

const postgresql = pgTable("~json", { text: text(), number: numeric(), boolean: boolean() });
const sqlite = sqliteTable("~json", {
  text: sqliteText(),
  number: sqliteNumeric(),
  boolean: integer({ mode: "boolean" }),
});

const COLUMNS: Readonly<Record<DatabaseKind, Columns>> = {
  sqlite: {
    text: comparing(sqlite.text),
    // Read as SQLite reads the numbers within JSON, so that equal digits are equal numbers.
    number: { ...comparing(sqlite.number), opening: "cast(", cast: " as numeric)" },
    boolean: comparing(sqlite.boolean),
  },
  postgresql: {
    text: comparing(postgresql.text),
    number: comparing(postgresql.number),
    boolean: comparing(postgresql.boolean),
  },
};

/** What values within JSON compare as: a column of their type, which no table has. */
export const scalarColumn = (database: DatabaseKind, type: ScalarType): ColumnInfo => COLUMNS[database][type];

/** A value that others within JSON are compared with. */
export interface Scalar {
  readonly type: ScalarType;
  readonly value: unknown;
}

/**
 * Reads what a client compares values within JSON with.
 *
 * @throws QueryError `invalid-value` for lists, maps and nothing, and what no database's text or number can hold.
 */
export function readScalar(database: DatabaseKind, value: unknown, path: string): Scalar {
  const type = typeOf(value);
  if (type === undefined) throw invalidValue("expected a text, a number, T or F", path);
  return { type, value: type === "number" ? numberOf(database, value, path) : coerceAs(type, value, path) };
}

function typeOf(value: unknown): ScalarType | undefined {
  if (typeof value === "string") return "text";
  if (typeof value === "number" || value instanceof Digits) return "number";
  return typeof value === "boolean" ? "boolean" : undefined;
}

const coerceAs = (type: ScalarType, value: unknown, path: string): unknown =>
  coerce(COLUMNS.postgresql[type], value, path);

/** All of a number's digits; in SQLite as they were written, which is how it reads those that are stored. */
function numberOf(database: DatabaseKind, value: unknown, path: string): unknown {
  const plain = coerceAs("number", value, path);
  return database === "sqlite" ? String(value) : plain;
}
