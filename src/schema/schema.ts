import {
  Column,
  type Relation,
  One,
  type SQL,
  Table,
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  getTableUniqueName,
  is,
  normalizeRelation,
  View,
} from "drizzle-orm";
import { getTableConfig as getPgTableConfig, type PgArray, PgTable } from "drizzle-orm/pg-core";
import { getTableConfig, SQLiteTable } from "drizzle-orm/sqlite-core";
import { castOf } from "./cast.ts";
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
import { isOneKind, takesPatterns } from "./type.ts";
import {
  asTable,
  type ColumnTypes,
  columnsOfView,
  databaseOfView,
  expressionsOf,
  nameOfView,
} from "./view.ts";

export { typeName } from "./cast.ts";
export { coerce, readField } from "./coerce.ts";
export { Gap } from "./gap.ts";
export { isStorable } from "./json.ts";
export { settle } from "./settle.ts";
export type { ColumnKind, Comparison, DatabaseKind } from "./kind.ts";

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
type RelationalTable = ReturnType<typeof extractTablesRelationalConfig>["tables"][string];

/** What the database says of views, by their names in the schema. */
export type ViewTypes = ReadonlyMap<string, ColumnTypes>;

/**
 * Reads a Drizzle schema once: tables and views, columns and relations, looked up by their own names only. What the
 * database says of views, where it was asked, counts more than what the schema does.
 */
export function readCatalog(given: Record<string, unknown>, types?: ViewTypes): Catalog {
  const schema = unwrap(given);
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
function unwrap(given: Record<string, unknown>): Record<string, unknown> {
  const { default: inner } = given;
  const wrapped = Object.keys(given).length === 1 && typeof inner === "object" && !is(inner, Table);
  return wrapped && inner !== null && !is(inner, View) ? (inner as Record<string, unknown>) : given;
}

function readTable(table: RelationalTable, schema: Record<string, unknown>): Writable<TableInfo> {
  const columns = new Map<string, ColumnInfo>();
  const key = [...table.primaryKey, ...compositeKey(schema[table.tsName] as Table)];
  const foreign = foreignColumns(schema[table.tsName] as Table);
  for (const [name, column] of Object.entries(table.columns))
    columns.set(name, {
      ...readColumn(name, columns.size, column, key),
      foreign: foreign.has(column.name),
    });
  return {
    name: table.tsName,
    kind: "table",
    database: is(schema[table.tsName], PgTable) ? "postgresql" : "sqlite",
    table: schema[table.tsName] as Table,
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

/** A view as a table without key and relations; what it says of its columns' nulls holds in the tables it was made of only. */
function readView(name: string, view: View, types: ColumnTypes | undefined): TableInfo {
  const table = asTable(view, types);
  const expressions = expressionsOf(view);
  const columns = new Map<string, ColumnInfo>();
  for (const [field, column] of Object.entries(columnsOfView(table))) {
    const read = { ...readColumn(field, columns.size, column, []), expression: expressions.get(field) };
    columns.set(field, {
      ...read,
      ...(read.database === "sqlite" ? inView(read) : typed(read, types)),
      nullable: true,
      foreign: false,
      generated: true,
    });
  }
  return {
    name,
    kind: "view",
    database: databaseOfView(view),
    table,
    columns,
    primaryKey: [],
    relations: new Map(),
  };
}

type Facts = Omit<ColumnInfo, "foreign">;

/**
 * SQLite compares what has no type by its class, and what a view computes has none: a value that is cast gives it one.
 * Patterns it looks for in anything.
 */
function inView({ kind, expression, column }: Facts): Partial<Facts> {
  if (expression !== undefined && kind === "custom" && !is(decoderOf(expression), Column))
    return { matches: true };
  if (kind === "text") return { opening: "cast(", cast: " as text)" };
  const digits = kind === "bigint" && column.columnType === "SQLiteBigInt";
  return digits || !NUMERIC.has(kind) ? {} : { opening: "cast(", cast: " as numeric)" };
}

const NUMERIC: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "number",
  "decimal",
  "bigint",
  "boolean",
  "date",
]);

const decoderOf = ({ sql }: SQL.Aliased): unknown => (sql as unknown as { decoder: unknown }).decoder;

/** PostgreSQL is asked what its views compute, before anybody is answered; what is of another type than it says is not compared. */
function typed({ expression, column, matches }: Facts, types: ColumnTypes | undefined): Partial<Facts> {
  if (types === undefined) return expression === undefined ? {} : { compares: "order" };
  const type = types.get(column.name);
  if (expression !== undefined || type === undefined || type.endsWith("]")) return {};
  if (!isOneKind(column.getSQLType(), type)) return { compares: "nothing", matches: false, type };
  return { matches: matches && takesPatterns(type), type };
}

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
export function namesOfViews(
  given: Record<string, unknown>,
): ReadonlyMap<string, ReturnType<typeof nameOfView>> {
  const views = Object.entries(unwrap(given)).filter((entry): entry is [string, View] => is(entry[1], View));
  return new Map(views.map(([name, view]) => [name, nameOfView(view)]));
}

/** The columns of a key that spans several; those of PostgreSQL's, Drizzle's relational configuration may have by array only. */
function compositeKey(table: Table): readonly Column[] {
  if (is(table, PgTable)) return getPgTableConfig(table).primaryKeys.flatMap(({ columns }) => columns);
  if (is(table, SQLiteTable)) return getTableConfig(table).primaryKeys.flatMap(({ columns }) => columns);
  return [];
}

/** The columns that refer to rows of a table, by their names in the database. */
function foreignColumns(table: Table): ReadonlySet<string> {
  const keys: readonly { reference(): { readonly columns: readonly Column[] } }[] = is(table, PgTable)
    ? getPgTableConfig(table).foreignKeys
    : is(table, SQLiteTable)
      ? getTableConfig(table).foreignKeys
      : [];
  return new Set(keys.flatMap((key) => key.reference().columns).map((column) => column.name));
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
    expression: undefined,
  };
}

function readElement(name: string, index: number, column: Column): ColumnInfo {
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
