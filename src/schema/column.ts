import type { Column, SQL } from "drizzle-orm";
import type { PgArray } from "drizzle-orm/pg-core";
import { castOf, restoreOf } from "./cast.ts";
import { encoderOf } from "./encode.ts";
import {
  type ColumnKind,
  type Comparison,
  compares,
  type DatabaseKind,
  databaseOf,
  kindOf,
  matches,
} from "./kind.ts";

/** A column and what the engine needs to know of it. */
export interface ColumnInfo {
  /** Its name in the schema, which is its name in the API. */
  readonly name: string;
  /** Its place among the table's columns. */
  readonly index: number;
  readonly column: Column;
  readonly kind: ColumnKind;
  readonly database: DatabaseKind;
  /** Its type in SQL, in lower case. */
  readonly type: string;
  /** Which of the database's own comparisons are total for it; what has none cannot be sorted by either. */
  readonly compares: Comparison;
  /** Whether patterns are looked for in it. */
  readonly matches: boolean;
  /** What an array holds. */
  readonly element: ColumnInfo | undefined;
  /** Writes a value as its driver takes it. */
  readonly encode: (value: unknown) => unknown;
  /** What SQL puts before and behind a value bound for it, where a bare one would be misread; else empty. */
  readonly opening: string;
  readonly cast: string;
  /** What SQL puts behind the text of a stored value, to make the value of it. */
  readonly restore: string;
  /** Of a computed field of a view, the field: its value has whatever type its SQL has. */
  readonly expression: SQL.Aliased | undefined;
  readonly primary: boolean;
  readonly nullable: boolean;
  /** Whether it refers to a row of a table. */
  readonly foreign: boolean;
  /** Made by the server: a client's body may not set it unless a rule says so. */
  readonly generated: boolean;
  /** Made by the database whatever anybody says: it takes no value at all. */
  readonly computed: boolean;
}

/** What is known of a column before it is known what it refers to. */
export type Facts = Omit<ColumnInfo, "foreign">;

/** Reads the column at a place of its table, whose key is of these columns. */
export function readColumn(name: string, index: number, column: Column, keys: readonly Column[]): Facts {
  // By name: a composite key may hold other instances of the same columns.
  const primary = keys.some((key) => key.name === column.name);
  const made =
    column.generated !== undefined ||
    column.generatedIdentity !== undefined ||
    column.onUpdateFn !== undefined;
  const facts = readFacts(name, index, column);
  const sqlite = facts.database === "sqlite";
  const rowid = sqlite && primary && column.primary && facts.type === "integer";
  return {
    ...facts,
    primary,
    // PostgreSQL has no nulls in a key, whatever its columns say.
    nullable: !column.notNull && (sqlite || !primary),
    generated: made || (primary && (column.hasDefault || rowid)),
    computed: column.generated?.type === "always" || column.generatedIdentity?.type === "always",
  };
}

/** What a column's type says of it. */
function readFacts(
  name: string,
  index: number,
  column: Column,
): Omit<ColumnInfo, "foreign" | "primary" | "nullable" | "generated" | "computed"> {
  const kind = kindOf(column);
  const element = kind === "array" ? readElement(name, index, column) : undefined;
  return {
    name,
    index,
    column,
    kind,
    database: databaseOf(column),
    type: column.getSQLType().toLowerCase(),
    compares: compares(column, kind, element?.compares),
    matches: matches(column, kind),
    element,
    encode: encoderOf(column, element),
    opening: "",
    cast: castOf(column),
    restore: restoreOf(column),
    expression: undefined,
  };
}

function readElement(name: string, index: number, column: Column): ColumnInfo {
  // Only arrays are asked, and have one; the type of any column does not show it.
  const { baseColumn } = column as unknown as PgArray<never, never>;
  return {
    ...readFacts(name, index, baseColumn),
    primary: false,
    nullable: true,
    foreign: false,
    generated: false,
    computed: false,
  };
}
