import { Database as BunDatabase } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { type Feed, type Hearing, live, type LiveOptions, type Touched } from "@bepalo/query/live";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { withReplicas } from "drizzle-orm/sqlite-core";
import { fill } from "../support/data.ts";
import { DATABASES, ddl, type Opened } from "../support/databases.ts";
import { Watching } from "../support/live.ts";
import * as schema from "../support/schema.ts";

// What a route hears of writes that are not its own, and what it tells of those that are.

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

const WRITE = { select: true, write: true, check: true } as const;
const ACL = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, live: true } },
      PATCH: { all: WRITE },
      POST: { all: WRITE },
      DELETE: { all: WRITE },
    },
  },
  comments: { table: "comment", control: { GET: { all: { select: true, live: true } } } },
};
const TITLES = "articles?select=(columns:(id:T,title:T))";

async function start(opened: Opened, settings: LiveOptions, options: Partial<QueryRouteOptions> = {}) {
  const route = createQueryRoute({
    acl: ACL,
    database: opened.database,
    schema,
    onWarning: () => undefined,
    live: live({ debounce: 1, ...settings }),
    ...options,
  });
  open.push(() => route.close());
  const send = (path: string, init: RequestInit): Promise<Response> =>
    route[(init.method ?? "GET") as "GET"](new Request(`http://local/query/${path}`, init));
  const watch = async (path: string): Promise<Watching> => {
    const watching = await Watching.open(send, path);
    open.push(() => watching.close());
    await watching.heard(1);
    return watching;
  };
  const patch = (path: string, body: object): Promise<Response> =>
    send(path, {
      method: "PATCH",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
  const remove = (path: string): Promise<Response> => send(path, { method: "DELETE" });
  return { route, watch, patch, remove, get: async (path: string) => (await send(path, {})).text() };
}

async function filled(name: keyof typeof DATABASES): Promise<Opened> {
  const opened = await DATABASES[name]();
  open.push(() => opened.close());
  await fill(opened.database);
  return opened;
}

/** A feed that a test speaks through. */
class TestFeed implements Feed {
  hearing: Hearing | undefined;
  closed = false;
  readonly told: Touched[] = [];
  sweep: number | undefined;

  open(hearing: Hearing) {
    this.hearing = hearing;
    return {
      tell: (touched: Touched) => void this.told.push(touched),
      close: () => void (this.closed = true),
    };
  }
}

/** One whose notices ride in the transaction of the write. */
class RidingFeed extends TestFeed {
  readonly ride = (touched: Touched) => ({
    text: "insert into tags (id, label) values ((select coalesce(max(id), 0) + 1 from tags), ?1)",
    values: [`${touched === "*" ? touched : touched.join()} ${Math.random()}`],
  });
}

describe("a feed", () => {
  test("has answers asked again that depend on what it tells, and no others", async () => {
    const opened = await filled("bun:sqlite");
    const feed = new TestFeed();
    const { watch, get } = await start(opened, { feed });
    const watching = await watch(TITLES);
    await opened.database.update(schema.article).set({ title: "New" }).where(eq(schema.article.id, "a1"));
    feed.hearing!.changed(["comments"]);
    await Bun.sleep(100);
    expect(watching.events.length).toBe(1);
    feed.hearing!.changed(["articles"]);
    await watching.heard(2);
    expect(watching.json).toBe(await get(TITLES));
    await opened.database.update(schema.article).set({ title: "Newer" }).where(eq(schema.article.id, "a1"));
    feed.hearing!.changed("*");
    await watching.heard(3);
    feed.hearing!.changed(["nobody", "knows"]);
    await Bun.sleep(50);
    expect(watching.events.length).toBe(3);
  });

  test("that was cut and is back has everything asked again", async () => {
    const opened = await filled("bun:sqlite");
    const feed = new TestFeed();
    const { watch } = await start(opened, { feed });
    const watching = await watch(TITLES);
    await opened.database.update(schema.article).set({ title: "New" }).where(eq(schema.article.id, "a1"));
    feed.hearing!.back();
    await watching.heard(2);
  });

  test("whose notices may be lost has everything asked again every `sweep`", async () => {
    const opened = await filled("bun:sqlite");
    const feed = new TestFeed();
    feed.sweep = 100;
    const { watch } = await start(opened, { feed });
    const watching = await watch(TITLES);
    await opened.database.update(schema.article).set({ title: "New" }).where(eq(schema.article.id, "a1"));
    await watching.heard(2);
  });

  test("is told what is committed, with what follows from it, and nothing that is refused", async () => {
    const opened = await filled("bun:sqlite");
    const feed = new TestFeed();
    const { patch, remove, route } = await start(opened, { feed });
    expect((await patch("articles?select=(where:(id:a1))", { title: "New" })).status).toBe(200);
    expect((await patch("articles?select=(where:(id:a1))", { title: null })).status).toBe(400);
    expect((await remove("articles?select=(where:(id:a1))")).status).toBe(200);
    route.changed("tag");
    expect(feed.told.map((one) => (one === "*" ? one : one.toSorted()))).toEqual([
      ["articles"],
      // The schema lets both go with an article, and neither change with it.
      ["article_tags", "articles", "comments"],
      ["article_tags", "tags"],
    ]);
    await route.close();
    expect(feed.closed).toBe(true);
  });

  test.each(["bun:sqlite", "libsql file"] as const)(
    "may have its notices ride in the transaction of the write, which they share the end of: %s",
    async (name) => {
      const opened = await filled(name);
      const feed = new RidingFeed();
      const { patch, remove, route } = await start(opened, { feed });
      const labels = async (): Promise<readonly string[]> =>
        (await opened.database.select().from(schema.tag)).map(({ label }) => label.split(" ")[0]!);
      const before = await labels();
      expect((await patch("articles?select=(where:(id:a1))", { title: "New" })).status).toBe(200);
      expect((await patch("articles?select=(where:(id:a1))", { title: null })).status).toBe(400);
      expect((await remove("articles?select=(where:(id:a1))")).status).toBe(200);
      expect((await labels()).slice(before.length)).toEqual(["articles", "articles,article_tags,comments"]);
      expect(feed.told).toEqual([]); // it has been told
      route.changed("comment");
      expect(feed.told).toEqual([["comments"]]);
    },
  );

  test("that fails is told to `onError`, and ends nothing", async () => {
    const opened = await filled("bun:sqlite");
    const errors: unknown[] = [];
    const feed: Feed = {
      open: () => ({ tell: () => Promise.reject(new Error("away")), close: () => undefined }),
    };
    const { patch, watch } = await start(opened, { feed }, { onError: (error) => errors.push(error) });
    const watching = await watch(TITLES);
    await patch("articles?select=(where:(id:a1))", { title: "New" });
    await watching.heard(2);
    expect(errors.map(String)).toEqual(["Error: away"]);
  });
});

describe("a SQLite file", () => {
  test("that another process has written to is looked at within a tenth of a second", async () => {
    const opened = await filled("libsql file");
    const { watch, get, patch } = await start(opened, {});
    const watching = await watch(TITLES);
    await patch("articles?select=(where:(id:a2))", { title: "Own" });
    await watching.heard(2);
    const script = `const { Database } = require("bun:sqlite"); const db = new Database(${JSON.stringify(opened.url.slice(5))}); db.run("update articles set title = 'foreign' where id = 'a1'");`;
    expect(Bun.spawnSync([process.execPath, "-e", script]).exitCode).toBe(0);
    await watching.heard(3, 1_000);
    expect(watching.json).toBe(await get(TITLES));
  });

  test.each([true, false])(
    "is not taken for written by others after writes of its own (kept connection: %p)",
    async (kept) => {
      const opened = await filled("libsql file");
      // A client that has been told something is not written past.
      if (!kept) await opened.database.run("pragma busy_timeout = 1");
      let count = 0;
      const { watch, patch } = await start(
        opened,
        {},
        {
          dialect: (_, found) =>
            new Proxy(found(), {
              get(target, name) {
                const value: unknown = Reflect.get(target, name, target);
                if (name === "read")
                  return (...args: never[]) => (
                    count++,
                    (value as (...all: never[]) => unknown).apply(target, args)
                  );
                return typeof value === "function" ? (value as () => unknown).bind(target) : value;
              },
            }),
        },
      );
      await watch("comments?select=(columns:(id:T))");
      await patch("articles?select=(where:(id:nothing))", { title: "x" }); // asks for triggers
      await Bun.sleep(250);
      const before = count;
      const { comment } = schema;
      for (let n = 0; n < 5; n++) {
        await patch("articles?select=(where:(id:a2))", { rating: n });
        await Bun.sleep(60);
      }
      expect(count - before).toBe(0);
      await opened.database.update(comment).set({ text: "past the engine" }).where(eq(comment.id, 1));
      const own = count;
      await Bun.sleep(250);
      expect(count).toBeGreaterThan(own);
    },
  );

  test("without a write-ahead log is watched as well, by another connection", async () => {
    const opened = await filled("libsql file");
    await opened.database.run("pragma journal_mode = delete");
    const { watch, get } = await start(opened, {});
    const watching = await watch(TITLES);
    const other = new BunDatabase(opened.url.slice(5));
    other.run("pragma busy_timeout = 2000");
    other.run("update articles set title = 'foreign' where id = 'a1'");
    other.close();
    await watching.heard(2, 1_500);
    expect(watching.json).toBe(await get(TITLES));
  });

  test.each(["libsql file", "bun:sqlite"] as const)(
    "that another has locked is watched without waiting, and looked at once it is free: %s",
    async (name) => {
      const opened = await filledFile(name);
      const { watch, get } = await start(opened, {});
      const watching = await watch(TITLES);
      const other = new BunDatabase(opened.file);
      other.run("begin exclusive");
      other.run("update articles set title = 'foreign' where id = 'a1'");
      const began = performance.now();
      for (let n = 0; n < 10; n++) await Bun.sleep(30);
      expect(performance.now() - began).toBeLessThan(900); // and nobody was held up
      other.run("commit");
      other.close();
      await watching.heard(2, 1_500);
      expect(watching.json).toBe(await get(TITLES));
    },
  );
});

/** A file without a write-ahead log, whose application waits long for locks. */
async function filledFile(name: "libsql file" | "bun:sqlite"): Promise<Opened & { readonly file: string }> {
  if (name === "libsql file") {
    const opened = await filled(name);
    await opened.database.run("pragma journal_mode = delete");
    return { ...opened, file: opened.url.slice(5) };
  }
  const folder = mkdtempSync(join(tmpdir(), "query-"));
  const file = join(folder, "test.db");
  const client = new BunDatabase(file);
  open.push(() => (client.close(), rmSync(folder, { recursive: true, force: true })));
  for (const statement of await ddl(schema)) client.run(statement);
  client.run("pragma busy_timeout = 1000");
  const database = drizzle(client, { schema }) as unknown as Opened["database"];
  await fill(database);
  return { database, url: file, file, close: () => undefined };
}

test("it is the primary that is asked, and no replica", async () => {
  const [primary, replica] = [await filled("libsql file"), await filled("libsql file")];
  const database = withReplicas(primary.database as never, [replica.database as never]);
  const { watch, patch } = await start({ ...primary, database: database }, {});
  const watching = await watch(TITLES);
  await patch("articles?select=(where:(id:a1))", { title: "On the primary" });
  await watching.heard(2);
  expect(watching.text).toContain("On the primary");
});
