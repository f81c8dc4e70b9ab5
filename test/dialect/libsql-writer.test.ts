/* What writes to a libSQL file: a connection of the engine's own, on which nothing is otherwise than on the client's. */
import { Database as BunDatabase } from "bun:sqlite";
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { type Client, createClient } from "@libsql/client";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/libsql";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler } from "@bepalo/query";
import { makeFile } from "../fault/process.ts";
import { asked, type Told } from "../support/everywhere.ts";

const item = lite.sqliteTable("items", {
  id: lite.integer("id").primaryKey(),
  name: lite.text("name").notNull().unique(),
  parent: lite.integer("parent").references((): lite.AnySQLiteColumn => item.id),
});
const schema = { item };

// oxlint-disable-next-line typescript/no-explicit-any -- Drizzle's own type differs per driver
type Hook = (context: { readonly tx: any }) => unknown;

/** A route over a file, and what looks at that from outside. */
interface Opened {
  readonly client: Client;
  readonly other: BunDatabase;
  readonly post: (body: unknown, resource?: string) => Promise<Told>;
  /** How many transactions the client was asked for. */
  readonly asked: () => number;
  readonly names: () => readonly string[];
}

/** What was thrown, to be looked at. */
const itself = (error: unknown): unknown => error;

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup();
});

async function open(
  hook: Hook = () => undefined,
  before: (client: Client) => Promise<unknown> = async () => undefined,
  config: object = {},
): Promise<Opened> {
  const { file, remove } = await makeFile("wal", undefined, schema);
  const client = createClient({ url: `file:${file}`, ...config });
  const other = new BunDatabase(file);
  cleanups.push(
    remove,
    () => other.close(),
    () => client.close(),
  );
  await before(client);
  const rule = { select: true, write: true };
  const handle = createQueryHandler({
    acl: {
      items: { table: "item", control: { POST: { all: rule } } },
      hooked: { table: "item", control: { POST: { all: { ...rule, afterQuery: hook } } } },
    },
    database: drizzle(client, { schema }),
    schema,
    onWarning: () => undefined,
    onError: () => undefined,
  });
  await Bun.sleep(50); // it is opened beside the first requests
  const transactions = spyOn(client, "transaction");
  return {
    client,
    other,
    post: (body, resource = "items") => asked(handle, "POST", resource, body),
    asked: () => transactions.mock.calls.length,
    names: () =>
      other
        .query<{ name: string }, []>("select name from items order by id")
        .all()
        .map(({ name }) => name),
  };
}

test("a write, with hooks or without, asks the client for nothing, and is there for everybody", async () => {
  const { post, asked: transactions, names } = await open();
  for (const resource of ["items", "hooked"])
    expect((await post({ name: resource }, resource)).status).toBe(200);
  expect((await post([{ name: "a" }, { name: "b" }])).status).toBe(200);
  expect(names()).toEqual(["items", "hooked", "a", "b"]);
  expect(transactions()).toBe(0);
});

test("what follows a refusal is kept, time and again", async () => {
  const { post, names, asked: transactions } = await open();
  for (let round = 0; round < 5; round++) {
    expect((await post({ name: `n${round}` })).status).toBe(200);
    expect(await post({ name: `n${round}` })).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(await post({ name: "x", parent: 99 })).toMatchObject({ status: 409, body: { code: "conflict" } });
  }
  expect(names()).toEqual(["n0", "n1", "n2", "n3", "n4"]);
  expect(transactions()).toBe(0);
});

test("a hook is on the connection of its write, and sees what the client would answer", async () => {
  const seen: unknown[] = [];
  const { post, names, other } = await open(async ({ tx }) => {
    seen.push(await tx.run(sql`select count(*) as n, 'x' as t from items`));
    expect(other.query("select * from items").all()).toEqual([]); // nobody else sees it yet
    const again = async (): Promise<unknown> => tx.run(sql`insert into items (name) values ('first')`);
    expect(await again().catch(itself)).toMatchObject({
      cause: { code: "SQLITE_CONSTRAINT", extendedCode: "SQLITE_CONSTRAINT_UNIQUE", name: "LibsqlError" },
    });
    seen.push(await tx.run(sql`insert into items (name) values ('second')`));
  });
  expect((await post({ name: "first" }, "hooked")).status).toBe(200);
  expect(seen).toMatchObject([
    { columns: ["n", "t"], rows: [{ n: 1, t: "x", 0: 1, 1: "x" }] },
    { rowsAffected: 1, lastInsertRowid: 2n, rows: [] },
  ]);
  expect(names()).toEqual(["first", "second"]);
});

test("a hook that comes too late writes nothing", async () => {
  let late: Promise<unknown> = Promise.resolve();
  const { post, names } = await open(({ tx }) => {
    late = Bun.sleep(30).then(() => tx.run(sql`insert into items (name) values ('late')`));
    late.catch(() => undefined);
  });
  expect((await post({ name: "in time" }, "hooked")).status).toBe(200);
  expect(await late.catch(itself)).toMatchObject({ cause: { code: "TRANSACTION_CLOSED" } });
  expect((await post({ name: "next" })).status).toBe(200);
  expect(names()).toEqual(["in time", "next"]);
});

test("a statement that meets a lock gives the connection up: what comes then is kept, by the client", async () => {
  const {
    post,
    names,
    asked: transactions,
  } = await open(async ({ tx }) => {
    // Nobody may do so in a transaction, and of what it leaves behind nothing is known.
    await tx.run(sql`pragma wal_checkpoint(truncate)`).catch(() => undefined);
  });
  expect((await post({ name: "met" }, "hooked")).status).toBe(200);
  for (const name of ["a", "b"]) expect((await post({ name })).status).toBe(200);
  expect(names()).toEqual(["met", "a", "b"]);
  expect(transactions()).toBe(2);
});

test("columns that come to be while it runs are told by name", async () => {
  const told: unknown[] = [];
  const { post, other } = await open(async ({ tx }) => {
    told.push((await tx.run(sql`select * from items`)).columns);
  });
  for (const name of ["a", "b", "c"]) {
    expect((await post({ name }, "hooked")).status).toBe(200);
    if (name === "b") other.run("alter table items add column more text");
  }
  const columns = ["id", "name", "parent"];
  expect(told).toEqual([columns, columns, [...columns, "more"]]);
});

test("whole numbers come as the client is told to answer them", async () => {
  const told: unknown[] = [];
  const hook: Hook = async ({ tx }) => told.push((await tx.run(sql`select 7 as n`)).rows[0].n);
  for (const intMode of ["bigint", "string", "number"] as const) {
    const { post } = await open(hook, undefined, { intMode });
    expect((await post({ name: "a" }, "hooked")).status).toBe(200);
  }
  expect(told).toEqual([7n, "7", 7]);
});

describe("the client's own connection", () => {
  test.each([
    ["a setting", "pragma foreign_keys = off"],
    ["triggers", "create temp trigger shout after insert on items begin select 1; end"],
    ["a table in place of another", "create temp table items (id integer, name text)"],
    ["another file", "attach ':memory:' as beside"],
  ])("is written by where it has %s of its own", async (_, text) => {
    const { post, asked: transactions } = await open(undefined, (client) => client.execute(text));
    await post({ name: "a" });
    expect(transactions()).toBe(1);
  });

  test("is written by where it is the only one, as that of a replica is", async () => {
    const { post, names, asked: transactions } = await open(undefined, undefined, { concurrency: 1 });
    expect((await post({ name: "a" })).status).toBe(200);
    expect(names()).toEqual(["a"]);
    expect(transactions()).toBe(1);
  });

  test("closes ours with itself", async () => {
    const { post, client, names } = await open();
    expect((await post({ name: "a" })).status).toBe(200);
    client.close();
    expect((await post({ name: "b" })).status).toBe(500);
    expect(names()).toEqual(["a"]);
  });
});
