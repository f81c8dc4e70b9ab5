import type * as api from "drizzle-kit/api";
import { searchMigration } from "../search-migration.ts";
import { type Catalog, coerce, type ColumnInfo, type TableInfo } from "../schema/schema.ts";
import { Failure } from "./command.ts";
import type { Api } from "./load.ts";

/** A database in memory, with the tables of a schema and no rows, and what closes it. */
export interface Fresh {
  readonly database: unknown;
  readonly close: () => unknown;
}

/** Opens a database in memory that has a schema's tables, with the packages that the application has. */
export async function openFresh({ schema, tables = {} }: Api, catalog: Catalog): Promise<Fresh> {
  const [first] = catalog.values();
  if (first === undefined) throw new Failure("the schema has no tables");
  const searched = Object.entries(tables).filter(([, rule]) => rule?.search !== undefined);
  const indexes = searched.flatMap(([name]) => [...searchMigration(tables, name, schema)]);
  return first.database === "sqlite" ? openSqlite(schema, indexes) : openPostgresql(schema, indexes);
}

async function openSqlite(schema: Api["schema"], indexes: readonly string[]): Promise<Fresh> {
  const { createClient } = await needed("@libsql/client", () => import("@libsql/client"));
  const { drizzle } = await import("drizzle-orm/libsql");
  const { generateSQLiteDrizzleJson, generateSQLiteMigration } = await kit();
  const made = await generateSQLiteMigration(
    await generateSQLiteDrizzleJson({}),
    await generateSQLiteDrizzleJson(schema),
  );
  const client = createClient({ url: ":memory:" });
  for (const statement of [...made, ...indexes]) await client.execute(statement);
  return { database: drizzle(client, { schema }), close: () => client.close() };
}

async function openPostgresql(schema: Api["schema"], indexes: readonly string[]): Promise<Fresh> {
  const { PGlite } = await needed("@electric-sql/pglite", () => import("@electric-sql/pglite"));
  const { drizzle } = await import("drizzle-orm/pglite");
  const { generateDrizzleJson, generateMigration } = await kit();
  const made = await generateMigration(generateDrizzleJson({}), generateDrizzleJson(schema));
  const client = new PGlite();
  for (const statement of [...made, ...indexes]) await client.exec(statement);
  return { database: drizzle(client, { schema }), close: () => client.close() };
}

const kit = (): Promise<typeof api> => needed("drizzle-kit", () => import("drizzle-kit/api"));

/** @throws Failure that says what is to be installed. */
async function needed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch {
    throw new Failure(
      `a database in memory needs \`${name}\`: install it, or export \`database\` and say --database`,
    );
  }
}

/** Puts rows into tables, in the order in which a file has them. */
export async function fill(
  database: unknown,
  catalog: Catalog,
  rows: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>,
): Promise<void> {
  for (const [name, list] of Object.entries(rows)) {
    const table = catalog.get(name);
    if (table === undefined) throw new Failure(`rows.${name}: the schema has no such table`);
    const values = list.map((row, index) => valuesOf(row, table, `rows.${name}[${index}]`));
    // Any of Drizzle's databases has it.
    const inserting = database as { insert(into: unknown): { values(rows: unknown): Promise<unknown> } };
    if (values.length > 0) await inserting.insert(table.table).values(values);
  }
}

/** A row as JSON has it, in the schema's own types. */
function valuesOf(row: Readonly<Record<string, unknown>>, { columns }: TableInfo, path: string): object {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const column = columns.get(name);
      if (column === undefined) throw new Failure(`${path}: the table has no column \`${name}\``);
      return [name, value === null ? null : fitting(column, value, `${path}.${name}`)];
    }),
  );
}

function fitting(column: ColumnInfo, value: unknown, path: string): unknown {
  try {
    return coerce(column, value, path, true);
  } catch (error) {
    throw new Failure(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
