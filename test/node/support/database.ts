/*
 * Opens, in a process of Node, the database its environment names: `DATABASE`, at `DATABASE_URL`, with the tables that
 * are there already, or that `DATABASE_STATEMENTS` makes in an embedded one.
 */
type Schema = Record<string, unknown>;

const wal = "pragma journal_mode = wal";
/** What is written here outlives no test; and how long better-sqlite3 waits for locks by itself. */
const settings = "pragma synchronous = off; pragma busy_timeout = 5000";

/** How each database is opened on Node, by the name tests print. */
const OPENERS = {
  "libSQL file": async (schema: Schema, url: string) => {
    const { drizzle } = await import("drizzle-orm/libsql");
    const database = drizzle(`file:${url}`, { schema });
    await database.run(wal);
    return database;
  },
  "better-sqlite3": openBetterSqlite,
  "better-sqlite3, played by libsql": openBetterSqlite,
  "node-postgres": async (schema: Schema, url: string) => {
    const { drizzle } = await import("drizzle-orm/node-postgres");
    return drizzle(url, { schema });
  },
  "postgres.js": async (schema: Schema, url: string) => {
    const { drizzle } = await import("drizzle-orm/postgres-js");
    return drizzle(url, { schema });
  },
  PGlite: async (schema: Schema, _url: string, statements: string) => {
    const { drizzle } = await import("drizzle-orm/pglite");
    const database = drizzle({ schema });
    await database.$client.exec(statements);
    return database;
  },
} satisfies Record<string, (schema: Schema, url: string, statements: string) => Promise<unknown>>;

/** Which driver is loaded under this name is decided where the process is started. */
async function openBetterSqlite(schema: Schema, url: string) {
  const { drizzle } = await import("drizzle-orm/better-sqlite3");
  const database = drizzle(url, { schema });
  database.$client.exec(`${wal}; ${settings}`);
  return database;
}

/** The name of a database programs on Node can be started over. */
export type NodeDatabaseName = keyof typeof OPENERS;

/** The tables of a program, in the dialect of either kind of database; exports of one name are one table. */
export interface Tables<SQLite extends Schema = Schema> {
  readonly sqlite: SQLite;
  readonly postgresql: Schema;
}

/** Which of them a database has. */
export const speaks = (name: NodeDatabaseName): keyof Tables =>
  name === "PGlite" || name.startsWith("postgres") || name.startsWith("node-") ? "postgresql" : "sqlite";

/** Opens the database of this process; types are those of SQLite, whose calls the others answer too. */
export async function openDatabase<SQLite extends Schema>(
  tables: Tables<SQLite>,
): Promise<{ name: NodeDatabaseName; database: object; schema: SQLite }> {
  const { DATABASE, DATABASE_URL = "", DATABASE_STATEMENTS = "" } = process.env;
  const name = DATABASE as NodeDatabaseName;
  const schema = tables[speaks(name)];
  const database = await OPENERS[name](schema, DATABASE_URL, DATABASE_STATEMENTS);
  return { name, database, schema: schema as SQLite };
}
