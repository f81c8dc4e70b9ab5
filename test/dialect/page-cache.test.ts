// How many pages of its file a connection keeps: more than SQLite does by itself, unless it was told.
import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryHandler, type QueryHandler } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable } from "drizzle-orm/sqlite-core";
import { connect } from "../../src/dialect/lane/connect.ts";
import { identityOf } from "../../src/dialect/lane/identity.ts";
import { FileReader } from "../../src/dialect/libsql/reader.ts";
import { FileWriter } from "../../src/dialect/libsql/writer.ts";

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

test("the engine's own connections to a libSQL file keep as many, and the client's what they did", async () => {
  const client = createClient({ url: `file:${made("libsql.db")}` });
  await client.execute("pragma journal_mode = wal");
  const reader = (await FileReader.open(client))!;
  expect(reader.query("pragma cache_size", [])![0]![0]).toBe(-16_000);
  const transaction = await (await FileWriter.open(client))!.begin(1_000);
  expect((await transaction.execute("pragma cache_size")).rows[0]![0]).toBe(-16_000);
  await transaction.commit();
  expect((await client.execute("pragma cache_size")).rows[0]![0]).toBe(-2000);
});

test.each(["bun-sqlite", "libsql"] as const)("so do those of the slow lane, by %s", async (driver) => {
  const file = made(`lane-${driver}.db`);
  new Database(file).run("pragma journal_mode = wal");
  const ask = await connect({
    driver,
    file,
    identity: identityOf(statSync, file),
    open: undefined,
    bigints: false,
  });
  expect((await ask("pragma cache_size", []))[0]![0]).toBe(-16_000);
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
