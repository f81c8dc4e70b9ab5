import type { Database } from "../dialect/dialect.ts";

/** How Drizzle's relational query of a table names the rows of each relation: by all the names that lead there. */
export interface Naming {
  /** The name of the root's rows. */
  readonly root: string;
  /** The name under which a relation of a table is asked for, and answered, where it is asked for so many times before. */
  readonly relation: (table: string, name: string, nth: number) => string;
}

/** A relational query of one table. */
export interface RelationalQuery {
  findMany(config: object): PromiseLike<unknown>;
}

/** What Drizzle knows of a table, by the name it has in the schema. */
interface TableConfig {
  readonly tsName: string;
  readonly relations: Relations;
}

type Relations = Readonly<Record<string, unknown>>;

type Schema = Readonly<Record<string, TableConfig>>;

/** The part of Drizzle's relational query builder that is used here. */
interface Builder extends RelationalQuery {
  readonly schema: Schema;
}

/** The names as the schema has them, for a query of the table that it calls `root`. */
export const namesOfSchema = (root: string): Naming => ({
  root,
  relation: (_, relation, nth) => again(relation, nth),
});

/** The name of a relation that is asked for once more. */
const again = (name: string, nth: number): string => (nth === 0 ? name : `${name}~${nth}`);

/** Numbers in the place of names. The schema is asked of the database itself: with replicas, `query` takes a turn. */
export function numbersForNames(database: Database): Naming {
  const { schema } = database._ as { readonly schema: Schema };
  return {
    root: "0",
    relation: (table, name, nth) => again(String(Object.keys(schema[table]!.relations).indexOf(name)), nth),
  };
}

/** What relations are to be called in a relational query. */
export interface Renaming {
  /** By numbers. */
  readonly numbered: boolean;
  /** Some of them by several names. */
  readonly repeated: boolean;
}

/** The relational query of a table, over the same Drizzle schema with its relations renamed where that is asked for. */
export function relationalQuery(
  database: Database,
  table: string,
  { numbered, repeated }: Renaming,
): RelationalQuery {
  const builder = database.query[table] as Builder;
  if (!numbered && !repeated) return builder;
  const named = numbered ? byNumber : (relations: Relations) => relations;
  const schema = renamed(builder, repeated ? (relations) => repeating(named(relations)) : named);
  const tableConfig = numbered ? { ...schema[table], tsName: "0" } : schema[table];
  // Made of its parts, the one that the database has made is left as it is.
  const made = Object.create(Object.getPrototypeOf(builder) as object) as RelationalQuery;
  return Object.assign(made, builder, { schema, tableConfig });
}

const renamed = ({ schema }: Builder, rename: (relations: Relations) => Relations): Schema =>
  Object.fromEntries(
    Object.entries(schema).map(([name, config]) => [
      name,
      { ...config, relations: rename(config.relations) },
    ]),
  );

const byNumber = (relations: Relations): Relations =>
  Object.fromEntries(Object.values(relations).map((relation, index) => [String(index), relation]));

/** Relations that answer to the names of their repetitions too, which nobody sees who looks for the other side of one. */
const repeating = (relations: Relations): Relations =>
  new Proxy(relations, {
    get: (all, name: string) =>
      Object.hasOwn(all, name) ? all[name] : all[name.slice(0, name.lastIndexOf("~"))],
  });
