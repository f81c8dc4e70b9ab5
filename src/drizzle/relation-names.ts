import type { Database } from "../dialect/dialect.ts";

/** How Drizzle's relational query names the rows of each relation: by all the names that lead there. */
export interface Naming {
  /** The relational query of a table. */
  readonly query: RelationalQuery;
  /** The name of the root's rows. */
  readonly root: string;
  /** The name under which a relation of a table is asked for, and answered. */
  readonly relation: (table: string, name: string) => string;
}

/** A relational query of one table. */
export interface RelationalQuery {
  findMany(config: object): PromiseLike<unknown>;
}

/** What Drizzle knows of a table, by the name it has in the schema. */
interface TableConfig {
  readonly tsName: string;
  readonly relations: Readonly<Record<string, unknown>>;
}

/** The part of Drizzle's relational query builder of PostgreSQL that is used here. */
interface Builder extends RelationalQuery {
  readonly fullSchema: unknown;
  readonly schema: Readonly<Record<string, TableConfig>>;
  readonly tableNamesMap: unknown;
  readonly table: unknown;
  readonly dialect: unknown;
  readonly session: unknown;
}

/** The names as the schema has them, for a query of the table that it calls `root`. */
export const namesOfSchema = (database: Database, root: string): Naming => ({
  query: database.query[root],
  root,
  relation: (_, relation) => relation,
});

/** Numbers in the place of names, over the same Drizzle schema with its relations renamed. */
export function numbersForNames(database: Database, root: string): Naming {
  const builder = database.query[root] as Builder;
  const { schema, fullSchema, tableNamesMap, table, dialect, session } = builder;
  const renamed = Object.fromEntries(
    Object.entries(schema).map(([name, config]) => [name, { ...config, relations: numbered(config) }]),
  );
  const config = { ...renamed[root], tsName: "0" };
  const RelationalQueryBuilder = builder.constructor as new (...parameters: unknown[]) => RelationalQuery;
  return {
    query: new RelationalQueryBuilder(fullSchema, renamed, tableNamesMap, table, config, dialect, session),
    root: "0",
    relation: (name, relation) => String(Object.keys(schema[name]!.relations).indexOf(relation)),
  };
}

const numbered = ({ relations }: TableConfig): Record<string, unknown> =>
  Object.fromEntries(Object.values(relations).map((relation, index) => [String(index), relation]));
