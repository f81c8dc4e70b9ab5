import {
  type Column,
  type Relation,
  One,
  type Table,
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  getTableUniqueName,
  is,
  normalizeRelation,
} from "drizzle-orm";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { type ColumnKind, kindOf } from "./kind.ts";

export { coerce, isStorable, readText } from "./coerce.ts";
export type { ColumnKind } from "./kind.ts";

/** A column and what the engine needs to know of it. */
export interface ColumnInfo {
  /** Its name in the schema, which is its name in the API. */
  readonly name: string;
  /** Its place among the table's columns. */
  readonly index: number;
  readonly column: Column;
  readonly kind: ColumnKind;
  readonly database: "sqlite" | "postgresql";
  readonly primary: boolean;
  readonly nullable: boolean;
  /** Whether it refers to a row of a table. */
  readonly foreign: boolean;
  /** Made by the server: a client's body may not set it unless a rule says so. */
  readonly generated: boolean;
}

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
  readonly table: Table;
  readonly columns: ReadonlyMap<string, ColumnInfo>;
  readonly primaryKey: readonly ColumnInfo[];
  readonly relations: ReadonlyMap<string, RelationInfo>;
}

/** The tables of a schema by name. */
export type Catalog = ReadonlyMap<string, TableInfo>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type RelationalTable = ReturnType<typeof extractTablesRelationalConfig>["tables"][string];

/** Reads a Drizzle schema once: tables, columns and relations, looked up by their own names only. */
export function readCatalog(schema: Record<string, unknown>): Catalog {
  const config = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  const catalog = new Map<string, Writable<TableInfo>>();
  for (const table of Object.values(config.tables)) catalog.set(table.tsName, readTable(table, schema));
  for (const table of Object.values(config.tables)) {
    const source = catalog.get(table.tsName)!;
    const relations = new Map<string, RelationInfo>();
    for (const [name, relation] of Object.entries(table.relations)) {
      const target = catalog.get(config.tableNamesMap[getTableUniqueName(relation.referencedTable)] ?? "");
      const on = target === undefined ? undefined : readJoin(relation, source, target, config);
      if (target !== undefined && on !== undefined) {
        relations.set(name, { name, kind: is(relation, One) ? "one" : "many", target, on });
      }
    }
    source.relations = relations;
  }
  return catalog;
}

function readTable(table: RelationalTable, schema: Record<string, unknown>): Writable<TableInfo> {
  const columns = new Map<string, ColumnInfo>();
  const keys = compositeKey(schema[table.tsName] as Table);
  const foreign = foreignColumns(schema[table.tsName] as Table);
  for (const [name, column] of Object.entries(table.columns))
    columns.set(name, {
      ...readColumn(name, columns.size, column, [...table.primaryKey, ...keys]),
      foreign: foreign.has(column.name),
    });
  // A key whose parts may be null does not tell rows apart; SQLite allows it.
  const parts = [...columns.values()].filter((column) => column.primary);
  const primaryKey = parts.some((column) => column.nullable) ? [] : parts;
  return {
    name: table.tsName,
    table: schema[table.tsName] as Table,
    columns,
    primaryKey,
    relations: new Map(),
  };
}

/** The columns of a key that spans several; Drizzle's relational configuration knows PostgreSQL's only. */
function compositeKey(table: Table): readonly Column[] {
  if (!is(table, SQLiteTable)) return [];
  return getTableConfig(table).primaryKeys.flatMap(({ columns }) => columns);
}

/** The columns that refer to rows of a table, by their names in the database. */
function foreignColumns(table: Table): ReadonlySet<string> {
  if (!is(table, SQLiteTable)) return new Set();
  const keys = getTableConfig(table).foreignKeys.flatMap((key) => key.reference().columns);
  return new Set(keys.map((column) => column.name));
}

function readColumn(
  name: string,
  index: number,
  column: Column,
  keys: readonly Column[],
): Omit<ColumnInfo, "foreign"> {
  // By name: a composite key may hold other instances of the same columns.
  const primary = keys.some((key) => key.name === column.name);
  const made =
    column.generated !== undefined ||
    column.generatedIdentity !== undefined ||
    column.onUpdateFn !== undefined;
  const rowid = primary && column.primary && column.getSQLType() === "integer";
  return {
    name,
    index,
    column,
    kind: kindOf(column),
    database: column.columnType.startsWith("Pg") ? "postgresql" : "sqlite",
    primary,
    nullable: !column.notNull,
    generated: made || (primary && (column.hasDefault || rowid)),
  };
}

/** The columns a relation joins by; none where it lacks its other side, which Drizzle says by throwing. */
function readJoin(
  relation: Relation,
  source: TableInfo,
  target: TableInfo,
  { tables, tableNamesMap }: ReturnType<typeof extractTablesRelationalConfig>,
): RelationInfo["on"] | undefined {
  try {
    const { fields, references } = normalizeRelation(tables, tableNamesMap, relation);
    return fields.map((field, index) => ({
      source: columnOf(source, field),
      target: columnOf(target, references[index]!),
    }));
  } catch {
    return undefined;
  }
}

const columnOf = ({ columns }: TableInfo, wanted: Column): ColumnInfo =>
  [...columns.values()].find(({ column }) => column.name === wanted.name)!;
