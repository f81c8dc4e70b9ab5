import { type Column, getTableName, type SQL, type Table } from "drizzle-orm";
import type { Database } from "../dialect/dialect.ts";
import type { DatabaseKind } from "../schema/schema.ts";

/** How a database writes names. */
export interface Names {
  readonly database: DatabaseKind;
  readonly column: (column: Column) => string;
  readonly table: (table: Table) => string;
  readonly quote: (name: string) => string;
  /** What Drizzle needs to render SQL that is not taken apart here. */
  readonly rendering: Parameters<SQL["toQuery"]>[0];
}

/** Stands for a value while Drizzle renders; no SQL text holds it. */
export const MARK = "\u0001";

/** The names of a Drizzle database, with its casing. */
export function namesOf(database: Database): Names {
  const { dialect } = database;
  const quote = (name: string): string => dialect.escapeName(name) as string;
  const columns = new WeakMap<Column, string>();
  const tables = new WeakMap<Table, string>();
  return {
    database: dialect.escapeParam(0) === "?" ? "sqlite" : "postgresql",
    quote,
    column: (column) => remembered(columns, column, () => quote(dialect.casing.getColumnCasing(column))),
    table: (table) => remembered(tables, table, () => quoted(table, quote)),
    rendering: {
      casing: dialect.casing,
      escapeName: quote,
      escapeParam: () => MARK,
      escapeString: (text: string) => dialect.escapeString(text) as string,
    },
  };
}

function remembered<Key extends object>(names: WeakMap<Key, string>, key: Key, make: () => string): string {
  let name = names.get(key);
  if (name === undefined) names.set(key, (name = make()));
  return name;
}

const SCHEMA = Symbol.for("drizzle:Schema");
const IS_ALIAS = Symbol.for("drizzle:IsAlias");

/** What SQL calls a table, and the schema that stands before it; an alias has left its schema. */
export function nameOf(table: Table): { readonly name: string; readonly schema: string | undefined } {
  const { [SCHEMA]: schema, [IS_ALIAS]: alias } = table as { [SCHEMA]?: string; [IS_ALIAS]?: boolean };
  return { name: getTableName(table), schema: alias === true ? undefined : schema };
}

function quoted(table: Table, quote: Names["quote"]): string {
  const { name, schema } = nameOf(table);
  return schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`;
}

/** SQL as its database gets it, with a mark for each value. */
export const textOf = (query: SQL, { rendering }: Names): string => query.toQuery(rendering).sql;
