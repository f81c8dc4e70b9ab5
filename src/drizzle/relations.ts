import {
  type Column,
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  getTableUniqueName,
  is,
  normalizeRelation,
  One,
  type Relation,
  type Table,
} from "drizzle-orm";

/** A table of a schema, as Drizzle's relational queries know it. */
export interface RelationalTable {
  /** Its name in the schema. */
  readonly name: string;
  readonly table: Table;
  readonly columns: Readonly<Record<string, Column>>;
  /** The columns that say of themselves that they are the key. */
  readonly primaryKey: readonly Column[];
  readonly relations: readonly TableRelation[];
}

/** A relation of a table. */
export interface TableRelation {
  readonly name: string;
  readonly kind: "one" | "many";
  /** The other table, by its name in the schema. */
  readonly target: string;
  /** The pairs of columns that join the two. */
  readonly on: readonly { readonly source: Column; readonly target: Column }[];
}

type Config = ReturnType<typeof extractTablesRelationalConfig>;

/** The tables of a schema with their relations, but for those that lead to no table, or lack their other side. */
export function tablesOf(schema: Record<string, unknown>): readonly RelationalTable[] {
  const config = extractTablesRelationalConfig(schema, createTableRelationsHelpers);
  return Object.values(config.tables).map(({ tsName, columns, primaryKey, relations }) => ({
    name: tsName,
    table: schema[tsName] as Table,
    columns,
    primaryKey,
    relations: Object.entries(relations).flatMap(([name, relation]) => readRelation(name, relation, config)),
  }));
}

function readRelation(name: string, relation: Relation, config: Config): readonly TableRelation[] {
  const target = config.tableNamesMap[getTableUniqueName(relation.referencedTable)];
  const on = target === undefined ? undefined : readJoin(relation, config);
  if (target === undefined || on === undefined) return [];
  return [{ name, kind: is(relation, One) ? "one" : "many", target, on }];
}

/** The columns a relation joins by; none where it lacks its other side, which Drizzle says by throwing. */
function readJoin(relation: Relation, { tables, tableNamesMap }: Config): TableRelation["on"] | undefined {
  try {
    const { fields, references } = normalizeRelation(tables, tableNamesMap, relation);
    if (references.length < fields.length) return undefined;
    return fields.map((source, index) => ({ source, target: references[index]! }));
  } catch {
    return undefined;
  }
}
