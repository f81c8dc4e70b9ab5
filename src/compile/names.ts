import { Buffer } from "node:buffer";
import type { Database } from "../dialect/dialect.ts";
import type { ReadNode } from "../plan/plan.ts";

/** PostgreSQL cuts longer names off, and then two are one. */
const MAX_NAME = 63;

/** How Drizzle's relational query names the rows of each relation: by all the names that lead there. */
export interface Naming {
  /** The relational query of a table. */
  readonly query: Query;
  /** The name of the root's rows. */
  readonly root: string;
  /** The name under which a relation of a table is asked for, and answered. */
  readonly relation: (table: string, name: string) => string;
}

interface Query {
  findMany(config: object): PromiseLike<unknown>;
}

/** What Drizzle knows of a table, by the name it has in the schema. */
interface TableConfig {
  readonly tsName: string;
  readonly relations: Readonly<Record<string, unknown>>;
}

/** The part of Drizzle's relational query builder of PostgreSQL that is used here. */
interface Builder extends Query {
  readonly fullSchema: unknown;
  readonly schema: Readonly<Record<string, TableConfig>>;
  readonly tableNamesMap: unknown;
  readonly table: unknown;
  readonly dialect: unknown;
  readonly session: unknown;
}

/** The names as the schema has them. */
export function namesOfSchema(database: Database, root: ReadNode): Naming {
  const { name } = root.table;
  return { query: database.query[name], root: name, relation: (_, relation) => relation };
}

/** Numbers in the place of names, over the same Drizzle schema with its relations renamed. */
export function numbersForNames(database: Database, root: ReadNode): Naming {
  const builder = database.query[root.table.name] as Builder;
  const { schema, fullSchema, tableNamesMap, table, dialect, session } = builder;
  const renamed = Object.fromEntries(
    Object.entries(schema).map(([name, config]) => [name, { ...config, relations: numbered(config) }]),
  );
  const config = { ...renamed[root.table.name], tsName: "0" };
  const RelationalQueryBuilder = builder.constructor as new (...parameters: unknown[]) => Query;
  return {
    query: new RelationalQueryBuilder(fullSchema, renamed, tableNamesMap, table, config, dialect, session),
    root: "0",
    relation: (name, relation) => String(Object.keys(schema[name]!.relations).indexOf(relation)),
  };
}

const numbered = ({ relations }: TableConfig): Record<string, unknown> =>
  Object.fromEntries(Object.values(relations).map((relation, index) => [String(index), relation]));

/** Whether the names of relations would be cut off. */
export function areTooLong(node: ReadNode, name: string = node.table.name): boolean {
  if (Buffer.byteLength(name) > MAX_NAME) return true;
  return [...node.relations].some(([relation, child]) => areTooLong(child.node, `${name}_${relation}`));
}
