import { beforeAll, describe, expect, test } from "bun:test";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { sql } from "drizzle-orm";
import { asked, everywhere, type Told } from "../support/everywhere.ts";
import { fillLibrary, LIBRARY } from "../support/library.ts";
import { path } from "../support/write.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- tables of two databases
type Any = any;

const visible = { where: (_: unknown, t: Any, { eq }: Any) => eq(t.hidden, false) };
const authors = { select: { columns: new Set(["id", "name"]) } } as const;
const articles = {
  select: true,
  ...visible,
  with: { author: authors, reviewer: authors, comments: { select: true, ...visible } },
} as const;
const masks = {
  select: [
    { columns: ["id", "title", "authorId"] },
    { columns: ["rating"], when: (_: unknown, t: Any, { ne }: Any) => ne(t.authorId, 3) },
  ],
} as const;

const acl = {
  articles: { table: "article", control: { GET: { all: articles } } },
  others: { table: "article", control: { GET: { all: articles } } },
  short: { table: "article", maxLimit: 2, control: { GET: { all: articles } } },
  // What it is ordered by is nobody's to read.
  secrets: {
    table: "author",
    control: { GET: { all: { select: { columns: new Set(["name"]) }, orderBy: { secret: "desc" } } } },
  },
  masked: { table: "article", control: { GET: { all: { ...masks, orderBy: { rating: "desc" } } } } },
  computed: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: new Set(["id"]) },
          ...visible,
          extras: { three: sql<number>`3`.as("three") },
        },
      },
    },
  },
  sums: {
    table: "article",
    control: {
      GET: { all: { select: false, ...visible, extras: { rows: sql<number>`count(*)`.as("rows") } } },
    },
  },
  joined: { table: "articleTag", control: { GET: { all: { select: true } } } },
  one: { table: "article", findFirst: true, control: { GET: { all: articles } } },
  closed: { table: "article", control: { GET: { all: { ...articles, forbidQuery: { cursor: true } } } } },
  told: {
    table: "article",
    control: {
      GET: {
        all: { ...articles, formatResult: (_: Request, { result }: Any) => ({ ...result, rows: null }) },
      },
    },
  },
  hooked: {
    table: "article",
    control: { GET: { all: { ...articles, afterQuery: ({ result }: Any) => void pages.push(result.page) } } },
  },
};
const pages: unknown[] = [];

const SECRET = "what the cursors of this test are sealed with";

/** Orders of articles, each of another kind. */
const ORDERS: readonly (readonly [name: string, orderBy: object | undefined])[] = [
  ["none", undefined],
  ["the key, backwards", { id: "desc" }],
  ["a column", { title: "desc" }],
  ["ties", { authorId: "asc" }],
  ["ties, backwards", { authorId: "desc" }],
  ["nulls first", { rating: "asc" }],
  ["nulls last", { rating: "desc" }],
  ["nulls last, ascending", { rating: { sort: "asc", nulls: "last" } }],
  ["nulls first, descending", { rating: { sort: "desc", nulls: "first" }, authorId: "asc" }],
  ["many keys", { hidden: "asc", authorId: "desc", rating: "asc", createdAt: "desc", title: "asc" }],
  ["a path", { "author.name": "desc" }],
  ["a path to what may be missing", { "reviewer.name": { sort: "asc", nulls: "last" }, rating: "desc" }],
  ["a count", { "comments.count": "desc", title: "asc" }],
];

everywhere(LIBRARY, acl, (place) => {
  let handle: ReturnType<typeof place.handler>;
  beforeAll(async () => {
    if (place.reader === "fast") await fillLibrary(place);
    handle = place.handler(acl, { secret: SECRET });
  }, 60_000);
  const get = (resource: string, selector: object = {}, flags = ""): Promise<Told> =>
    asked(handle, "GET", path(resource, selector, flags));
  /** All pages from the first on, or from the last back. */
  const walk = async (resource: string, selector: object, way: "next" | "previous", from?: string) => {
    const rows: Any[] = [];
    for (let cursor = from, count = 0; count < 20; count++) {
      const side = way === "next" ? { after: cursor } : { before: cursor };
      const { body } = await get(
        resource,
        cursor === undefined ? selector : { ...selector, ...side },
        "cursor",
      );
      if (way === "next") rows.push(...body[resource]);
      else rows.unshift(...body[resource]);
      if (body.page[way] === null) return { rows, back: body.page.previous as string | null };
      cursor = body.page[way];
    }
    throw new Error("no end");
  };

  describe("pages are walked forth and back", () => {
    test.each(ORDERS)("in the order of %s", async (_, orderBy) => {
      const order = orderBy === undefined ? {} : { orderBy };
      const whole = (await get("articles", order)).body.articles;
      expect(whole.length).toBe(5);
      for (const limit of [1, 2, 3]) {
        const { rows, back } = await walk("articles", { ...order, limit }, "next");
        expect(rows).toEqual(whole);
        const last = whole.length % limit || limit;
        const before = await walk("articles", { ...order, limit }, "previous", back!);
        expect(before.rows).toEqual(whole.slice(0, -last));
      }
    });

    test("in a rule's own order, by what is hidden", async () => {
      const { rows } = await walk("secrets", { limit: 1 }, "next");
      expect(rows.map(({ name }) => name)).toEqual(["Dora", "Cleo", "Ben", "Ada"]);
    });

    test("in the order of what is masked on some rows, where these stand alike", async () => {
      const whole = (await get("masked")).body.masked;
      expect((await walk("masked", { limit: 1 }, "next")).rows).toEqual(whole);
      expect(whole.at(-1).$masked).toEqual(["rating"]);
    });

    test("with two columns for a key, relations, numbers and computed fields", async () => {
      const whole = (await get("joined")).body.joined;
      expect((await walk("joined", { limit: 2 }, "next")).rows).toEqual(whole);
      const wish = { with: { comments: { limit: 1 } }, count: { comments: true } };
      const loaded = (await get("articles", wish)).body.articles;
      expect((await walk("articles", { ...wish, limit: 2 }, "next")).rows).toEqual(loaded);
      const { rows } = await walk("computed", { columns: { three: true }, limit: 2 }, "next");
      expect(rows.map(({ three }) => three)).toEqual([3, 3, 3, 3, 3]);
    });
  });

  describe("a page", () => {
    const cursor = expect.stringMatching(/^[\w-]{192}$/);

    test("tells of those beside it", async () => {
      const first = await get("articles", { limit: 2, columns: { id: true } }, "cursor");
      expect(first).toEqual({
        status: 200,
        body: { count: 2, page: { next: cursor, previous: null }, articles: [{ id: 1 }, { id: 2 }] },
      });
      const { next } = first.body.page;
      const second = await get("articles", { limit: 2, columns: { id: true }, after: next });
      expect(second.body.page).toEqual({ next: cursor, previous: cursor });
      const back = await get("articles", {
        limit: 2,
        columns: { id: true },
        before: second.body.page.previous,
      });
      expect(back.body).toEqual({ ...first.body, page: { next, previous: null } });
      const last = await get("articles", { limit: 3, after: second.body.page.next });
      expect(last.body).toMatchObject({ count: 1, page: { next: null, previous: cursor } });
    });

    test("that is empty repeats the cursor it was asked with", async () => {
      const { page } = (await get("articles", { limit: 1 }, "cursor")).body;
      const nothing = { where: { title: "no such title" } };
      expect((await get("articles", { after: page.next, ...nothing })).body).toEqual({
        count: 0,
        page: { next: null, previous: page.next },
        articles: [],
      });
      expect((await get("articles", { before: page.next, ...nothing })).body.page).toEqual({
        next: page.next,
        previous: null,
      });
      expect((await get("articles", nothing, "cursor")).body.page).toEqual({ next: null, previous: null });
    });

    test("of no rows leads to where it began", async () => {
      const none = (await get("articles", { limit: 0 }, "cursor")).body;
      expect(none).toEqual({ count: 0, page: { next: cursor, previous: null }, articles: [] });
      expect((await get("articles", { after: none.page.next, limit: 1 })).body.articles[0].id).toBe(1);
      expect((await get("articles", { before: none.page.next, limit: 1 })).body.articles).toEqual([]);
      const { next } = (await get("articles", { limit: 1 }, "cursor")).body.page;
      expect((await get("articles", { after: next, limit: 0 })).body.page).toEqual({ next, previous: next });
    });

    test("behind an offset has none before it", async () => {
      const { body } = await get("articles", { offset: 2, limit: 1 }, "cursor");
      const { next } = body.page;
      expect(body).toMatchObject({ page: { next: cursor, previous: null }, articles: [{ id: 3 }] });
      expect((await get("articles", { after: next, limit: 1 })).body.articles[0].id).toBe(4);
    });

    test("may be of another filter, other columns and another size than the one before", async () => {
      const { next } = (await get("articles", { limit: 1 }, "cursor")).body.page;
      const { body } = await get("articles", {
        after: next,
        where: { authorId: 3 },
        columns: { title: true },
      });
      expect(body.articles).toEqual([{ title: "Delta" }, { title: "Zeta" }]);
    });

    test("goes with all that is counted, and says where a maximum cut it short", async () => {
      const { body } = await get("short", { where: { "id.gt": 1 } }, "cursor&countTotal&countFiltered");
      expect(body).toMatchObject({ total: 5, filtered: 4, count: 2, more: true });
      const { next } = body.page;
      const second = await get("short", { where: { "id.gt": 1 }, after: next }, "countTotal&countFiltered");
      expect(second.body).toMatchObject({ total: 5, filtered: 4, count: 2 });
      expect(second.body.more).toBeUndefined();
      expect((await get("short", { limit: 2 }, "cursor")).body.more).toBeUndefined();
    });

    test("of one row by its key", async () => {
      const { body } = await get("articles", { where: { id: 2 }, limit: 1 }, "cursor");
      expect(body).toMatchObject({ count: 1, page: { next: null, previous: null } });
      const { next } = (await get("articles", { limit: 2 }, "cursor")).body.page;
      expect((await get("articles", { where: { id: 2 }, after: next })).body.articles).toEqual([]);
      expect((await get("articles", { where: { id: 3 }, after: next })).body.articles).toHaveLength(1);
    });

    test("reaches formatters and hooks", async () => {
      expect((await get("told", { limit: 1 }, "cursor")).body).toMatchObject({
        page: { next: cursor, previous: null },
        rows: null,
      });
      pages.length = 0;
      expect((await get("hooked", { limit: 1 }, "cursor")).body.page).toEqual(pages[0]);
    });

    test("has equal bytes whoever asks again", async () => {
      const ask = (method: string, headers = {}): Promise<Response> =>
        handle(
          new Request(`http://local/query/${path("articles", { limit: 1 }, "cursor")}`, { method, headers }),
        );
      const [one, other, head] = [await ask("GET"), await ask("GET"), await ask("HEAD")];
      const text = await one.text();
      expect(await other.text()).toBe(text);
      const etag = one.headers.get("etag")!;
      expect([head.headers.get("etag"), await head.text()]).toEqual([etag, ""]);
      expect((await ask("GET", { "if-none-match": etag })).status).toBe(304);
    });
  });

  describe("it is refused", () => {
    let next = "";
    beforeAll(async () => {
      next = (await get("articles", { limit: 1 }, "cursor")).body.page.next;
    });
    test.each<
      [name: string, resource: string, selector: () => object, flags: string, code: string, path: string]
    >([
      ["both sides", "articles", () => ({ after: next, before: next }), "", "invalid-value", "select.before"],
      ["an offset", "articles", () => ({ after: next, offset: 1 }), "", "invalid-value", "select.offset"],
      [
        "no offset, said",
        "articles",
        () => ({ before: next, offset: 0 }),
        "",
        "invalid-value",
        "select.offset",
      ],
      ["one row", "articles", () => ({}), "cursor&findFirst", "invalid-value", "cursor"],
      ["one row after it", "articles", () => ({ after: next }), "findFirst", "invalid-value", "select.after"],
      ["an entry of one row", "one", () => ({}), "cursor", "invalid-value", "cursor"],
      ["nothing of the rows", "articles", () => ({ columns: false }), "cursor", "invalid-value", "cursor"],
      ["what is made of all rows", "sums", () => ({}), "cursor", "invalid-value", "cursor"],
      ["where the rule forbids it", "closed", () => ({}), "cursor", "capability-forbidden", "cursor"],
      ["a cursor there", "closed", () => ({ after: next }), "", "capability-forbidden", "select.after"],
      [
        "a cursor of a relation",
        "articles",
        () => ({ with: { comments: { after: next } } }),
        "",
        "invalid-value",
        "select.with.comments.after",
      ],
      ["another resource", "others", () => ({ after: next }), "", "invalid-cursor", "select.after"],
      [
        "another order",
        "articles",
        () => ({ after: next, orderBy: { title: "asc" } }),
        "",
        "invalid-cursor",
        "select.after",
      ],
      [
        "another direction",
        "articles",
        () => ({ before: next, orderBy: { id: "desc" } }),
        "",
        "invalid-cursor",
        "select.before",
      ],
      ["what is no cursor", "articles", () => ({ before: "x" }), "", "invalid-cursor", "select.before"],
    ])("with %s", async (_, resource, selector, flags, code, at) => {
      const { status, body } = await get(resource, selector(), flags);
      expect({ status, code: body.code, path: body.path }).toEqual({ status: 400, code, path: at });
    });

    test("but not where the order is the same in other words", async () => {
      const words = { orderBy: { id: { sort: "asc", nulls: "first" } } };
      expect((await get("articles", { after: next, ...words, limit: 1 })).body.articles[0].id).toBe(2);
    });
  });

  test("nothing of it is a failure", () => expect(place.errors).toEqual([]));
});

// What is stored is compared as it is stored, to the last digit.

const mood = pg.pgEnum("cursor_mood", ["sad", "ok", "happy"]);
const values = {
  sqlite: {
    loose: lite.sqliteTable("cursor_loose", { text: lite.text() }),
    value: lite.sqliteTable("cursor_values", {
      id: lite.integer().primaryKey(),
      whole: lite.integer(),
      real: lite.real(),
      digits: lite.numeric(),
      big: lite.blob({ mode: "bigint" }),
      bytes: lite.blob(),
      flag: lite.integer({ mode: "boolean" }),
      moment: lite.integer({ mode: "timestamp_ms" }),
      text: lite.text(),
      plain: lite.customType<{ data: string }>({ dataType: () => "text collate nocase" })(),
    }),
  },
  postgresql: {
    mood,
    loose: pg.pgTable("cursor_loose", { text: pg.text() }),
    value: pg.pgTable("cursor_values", {
      id: pg.integer().primaryKey(),
      whole: pg.bigint({ mode: "number" }),
      real: pg.doublePrecision(),
      small: pg.real(),
      digits: pg.numeric(),
      big: pg.bigint({ mode: "bigint" }),
      flag: pg.boolean(),
      moment: pg.timestamp({ withTimezone: true }),
      local: pg.timestamp({ mode: "string" }),
      day: pg.date(),
      clock: pg.time(),
      span: pg.interval(),
      uuid: pg.uuid(),
      mood: mood(),
      document: pg.jsonb(),
      list: pg.integer().array(),
      fixed: pg.char({ length: 4 }),
      text: pg.text(),
    }),
  },
} as const;

const VALUES = {
  sqlite: {
    whole: [
      "null",
      "9007199254740993",
      "9007199254740992",
      "-9223372036854775808",
      "1.5",
      "'text'",
      "x'00ff'",
    ],
    real: ["null", "0.1", "0.30000000000000004", "0.3", "9e999", "-9e999", "'x'", "-0.0"],
    digits: ["null", "'12345678901234567890.5'", "9007199254740993", "1.25", "'zz'"],
    big: ["null", "x'31'", "x'3132'", "'12'", "12"],
    bytes: ["null", "x''", "x'00'", "x'ff'", "'a'", "1"],
    flag: ["null", "0", "1", "2", "'t'"],
    moment: ["null", "0", "1700000000001", "-1", "'soon'", "0.5"],
    text: [
      "null",
      "''",
      "'a'",
      "'A'",
      "'ä'",
      "'a' || char(10)",
      "'\"\\'",
      "'🍒'",
      "x'61'",
      "char(30) || 'x'",
    ],
    plain: ["null", "'a'", "'A'", "'b'", "'B'", "'a '"],
  },
  postgresql: {
    whole: ["null", "9007199254740993", "9007199254740992", "-9223372036854775808"],
    real: ["null", "0.1", "0.30000000000000004", "0.3", "'Infinity'", "'-Infinity'", "'NaN'", "'-0'"],
    small: ["null", "0.1", "0.3", "16777217", "'NaN'"],
    digits: [
      "null",
      "12345678901234567890.123456789",
      "12345678901234567890.123456788",
      "'NaN'",
      "1.50",
      "1.5",
    ],
    big: ["null", "9007199254740993", "9007199254740992"],
    flag: ["null", "true", "false"],
    moment: [
      "null",
      "'2026-01-01T00:00:00.123456Z'",
      "'2026-01-01T00:00:00.123457Z'",
      "'infinity'",
      "'0044-03-15 BC'",
    ],
    local: [
      "null",
      "'2026-01-01T00:00:00.123456'",
      "'2026-01-01T00:00:00.123457'",
      "'-infinity'",
      "'20260-01-01'",
    ],
    day: ["null", "'2026-01-01'", "'0044-03-15 BC'", "'infinity'"],
    clock: ["null", "'12:00:00.000001'", "'12:00:00.000002'"],
    span: ["null", "'1 month'", "'30 days'", "'-1 hour 0.000001 seconds'"],
    uuid: ["null", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"],
    mood: ["null", "'happy'", "'sad'", "'ok'"],
    document: ["null", `'{"a":1}'`, `'"text"'`, "'null'", "'12345678901234567890'"],
    list: ["null", "'{1,2}'", "'{1,NULL}'", "'{}'"],
    fixed: ["null", "'a'", "'a  '", "'b'"],
    text: ["null", "''", "'a'", "'A'", "'ä'", "E'a\\n'", `'"\\'`, "'🍒'", "chr(30) || 'x'"],
  },
} as const;

/** Each column has all of its values, and some of them again. */
const ROWS = 12;

everywhere(values, { values: { table: "value", control: { GET: { all: { select: true } } } } }, (place) => {
  const pools: Readonly<Record<string, readonly string[]>> = VALUES[place.speaks];
  const entry = (orderBy: object): object => ({
    table: "value",
    control: { GET: { all: { select: { columns: new Set(["id"]) }, orderBy } } },
  });
  const resources = Object.keys(pools).flatMap((name) => [
    [`${name}_asc`, entry({ [name]: "asc" })] as const,
    [`${name}_desc`, entry({ [name]: "desc" })] as const,
  ]);
  let handle: ReturnType<typeof place.handler>;
  beforeAll(async () => {
    handle = place.handler(Object.fromEntries(resources));
    const names = Object.keys(pools);
    for (let id = 1; id <= ROWS && place.reader === "fast"; id++) {
      const row = Object.values(pools).map((pool) => pool[id % pool.length]!);
      await place.run(
        `insert into cursor_values (id, ${names.join(", ")}) values (${id}, ${row.join(", ")})`,
      );
    }
  }, 60_000);

  test.each(resources.map(([name]) => name))("%s", async (resource) => {
    const whole = (await asked(handle, "GET", path(resource, { limit: 100 }))).body[resource];
    expect(whole).toHaveLength(ROWS);
    const rows: unknown[] = [];
    let cursor: string | undefined;
    do {
      const { status, body } = await asked(
        handle,
        "GET",
        path(resource, { limit: 1, ...(cursor !== undefined && { after: cursor }) }, "cursor"),
      );
      expect(status).toBe(200);
      rows.push(...body[resource]);
      cursor = body.page.next ?? undefined;
    } while (cursor !== undefined);
    expect(rows).toEqual(whole);
    expect(place.errors).toEqual([]);
  });
});
