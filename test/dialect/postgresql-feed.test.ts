import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { integer, pgSchema, pgTable, pgView, text } from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { liveTriggers } from "@bepalo/query";
import { type Feed, postgresFeed } from "@bepalo/query/live";
import { openHole } from "../fault/hole.ts";
import { openPooler } from "../fault/pooler.ts";
import { hearing, listen, type Listener, until } from "../support/feeds.ts";
import { isLeftOut, openPostgresql, type OpenedPostgresql } from "../support/postgresql.ts";

// Processes that tell each other of their writes by a PostgreSQL database.

const audit = pgSchema("audit");
const post = pgTable("post", { id: integer().primaryKey(), title: text() });
const schema = {
  audit,
  post,
  remark: pgTable("it's a Remark", {
    id: integer().primaryKey(),
    postId: integer().references(() => post.id, { onDelete: "cascade" }),
  }),
  entry: audit.table("entry", { id: integer().primaryKey() }),
  titles: pgView("titles").as((query) => query.select({ title: post.title }).from(post)),
};

/** How a connection is handed to a feed, and what ends what was handed. */
const CONNECTIONS = {
  "a URL, on Bun": (url) => ({ connection: url, end: () => undefined }),
  "Bun.SQL": (url) => {
    const connection = new SQL(url, { max: 2 });
    return { connection, end: () => connection.close({ timeout: 1 }) };
  },
  "postgres.js": (url) => {
    const connection = postgres(url, { max: 2 });
    return { connection, end: () => connection.end({ timeout: 1 }) };
  },
  "a pool of node-postgres": (url) => {
    const connection = new Pool({ connectionString: url, max: 2 });
    return { connection, end: () => connection.end() };
  },
  "a client of node-postgres": (url) => ({
    connection: new Client({ connectionString: url }),
    end: () => undefined,
  }),
} satisfies Record<string, (url: string) => { connection: string | object; end: () => unknown }>;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function listener(feed: Feed): Promise<Listener> {
  const opened = await listen(feed);
  cleanups.push(() => opened.listening.close());
  return opened;
}

/** Runs the statement that tells of a write, in a transaction. */
async function write(client: Client, feed: Feed, names: readonly string[], end = "commit"): Promise<void> {
  const notice = feed.ride!(names);
  await client.query("begin");
  await client.query(notice.text, [...notice.values]);
  await client.query(end);
}

describe.skipIf(isLeftOut("node-postgres"))("on a server", () => {
  let opened: OpenedPostgresql;
  let client: Client;
  beforeAll(async () => {
    opened = await openPostgresql("node-postgres", schema);
    client = new Client({ connectionString: opened.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await opened.close();
  });

  const LISTENERS = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and query ilike 'listen%'`;
  const listeners = async (): Promise<number> =>
    Number((await client.query<{ n: string }>(`select count(*) as n ${LISTENERS}`)).rows[0]!.n);

  describe.each(Object.entries(CONNECTIONS))("%s", (_, connect) => {
    const open = async (): Promise<Listener> => {
      const { connection, end } = connect(opened.url);
      cleanups.push(end);
      return listener(postgresFeed({ connection }));
    };

    test("others hear what was committed, and nothing of what was not; oneself hears nothing", async () => {
      const [here, there] = [await open(), await open()];
      await write(client, here.feed, ["post", "audit.entry"], "rollback");
      await write(client, here.feed, ["post", "audit.entry"]);
      here.tell(["post"]);
      await until(() => there.heard.changes.length === 2);
      there.tell("*");
      await until(() => here.heard.changes.length === 1);
      expect(there.heard.changes).toEqual([["post", "audit.entry"], ["post"]]);
      expect(here.heard.changes).toEqual(["*"]);
      expect([here, there].map(({ heard }) => [heard.backs, heard.errors])).toEqual([
        [1, []],
        [1, []],
      ]);
    });

    test("what is cut says so once, listens again, and tells what it could not tell meanwhile", async () => {
      const here = await open();
      const pids = await client.query<{ pid: number }>(`select pid ${LISTENERS}`);
      const there = await open();
      for (const { pid } of pids.rows) await client.query("select pg_terminate_backend($1)", [pid]);
      await until(() => here.heard.errors.length > 0);
      here.tell(["post"]);
      here.tell(["post", "audit.entry"]);
      await until(() => here.heard.backs === 2 && there.heard.changes.length === 1);
      await write(client, there.feed, ["last"]);
      await until(() => here.heard.changes.length === 1);
      expect(there.heard.changes).toEqual([["post", "audit.entry"]]);
      expect(here.heard.changes).toEqual([["last"]]);
      expect([here, there].map(({ heard }) => [heard.backs, heard.errors.length])).toEqual([
        [2, 1],
        [1, 0],
      ]);
    });

    test("who listens no longer leaves no connection", async () => {
      const here = await open();
      expect(await listeners()).toBe(1);
      await here.listening.close();
      await until(async () => (await listeners()) === 0);
      await write(client, postgresFeed({ connection: opened.url }), ["post"]);
      expect(here.heard.changes).toEqual([]);
      expect(here.heard.errors).toEqual([]);
    });
  });

  test("a connection that is dead, and nobody says so, is given up at once", async () => {
    for (const [name, connect] of Object.entries(CONNECTIONS)) {
      const hole = await openHole(opened.url);
      const { connection, end } = connect(hole.url);
      const { listening, heard } = await listen(postgresFeed({ connection }));
      hole.swallow();
      const began = performance.now();
      await listening.close();
      expect([name, performance.now() - began < 1_000, heard.errors]).toEqual([name, true, []]);
      hole.close();
      await end();
    }
  });

  test("a server that cannot be reached is told of, until it is there", async () => {
    const url = Object.assign(new URL(opened.url), { port: "1" }).href;
    for (const [name, connect] of Object.entries(CONNECTIONS)) {
      const { connection, end } = connect(url);
      const heard = hearing();
      const listening = postgresFeed({ connection }).open(heard);
      void listening.tell!(["post"]);
      await until(() => heard.errors.length > 0);
      await Bun.sleep(300);
      await listening.close();
      await end();
      expect([name, heard.backs, heard.errors.length]).toEqual([name, 0, 1]);
    }
  }, 20_000);

  test("a pooler between, which takes notices away, is told of", async () => {
    const pooler = await openPooler(opened.url);
    cleanups.push(() => pooler.close());
    const heard = hearing();
    const connection = new Client({ connectionString: pooler.url });
    const listening = postgresFeed({ connection }).open(heard);
    await until(() => heard.errors.length > 0, 15_000);
    await listening.close();
    expect(heard.backs).toBe(0);
    expect((heard.errors[0] as Error).message).toContain("never through a pooler");
  }, 20_000);

  test("two routes of one process that share a feed hear each other", async () => {
    const feed = postgresFeed({ connection: opened.url });
    const [one, other] = [await listener(feed), await listener(feed)];
    await write(client, feed, ["post"]);
    await until(() => one.heard.changes.length === 1 && other.heard.changes.length === 1);
    await other.listening.close();
    await write(client, feed, ["post"]);
    await client.query("select pg_notify('bepalo_live', '[\"\",\"last\"]')");
    await until(() => one.heard.changes.at(-1)?.[0] === "last");
    expect(one.heard.changes).toEqual([["post"], ["last"]]);
  });

  test("what is forged, or no notice at all, makes all suspect and harms nobody", async () => {
    const { heard, feed } = await listener(postgresFeed({ connection: opened.url }));
    const [origin] = JSON.parse(String(feed.ride!([]).values[1])) as [string];
    const forged: readonly [string, unknown][] = [
      ["", "*"],
      ["{", "*"],
      ["null", "*"],
      ["[]", "*"],
      ['["x",1]', "*"],
      ['{"length":1}', "*"],
      [`["x","${"é".repeat(3_000)}"]`, ["é".repeat(3_000)]],
      ['["x","__proto__","no such table"]', ["__proto__", "no such table"]],
      ['["x","*","post"]', "*"],
      ['["x"]', undefined],
      [JSON.stringify([origin, "post"]), undefined],
      ['["x","last"]', ["last"]],
    ];
    for (const [payload] of forged) await client.query("select pg_notify('bepalo_live', $1)", [payload]);
    await until(() => heard.changes.at(-1)?.[0] === "last");
    // What is the same again in another transaction is told again.
    expect(heard.changes).toEqual(
      forged.flatMap(([, touched]) => (touched === undefined ? [] : [touched])) as never,
    );
    expect(heard.errors).toEqual([]);
  });

  test("names that are too many for a notice are told as all tables", async () => {
    const [here, there] = [
      await listener(postgresFeed({ connection: opened.url })),
      await listener(postgresFeed({ connection: opened.url })),
    ];
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, at) => `é${at}`.padEnd(96, "é"));
    // 195 bytes each with what stands around them.
    await write(client, here.feed, many(35));
    await write(client, here.feed, many(37));
    await until(() => there.heard.changes.length === 2);
    expect(there.heard.changes).toEqual([many(35), "*"]);
  });

  describe("triggers", () => {
    test("tell of whatever others write, once it is committed", async () => {
      const statements = liveTriggers(schema);
      for (const statement of [...statements, ...statements]) await client.query(statement);
      const { heard } = await listener(postgresFeed({ connection: opened.url }));
      const said = async (...texts: readonly string[]): Promise<unknown> => {
        heard.changes.length = 0;
        for (const text of texts) await client.query(text);
        await client.query(`select pg_notify('bepalo_live', '["","last"]')`);
        await until(() => heard.changes.at(-1)?.[0] === "last");
        return heard.changes.slice(0, -1);
      };
      const remark = "it's a Remark";
      const quoted = `"it's a Remark"`;
      expect(await said("insert into post values (1), (2)")).toEqual([["post"]]);
      expect(
        await said("begin", "update post set title = 'x'", "update post set title = 'y'", "commit"),
      ).toEqual([["post"]]);
      expect(await said("begin", "delete from post", "rollback")).toEqual([]);
      expect(await said(`insert into ${quoted} values (1, 1)`, "insert into audit.entry values (1)")).toEqual(
        [[remark], ["audit.entry"]],
      );
      const followed = (await said("delete from post where id = 1")) as string[][];
      expect(followed.flat().toSorted()).toEqual([remark, "post"]);
      expect(await said("truncate audit.entry")).toEqual([["audit.entry"]]);
      expect(
        await said("begin", "set local search_path to audit", "insert into public.post values (3)", "commit"),
      ).toEqual([["post"]]);
    });

    test("say nothing more to who has told of a write in its own transaction, but for other tables", async () => {
      for (const statement of liveTriggers(schema)) await client.query(statement);
      const [here, there] = [
        await listener(postgresFeed({ connection: opened.url })),
        await listener(postgresFeed({ connection: opened.url })),
      ];
      const { text, values, answered } = here.feed.ride!(["post"]);
      await client.query("begin");
      await client.query("insert into post values (77)");
      await client.query("insert into audit.entry values (77)");
      const { rows } = await client.query({ text, values: [...values], rowMode: "array" });
      answered!(rows[0] as unknown[]);
      await client.query("commit");
      // Whoever forges the number of a transaction silences nothing but that.
      const [transaction] = (rows[0] as string[]).slice(1);
      await client.query("select pg_notify('bepalo_live', $1)", [JSON.stringify([transaction, "post"])]);
      await client.query("insert into post values (78)");
      await until(() => here.heard.changes.length === 2 && there.heard.changes.length === 5);
      expect(here.heard.changes).toEqual([["audit.entry"], ["post"]]);
      expect(there.heard.changes).toEqual([["post"], ["audit.entry"], ["post"], ["post"], ["post"]]);
    });

    test("are of PostgreSQL's tables alone", () => {
      expect(liveTriggers({ post, titles: schema.titles })).toHaveLength(3);
      const strange = pgTable(`"; drop`, { id: integer() });
      expect(liveTriggers({ strange }).join("\n")).toContain(` on """; drop" for each statement`);
      expect(() => liveTriggers({ tag: lite.sqliteTable("tag", { id: lite.integer() }) })).toThrow(
        "no table of PostgreSQL",
      );
    });
  });
});

test("PGlite: writers and listeners of one process", async () => {
  const opened = await openPostgresql("PGlite", schema);
  cleanups.push(() => opened.close());
  const { $client: connection } = opened.database as unknown as { readonly $client: PGlite };
  const [here, there] = [
    await listener(postgresFeed({ connection })),
    await listener(postgresFeed({ connection })),
  ];
  const notice = here.feed.ride!(["post"]);
  await connection.transaction(async (tx) => {
    await tx.query(notice.text, [...notice.values]);
    await tx.rollback();
  });
  await connection.transaction((tx) => tx.query(notice.text, [...notice.values]));
  there.tell(["audit.entry"]);
  await until(() => here.heard.changes.length + there.heard.changes.length === 2);
  expect([here.heard.changes, there.heard.changes]).toEqual([[["audit.entry"]], [["post"]]]);
  await there.listening.close();
  await connection.query(notice.text, [...notice.values]);
  expect(there.heard.changes).toHaveLength(1);
});

test.each<readonly [string, unknown, string]>([
  ["nothing", undefined, "must be an URL"],
  ["a number", 5432, "must be an URL"],
  ["another URL", "mysql://127.0.0.1/test", "must be an URL"],
  ["another database's client", new SQL("sqlite://:memory:"), "must be an URL"],
  ["a function", () => undefined, "must be an URL"],
  ["an empty object", {}, "must be an URL"],
  ["a Drizzle database", { $client: {} }, "has its client in `$client`"],
])("what is no connection is told at start: %s", (_, connection, message) => {
  expect(() => postgresFeed({ connection: connection as string })).toThrow(message);
});
