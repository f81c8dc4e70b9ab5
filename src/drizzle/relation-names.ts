import type { Database } from "../dialect/dialect.ts";

/** How Drizzle's relational query of a table names the rows of each relation: by all the names that lead there. */
export interface Naming {
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

type Schema = Readonly<Record<string, TableConfig>>;

/** The part of Drizzle's relational query builder of PostgreSQL that is used here. */
interface Builder extends RelationalQuery {
  readonly fullSchema: unknown;
  readonly schema: Schema;
  readonly tableNamesMap: unknown;
  readonly table: unknown;
  readonly dialect: unknown;
  readonly session: unknown;
}

/** The names as the schema has them, for a query of the table that it calls `root`. */
export const namesOfSchema = (root: string): Naming => ({ root, relation: (_, relation) => relation });

/** Numbers in the place of names. The schema is asked of the database itself: with replicas, `query` takes a turn. */
export function numbersForNames(database: Database): Naming {
  const { schema } = database._ as { readonly schema: Schema };
  return {
    root: "0",
    relation: (table, name) => String(Object.keys(schema[table]!.relations).indexOf(name)),
  };
}

/** The relational query of a table; with numbers, over the same Drizzle schema with its relations renamed. */
export function relationalQuery(database: Database, table: string, numbers: boolean): RelationalQuery {
  const builder = database.query[table] as Builder;
  return numbers ? renamed(builder, table) : builder;
}

function renamed(builder: Builder, root: string): RelationalQuery {
  const { schema, fullSchema, tableNamesMap, table, dialect, session } = builder;
  const tables = Object.fromEntries(
    Object.entries(schema).map(([name, config]) => [name, { ...config, relations: numbered(config) }]),
  );
  const config = { ...tables[root], tsName: "0" };
  const RelationalQueryBuilder = builder.constructor as new (...parameters: unknown[]) => RelationalQuery;
  return new RelationalQueryBuilder(fullSchema, tables, tableNamesMap, table, config, dialect, session);
}

const numbered = ({ relations }: TableConfig): Record<string, unknown> =>
  Object.fromEntries(Object.values(relations).map((relation, index) => [String(index), relation]));
