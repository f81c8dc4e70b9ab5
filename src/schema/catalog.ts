import { type Column, is, Table, View } from "drizzle-orm";
import { PgTable } from "drizzle-orm/pg-core";
import {
  configOf,
  nameOfView,
  type QualifiedName,
  type RelationalTable,
  tablesOf,
} from "../drizzle/drizzle.ts";
import { type ColumnInfo, readColumn } from "./column.ts";
import type { DatabaseKind } from "./kind.ts";
import { isOneKind } from "./type.ts";
import { type ColumnTypes, readView } from "./view.ts";

/** A relation by its name in the schema. */
export interface RelationInfo {
  readonly name: string;
  readonly kind: "one" | "many";
  readonly target: TableInfo;
  /** The pairs of columns that join the two tables. */
  readonly on: readonly { readonly source: ColumnInfo; readonly target: ColumnInfo }[];
}

/** A table, its columns by name, and its relations by name. */
export interface TableInfo {
  /** Its name in the schema, as `db.query.<name>` has it. */
  readonly name: string;
  /** A view is read only; it has neither key nor relations. */
  readonly kind: "table" | "view";
  /** What it speaks, and all of its columns with it. */
  readonly database: DatabaseKind;
  /** Of a view, a table that goes by its name. */
  readonly table: Table;
  readonly columns: ReadonlyMap<string, ColumnInfo>;
  /** In the order the key declares them. */
  readonly primaryKey: readonly ColumnInfo[];
  readonly relations: ReadonlyMap<string, RelationInfo>;
}

/** The tables of a schema by name. */
export type Catalog = ReadonlyMap<string, TableInfo>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What the database says of views, by their names in the schema. */
export type ViewTypes = ReadonlyMap<string, ColumnTypes>;

/**
 * Reads a Drizzle schema once: tables and views, columns and relations, looked up by their own names only. What the
 * database says of views, where it was asked, counts more than what the schema does.
 */
export function readCatalog(given: Record<string, unknown>, types?: ViewTypes): Catalog {
  const schema = unwrap(given);
  const tables = tablesOf(schema);
  const catalog = new Map<string, Writable<TableInfo>>();
  for (const table of tables) catalog.set(table.name, readTable(table));
  for (const table of tables) catalog.get(table.name)!.relations = readRelations(table, catalog);
  for (const [name, value] of Object.entries(schema))
    if (is(value, View)) catalog.set(name, readView(name, value, types?.get(name)));
  catalog.forEach(refuseMixture);
  return catalog;
}

/** @throws Error for a table with columns of two databases, which types forbid. */
function refuseMixture({ name, database, columns }: TableInfo): void {
  for (const column of columns.values())
    if (column.database !== database)
      throw new Error(
        `table \`${name}\` of the schema is for ${database}, its column \`${column.name}\` for ${column.database}`,
      );
}

/** The schema itself, where it is the only, default export of what was given: so Drizzle reads it. */
export function unwrap(given: Record<string, unknown>): Record<string, unknown> {
  const { default: inner } = given;
  const wrapped = Object.keys(given).length === 1 && typeof inner === "object" && !is(inner, Table);
  return wrapped && inner !== null && !is(inner, View) ? (inner as Record<string, unknown>) : given;
}

function readTable({ name, table, columns: given, primaryKey }: RelationalTable): Writable<TableInfo> {
  const columns = new Map<string, ColumnInfo>();
  const config = configOf(table);
  // Those of PostgreSQL's keys, Drizzle's relational configuration may have by array only.
  const key = [...primaryKey, ...(config?.primaryKeys ?? []).flatMap((part) => part.columns)];
  const referring = (config?.foreignKeys ?? []).flatMap((reference) => reference.reference().columns);
  const foreign = new Set(referring.map((column) => column.name));
  for (const [field, column] of Object.entries(given))
    columns.set(field, {
      ...readColumn(field, columns.size, column, key),
      foreign: foreign.has(column.name),
    });
  return {
    name,
    kind: "table",
    database: is(table, PgTable) ? "postgresql" : "sqlite",
    table,
    columns,
    primaryKey: inKey(columns, key),
    relations: new Map(),
  };
}

/** The columns of a key in the order it declares them, which is its index's. */
function inKey(columns: ReadonlyMap<string, ColumnInfo>, key: readonly Column[]): readonly ColumnInfo[] {
  const names = key.map(({ name }) => name);
  const place = ({ column }: ColumnInfo): number => names.indexOf(column.name);
  const parts = [...columns.values()].filter((column) => column.primary);
  // A key whose parts may be null does not tell rows apart; SQLite allows it.
  return parts.some((column) => column.nullable) ? [] : parts.toSorted((a, b) => place(a) - place(b));
}

function readRelations({ name, relations }: RelationalTable, catalog: Catalog): TableInfo["relations"] {
  const source = catalog.get(name)!;
  return new Map(
    relations.map((relation): [string, RelationInfo] => {
      const target = catalog.get(relation.target)!;
      const on = relation.on.map((pair) => ({
        source: columnOf(source, pair.source),
        target: columnOf(target, pair.target),
      }));
      return [relation.name, { name: relation.name, kind: relation.kind, target, on }];
    }),
  );
}

const columnOf = ({ columns }: TableInfo, wanted: Column): ColumnInfo =>
  [...columns.values()].find(({ column }) => column.name === wanted.name)!;

/** What the schema says of views otherwise than the database, a sentence each. */
export function mistypes(catalog: Catalog): readonly string[] {
  const views = [...catalog.values()].filter(({ kind }) => kind === "view");
  return views.flatMap(({ name, columns }) =>
    [...columns.values()]
      .filter(
        ({ expression, column, type }) => expression === undefined && !isOneKind(column.getSQLType(), type),
      )
      .map(({ name: own, column, type }) => {
        const said = column.getSQLType();
        return `schema.${name}.${own}: the schema says ${said}, the database ${type}; clients cannot compare it`;
      }),
  );
}

/** The views of a schema that are asked about, by their names in it: what they are called in the database. */
export function namesOfViews(given: Record<string, unknown>): ReadonlyMap<string, QualifiedName> {
  const views = Object.entries(unwrap(given)).filter((entry): entry is [string, View] => is(entry[1], View));
  return new Map(views.map(([name, view]) => [name, nameOfView(view)]));
}
