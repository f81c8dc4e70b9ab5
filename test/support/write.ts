import { afterEach } from "bun:test";
import { stringify } from "@bepalo/query/rjson";
import { sql } from "drizzle-orm";
import type { AclEntry } from "@bepalo/query";
import { type Answer, type App, type AppOptions, serve, type Session, type TestACL } from "./app.ts";
import { DATABASES, type DatabaseName, type Schema, type TestDatabase } from "./databases.ts";

/** The rules of one resource over a table of the tests' schema. */
export type Control<Table extends "article" | "tag"> = AclEntry<
  "writer" | "editor",
  Session,
  Schema,
  TestDatabase,
  Table
>["control"];

/** The databases tests run against, by name. */
export const DATABASE_NAMES = Object.keys(DATABASES) as DatabaseName[];

/** Serves, and closes what it served when the test is over. To be called once, at the top of a test file. */
export function server(): <XContext>(acl: TestACL<XContext>, options?: AppOptions) => Promise<App> {
  const keep = closing();
  return async (acl, options) => keep(await serve(acl as never, options));
}

/** Closes, when a test is over, whatever it kept. */
export function closing(): <T extends { close(): unknown }>(closeable: T) => T {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const closeable of open.splice(0)) await closeable.close();
  });
  return (closeable) => {
    open.push(closeable);
    return closeable;
  };
}

/** A path with a selector in it, as a client's builder writes it. */
export function path(resource: string, selector?: object, flags = ""): string {
  const select = selector === undefined ? "" : `select=${encodeURIComponent(stringify(selector))}`;
  const search = [flags, select].filter((part) => part !== "").join("&");
  return search === "" ? resource : `${resource}?${search}`;
}

/** The whole database as text, counters of keys included: equal texts, nothing was written. */
export async function dump(database: Pick<TestDatabase, "all">): Promise<string> {
  const tables = await database.all<{ name: string }>(
    sql`select name from sqlite_master where type = 'table' order by name`,
  );
  const parts: string[] = [];
  for (const { name } of tables) {
    const columns = await database.all<{ name: string }>(sql`select name from pragma_table_xinfo(${name})`);
    const list = columns.map((column) => `quote("${column.name}")`).join(" || ',' || ");
    const rows = await database.all<{ row: string }>(
      sql.raw(`select ${list} as row from "${name}" order by 1`),
    );
    parts.push(`${name}\n${rows.map(({ row }) => `  ${row}`).join("\n")}`);
  }
  return parts.join("\n");
}

/** The refusal in an answer without its sentence: what clients may rely on. */
export function refusal({ status, body }: Answer): { status: number; code?: string; path?: string } {
  const { code, path: where } = (body ?? {}) as { code?: string; path?: string };
  return { status, ...(code !== undefined && { code }), ...(where !== undefined && { path: where }) };
}

/** A promise that settles when the test says so. */
export function signal(): { readonly came: Promise<void>; readonly give: () => void } {
  let give!: () => void;
  const came = new Promise<void>((resolve) => (give = resolve));
  return { came, give };
}
