import { type Column, getTableName, type SQL, type Table, type View } from "drizzle-orm";
import { CasingCache } from "drizzle-orm/casing";
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
    table: (table) => remembered(tables, table, () => qualified(nameOf(table), quote)),
    rendering: {
      casing: dialect.casing,
      escapeName: quote,
      escapeParam: () => MARK,
      escapeString: (text: string) => dialect.escapeString(text) as string,
    },
  };
}

/** What a column is called in the database, without quotes. */
export const nameIn = (column: Column, { rendering }: Pick<Names, "rendering">): string =>
  rendering.casing.getColumnCasing(column);

/** The same of a database that is not opened, made with this `casing`. */
export function namesWith(casing: "snake_case" | "camelCase" | undefined): (column: Column) => string {
  const cache = new CasingCache(casing);
  return (column) => cache.getColumnCasing(column);
}

function remembered<Key extends object>(names: WeakMap<Key, string>, key: Key, make: () => string): string {
  let name = names.get(key);
  if (name === undefined) names.set(key, (name = make()));
  return name;
}

const ORIGINAL = Symbol.for("drizzle:OriginalName");
const SCHEMA = Symbol.for("drizzle:Schema");
const IS_ALIAS = Symbol.for("drizzle:IsAlias");
const VIEW = Symbol.for("drizzle:ViewBaseConfig");

/** Where Drizzle keeps what tables and views are called. */
interface Named {
  readonly [ORIGINAL]?: string;
  readonly [SCHEMA]?: string;
  readonly [IS_ALIAS]?: boolean;
  readonly [VIEW]?: {
    readonly name: string;
    readonly schema?: string;
    readonly isAlias?: boolean;
    readonly query?: SQL;
  };
}

/** A name in SQL, and that of the schema that stands before it. */
export interface QualifiedName {
  readonly name: string;
  readonly schema: string | undefined;
}

/** The query that a view is; `undefined` where the schema does not say it. */
export const queryOfView = (view: View): SQL | undefined => (view as Named)[VIEW]?.query;

/** What SQL calls a table; an alias has left its schema. */
export function nameOf(table: Table): QualifiedName {
  const { [SCHEMA]: schema, [IS_ALIAS]: alias } = table as Named;
  return { name: getTableName(table), schema: alias === true ? undefined : schema };
}

/** What SQL calls a view. */
export function nameOfView(view: View): QualifiedName {
  const { name, schema, isAlias } = (view as Named)[VIEW]!;
  return { name, schema: isAlias === true ? undefined : schema };
}

/** What a table is called in the database, whatever an alias calls it. */
export function originalNameOf(table: Table): QualifiedName {
  const { [ORIGINAL]: name = getTableName(table), [SCHEMA]: schema } = table as Named;
  return { name, schema };
}

/** A name in quotes, as both databases read it. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A name with its schema's before it. */
export const qualified = ({ name, schema }: QualifiedName, quote: Names["quote"] = quoted): string =>
  schema === undefined ? quote(name) : `${quote(schema)}.${quote(name)}`;

/** SQL as its database gets it, with a mark for each value. */
export const textOf = (query: SQL, { rendering }: Names): string => query.toQuery(rendering).sql;
