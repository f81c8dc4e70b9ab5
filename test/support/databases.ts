import { Database as BunDatabase } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from "drizzle-kit/api";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql, type LibSQLDatabase } from "drizzle-orm/libsql";
import * as schema from "./schema.ts";

export type Schema = typeof schema;
/** The type tests are written against; the other drivers answer to the same calls. */
export type TestDatabase = LibSQLDatabase<Schema>;

/** An open database with the tests' tables, and what closes it and removes its files. */
export interface Opened {
  readonly database: TestDatabase;
  readonly url: string;
  readonly close: () => void;
}

/** The statements that make a schema's tables, which takes long to find out. */
export async function ddl(tables: Record<string, unknown>): Promise<readonly string[]> {
  let made = ddls.get(tables);
  if (made === undefined) ddls.set(tables, (made = makeDDL(tables)));
  return made;
}

const ddls = new WeakMap<object, Promise<readonly string[]>>();

async function makeDDL(tables: Record<string, unknown>): Promise<readonly string[]> {
  const [empty, full] = await Promise.all([generateSQLiteDrizzleJson({}), generateSQLiteDrizzleJson(tables)]);
  return (await generateSQLiteMigration(empty, full)).map((statement) => statement.replaceAll("`", '"'));
}

/** How each database is opened, by the name tests print. */
export const DATABASES = {
  "libsql file": async (): Promise<Opened> => {
    const folder = mkdtempSync(join(tmpdir(), "query-"));
    const url = `file:${join(folder, "test.db")}`;
    const opened = await openLibsql(url);
    await opened.database.run("pragma journal_mode = wal");
    return { ...opened, close: () => (opened.close(), rmSync(folder, { recursive: true, force: true })) };
  },
  "libsql memory": () => openLibsql(":memory:"),
  "bun:sqlite": async (): Promise<Opened> => {
    const client = new BunDatabase(":memory:");
    client.run("pragma foreign_keys = on");
    const database = drizzleBun(client, { schema });
    for (const statement of await ddl(schema)) client.run(statement);
    return { database: database as unknown as TestDatabase, url: ":memory:", close: () => client.close() };
  },
} as const;

/** The name of a database tests can be run against. */
export type DatabaseName = keyof typeof DATABASES;

/** Opens a libsql database and makes the tables where there are none. */
export async function openLibsql(url: string): Promise<Opened> {
  const client = createClient({ url });
  const database = drizzleLibsql(client, { schema });
  const made = await client.execute("select 1 from sqlite_master where name = 'authors'");
  if (made.rows.length === 0) for (const statement of await ddl(schema)) await client.execute(statement);
  return { database, url, close: () => client.close() };
}
