// How many pages of its file a connection keeps: more than SQLite does by itself, unless it was told.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";

const thing = sqliteTable("thing", { id: integer().primaryKey() });
const folder = mkdtempSync(join(tmpdir(), "page-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function made(name: string): string {
  const file = join(folder, name);
  const database = new Database(file, { create: true });
  database.run("create table thing (id integer primary key); insert into thing values (1)");
  database.close();
  return file;
}

const handlerOver = (client: Database): QueryHandler =>
  createQueryHandler({
    acl: { things: { table: "thing", control: { GET: { all: { select: true } } } } },
    database: drizzle(client, { schema: { thing } }),
    schema: { thing },
    onWarning: () => undefined,
  });

const kept = (client: Database): unknown => client.prepare("pragma cache_size").values()[0]![0];
const ask = async (handler: QueryHandler): Promise<unknown> =>
  (await handler(new Request("http://local/query/things"))).json();

test("the application's connection keeps 16 MB where it kept 2", async () => {
  const client = new Database(made("few.db"));
  expect(kept(client)).toBe(-2000);
  const handler = handlerOver(client);
  expect(kept(client)).toBe(-16_000);
  expect(await ask(handler)).toEqual({ count: 1, things: [{ id: 1 }] });
});

test.each([-5000, 100, -64_000])("one that was told %d keeps as many", (pages) => {
  const client = new Database(made(`told${pages}.db`));
  client.run(`pragma cache_size = ${pages}`);
  handlerOver(client);
  expect(kept(client)).toBe(pages);
});

test("a file that is locked when the route is made, whose schema nobody can read, is answered later", async () => {
  const file = made("locked.db");
  const other = new Database(file);
  other.run("pragma locking_mode = exclusive; begin exclusive");
  const client = new Database(file);
  client.run("pragma busy_timeout = 200");
  const handler = handlerOver(client);
  other.run("commit");
  other.close();
  expect(await ask(handler)).toEqual({ count: 1, things: [{ id: 1 }] });
});
