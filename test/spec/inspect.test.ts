import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryRouteOptions } from "@bepalo/query";
import { fill } from "../support/data.ts";
import { DATABASES } from "../support/databases.ts";
import { LIBRARY } from "../support/library.ts";
import { isLeftOut, openPostgresql } from "../support/postgresql.ts";
import * as schema from "../support/schema.ts";

// Why a request is answered as it is, and who may do what: for who may look behind the rules.

interface Session {
  readonly me?: number;
}

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        writer: {
          select: { columns: ["id", "title", "views"] },
          with: { comments: { select: { columns: ["text"] } }, author: "authors" },
        },
        mine: {
          select: true,
          where: ({ me }: Session, { authorId }: never, { eq }: never) => (eq as Eq)(authorId, me),
        },
        guest: { select: { columns: ["title"] }, aggregate: true },
      },
      PATCH: {
        mine: { where: ({ me }: Session, { authorId }: never, { eq }: never) => (eq as Eq)(authorId, me) },
      },
      POST: { all: { select: true, check: () => false } },
    },
  },
  one: { table: "article", control: { DELETE: { all: { select: true } } } },
  authors: {
    table: "author",
    control: { GET: { all: { select: { columns: ["id", "name"] } } } },
  },
};
type Eq = (column: unknown, value: unknown) => never;

const { database } = await DATABASES["bun:sqlite"]();
await fill(database);
const made = (options: Partial<QueryRouteOptions<string, Session>> = {}) =>
  createQueryHandler<string, Session>({
    acl: acl as never,
    database,
    schema,
    onWarning: () => undefined,
    session: {
      parser: (request, context) =>
        void Object.assign(context, { me: Number(request.headers.get("x-me") ?? 0) }),
      getRole: (request) => request.headers.get("x-role")?.split(","),
    },
    inspect: (_context, request) => request.headers.has("x-inspect"),
    ...options,
  });
const handler = made();

async function ask(path: string, headers: Record<string, string> = {}, on = handler) {
  const answer = await on(
    new Request(`http://local/query/${path}`, { headers: { "x-inspect": "1", ...headers } }),
  );
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
const explain = async (request: string, headers?: Record<string, string>, more = "") =>
  (await ask(`$explain?request=${encodeURIComponent(request)}${more}`, headers)).body;

const { NODE_ENV } = process.env;
afterEach(() => {
  process.env["NODE_ENV"] = NODE_ENV ?? "test";
});

describe("who may look", () => {
  test.each(["$explain?request=articles", "$matrix"])(
    "%s: whom the author's function lets in",
    async (path) => {
      expect((await ask(path)).status).toBe(200);
      expect((await ask(path)).headers.get("cache-control")).toBe("private, no-store");
      const refused = await handler(new Request(`http://local/query/${path}`));
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, "forbidden"]);
    },
  );

  test("only a plain true lets in", async () => {
    for (const answer of [1, "yes", {}, Promise.resolve("true")])
      expect((await ask("$matrix", {}, made({ inspect: () => answer as never }))).status).toBe(403);
    expect((await ask("$matrix", {}, made({ inspect: async () => true }))).status).toBe(200);
  });

  test("nobody in production, and nowhere without the option", async () => {
    process.env["NODE_ENV"] = "production";
    expect((await ask("$matrix")).status).toBe(403);
    expect((await ask("$explain?request=articles")).status).toBe(403);
    process.env["NODE_ENV"] = "test";
    expect((await ask("$matrix")).status).toBe(200);
    const without = createQueryHandler({ acl: acl as never, database, schema, onWarning: () => undefined });
    expect((await ask("$matrix", {}, without)).status).toBe(404);
  });
});

describe("$explain", () => {
  test("names the rule, the rules that do not apply and why", async () => {
    const { rules, rule } = await explain("GET /query/articles", { "x-role": "writer" });
    expect(rule).toBe("acl.articles.control.GET.writer");
    expect(rules.map(({ name, applies, why }: Record<string, unknown>) => [name, applies, why])).toEqual([
      ["writer", true, "it is the first that applies"],
      ["mine", false, "`writer` comes first"],
      ["guest", false, "the caller has a role"],
    ]);
    const guest = await explain("articles");
    expect(guest.rules.map(({ why }: { why: string }) => why)).toEqual([
      "the caller is not `writer`",
      "the caller has no role",
      "it is the first that applies",
    ]);
    const mine = await explain("articles?mine", { "x-role": "writer" });
    expect(mine.rules.map(({ why }: { why: string }) => why)).toEqual([
      "the scope is `mine`, which asks for no rule of a role",
      "it is the first that applies",
      "the scope is `mine`",
    ]);
  });

  test("tells what each part became, which rows there are, the SQL and its plan, and whole tables that are read", async () => {
    const select =
      "(columns:(title:T),where:(title.contains:'secret-text',comments.some:(text:'x')),orderBy:(views:desc),limit:2,with:(comments:(limit:1)),count:(comments:T))";
    const { became, statements, mentions, milliseconds, refused } = await explain(
      `GET articles?select=${select}`,
      {
        "x-role": "writer",
      },
    );
    expect(refused).toBeUndefined();
    expect(became).toMatchObject({
      table: "article",
      rule: "acl.articles.control.GET.writer",
      columns: ["title"],
      where: "(title contains ?) and (some of comments where text eq ?)",
      orderBy: ["views desc", "id asc"],
      limit: 2,
      offset: 0,
      relations: { comments: { table: "comment", columns: ["text"], limit: 1 } },
      counts: ["comments"],
    });
    expect(mentions.map(({ table, rows }: Record<string, string>) => [table, rows])).toContainEqual([
      "article",
      "all",
    ]);
    expect(statements).toHaveLength(1);
    expect(statements[0].sql).toContain('from "articles"');
    expect(JSON.stringify(statements)).not.toContain("secret-text");
    expect(statements[0].values).toContain("string");
    const scans = statements[0].plan.filter(({ scan }: { scan: boolean }) => scan);
    expect(scans.map(({ text }: { text: string }) => text)).toContainEqual(expect.stringMatching(/^SCAN /));
    expect(Object.keys(milliseconds)).toEqual(expect.arrayContaining(["parse", "plan", "compile"]));
  });

  test("shows values where it is asked to, and an index where one is used", async () => {
    const told = await explain("articles?mine", { "x-role": "x", "x-me": "2" }, "&values");
    expect(told.statements[0].values).toContain(2);
    expect(told.mentions[0].rows).toBe('"articles"."author_id" = 2');
    expect(
      told.statements[0].plan.some(({ text }: { text: string }) => text.includes("article_author")),
    ).toBe(true);
    const hidden = await explain("articles?mine", { "x-role": "x", "x-me": "2" });
    expect(hidden.mentions[0].rows).toBe('"articles"."author_id" = ?');
  });

  test("explains numbers, and which rows a write would reach; it writes nothing", async () => {
    const numbers = await explain("articles?aggregate=(count:T,groupBy:_(title)_)");
    expect(numbers.became).toMatchObject({ figures: ["count"], groupBy: 1 });
    expect(numbers.statements[0].sql).toMatch(/group by/i);
    const patch = await explain("PATCH articles?select=(where:(id:a2))", { "x-role": "x", "x-me": "2" });
    expect(patch.rule).toBe("acl.articles.control.PATCH.mine");
    expect(patch.statements[0].of).toBe("the rows it reaches");
    expect(patch.statements[0].sql).toMatch(/^select .* from "articles" where/);
    const counted = (): unknown => database.$count(schema.article);
    const before = await counted();
    const body = (value: object): string => `&body=${encodeURIComponent(JSON.stringify(value))}`;
    const x = { "x-role": "x", "x-me": "2" };
    const set = await explain("PATCH articles?select=(where:(id:a2))", x, body({ title: "New" }));
    expect(set.statements.at(-1)).toMatchObject({
      of: "what is written",
      sql: expect.stringMatching(/^(?:with .*)?update "articles" set/),
    });
    // As often as one likes.
    for (let times = 0; times < 3; times++)
      expect((await explain("DELETE one?select=(where:(id:a2))", x)).statements.at(-1).of).toBe(
        "what is written",
      );
    const made = await explain("POST articles", x, body({ title: "New", authorId: 2 }));
    expect(made.statements.at(-1)).toMatchObject({
      of: "what is written",
      sql: expect.stringMatching(/insert into "articles"/),
    });
    const wrong = await explain("POST articles", x, body({ titel: "New" }));
    expect(wrong.refused).toMatchObject({ status: 400, code: "unknown-column", path: "titel" });
    expect((await ask("$explain?request=POST%20articles&body=(")).status).toBe(400);
    expect(await counted()).toBe(before);
    const post = await explain("POST articles", { "x-role": "x" });
    expect(post.statements).toEqual([]);
    expect(post.mentions.at(-1)).toEqual({
      table: "article",
      rule: "acl.articles.control.POST.all.check",
      rows: "none",
    });
  });

  test.each([
    ["articles?mine", {}, 401, "unauthenticated", undefined],
    ["DELETE articles", {}, 405, "method-not-allowed", undefined],
    ["artikles", {}, 404, "unknown-resource", undefined],
    ["articles?select=(where:(titel:a))", {}, 400, "invalid-syntax", "select"],
    ["articles?select=(where:(views:1))", {}, 400, "unknown-column", "select.where"],
    ["articles?nothing", {}, 400, "unknown-parameter", "nothing"],
    ["%", {}, 404, "unknown-resource", undefined],
    ["", {}, 404, "unknown-resource", undefined],
  ] as const)("says why `%s` is refused", async (request, headers, status, code, path) => {
    const { refused } = await explain(request, headers);
    expect(refused).toMatchObject({ status, code, ...(path !== undefined && { path }) });
  });

  test("takes a request of the same caller, and nothing else", async () => {
    for (const path of [
      "$explain",
      "$explain?request=OPTIONS%20articles",
      "$explain?request=articles&role=admin",
      "$matrix?x",
    ])
      expect((await ask(path)).status).toBe(400);
    const posted = await handler(
      new Request("http://local/query/$explain?request=articles", { method: "POST", body: "{}" }),
    );
    expect(posted.status).toBe(405);
  });

  test.each(["libsql file", "libsql memory", "bun:sqlite"] as const)(
    "on %s a write that is explained waits for nothing, and holds nobody up",
    async (name) => {
      const opened = await DATABASES[name]();
      await fill(opened.database);
      const on = made({ database: opened.database });
      const began = performance.now();
      for (let id = 1; id <= 8; id++) {
        const body = encodeURIComponent(JSON.stringify({ title: `New ${id}`, authorId: 2 }));
        const told = await ask(`$explain?request=POST%20articles&body=${body}`, { "x-role": "x" }, on);
        expect([told.status, told.body.refused]).toEqual([200, undefined]);
        expect(told.body.statements.length).toBeGreaterThan(0);
        expect((await ask("$explain?request=DELETE%20one", { "x-role": "x" }, on)).status).toBe(200);
      }
      const url = "http://local/query/one?select=(where:(id:'nobody'))";
      const written = await on(new Request(url, { method: "DELETE", headers: { "x-role": "x" } }));
      expect([written.status, await written.text()]).toEqual([
        200,
        expect.stringContaining('"rowsAffected":0'),
      ]);
      // Each of them waited until its statement was collected as garbage, or for `busyTimeout`.
      expect(performance.now() - began).toBeLessThan(4_000);
    },
    60_000,
  );

  test.each([
    ["libsql file", "wal"],
    ["libsql file", "delete"],
    ["libsql memory", "memory"],
  ] as const)(
    "on %s (%s) the client sees and commits afterwards what it would have",
    async (name, journal) => {
      const { database: explained, url, close } = await DATABASES[name]();
      await explained.run(`pragma journal_mode = ${journal}`);
      await fill(explained);
      await explained.run("create virtual table words using fts5(word)");
      await explained.run("analyze");
      const on = made({ database: explained, ownConnection: false });
      const role = { "x-role": "writer" };
      for (const request of ["DELETE%20one", "articles?select=(orderBy:(views:desc))"]) {
        const told = await ask(`$explain?request=${request}`, role, on);
        expect(told.body.statements.length).toBeGreaterThan(0);
        for (const { plan } of told.body.statements) expect(plan).not.toEqual([]);
      }
      const count = async (): Promise<unknown> => await explained.$count(schema.tag);
      const before = Number(await count());
      if (journal !== "memory") {
        const other = new Database(url.slice("file:".length));
        other.run("insert into tags (label) values ('seen')");
        expect(await count()).toBe(before + 1);
        other.run("delete from tags where label = 'seen'");
        await explained.insert(schema.tag).values({ label: "kept" });
        expect(other.query("select count(*) n from tags").get()).toEqual({ n: before + 1 });
        other.close();
      } else await explained.insert(schema.tag).values({ label: "kept" });
      const written = await on(
        new Request("http://local/query/one?select=(where:(id:a1))", { method: "DELETE" }),
      );
      expect(written.status).toBe(200);
      expect(await count()).toBe(before + 1);
      close();
    },
  );

  test.skipIf(isLeftOut("bun-sql"))("on PostgreSQL it asks that for its plan", async () => {
    const opened = await openPostgresql("bun-sql", LIBRARY.postgresql);
    try {
      const rules = {
        articles: { table: "article", control: { GET: { all: { select: true } }, PATCH: { all: {} } } },
      };
      const on = createQueryHandler({
        acl: rules,
        database: opened.database,
        schema: LIBRARY.postgresql,
        onWarning: () => undefined,
        inspect: () => true,
      });
      const told = await ask(
        `$explain?request=${encodeURIComponent("articles?select=(where:(title:'a'))")}`,
        {},
        on,
      );
      expect(told.body.statements[0].plan).toContainEqual({
        text: expect.stringContaining("Seq Scan on articles"),
        scan: true,
      });
      const reached = await ask(
        `$explain?request=${encodeURIComponent("PATCH articles?select=(where:(id:1))")}`,
        {},
        on,
      );
      expect(reached.body.statements[0].plan.length).toBeGreaterThan(0);
      const changed = `PATCH articles?select=(where:(id:1))`;
      const body = encodeURIComponent('{"title":"New"}');
      const planned = await ask(`$explain?request=${encodeURIComponent(changed)}&body=${body}`, {}, on);
      const { of, plan } = planned.body.statements.at(-1);
      expect([of, plan[0].text]).toEqual(["what is written", expect.stringContaining("Update on articles")]);
      // What Drizzle writes is explained as well.
      const portable = createQueryHandler({
        acl: rules,
        database: opened.database,
        schema: LIBRARY.postgresql,
        reader: "portable",
        onWarning: () => undefined,
        inspect: () => true,
      });
      const other = await ask("$explain?request=articles", {}, portable);
      expect(other.body.statements[0].sql).toContain("select");
    } finally {
      await opened.close();
    }
  });
});

test("$matrix tells who may do what", async () => {
  const { body } = await ask("$matrix");
  expect(body).toMatchObject({
    version: 1,
    dialect: "sqlite",
    drizzle: expect.stringMatching(/^0\.45\./),
    callers: {
      guest: {
        articles: { GET: { guest: "none, guest, mine|guest" }, POST: { all: "none, guest, mine|guest" } },
      },
      "*": { articles: { GET: { mine: "none, mine, mine|guest", guest: "guest" } } },
      writer: { articles: { GET: { writer: "none, mine|guest", mine: "mine", guest: "guest" } } },
    },
    rules: {
      "acl.articles.control.GET.mine": { rows: { sql: '"articles"."author_id" = :me' } },
      "acl.articles.control.POST.all": { check: "none" },
      "acl.articles.control.GET.writer": {
        relations: { author: "authors", comments: { table: "comment", read: ["text"] } },
      },
    },
  });
});
