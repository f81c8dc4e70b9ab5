import { describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import type { Sending, TestACL } from "../support/app.ts";
import { article, author, comment } from "../support/schema.ts";
import { type ShopACL, serveShop } from "../support/shop.ts";
import { closing, DATABASE_NAMES, dump, path, refusal, server } from "../support/write.ts";

const start = server();
const keep = closing();

const comments = sql<number>`(select count(*) from ${comment} where ${comment.articleId} = ${article.id})`
  .mapWith(Number)
  .as("comments");

const everyTag = { select: true, write: true } as const;
const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true, with: { comments: true, author: true } } },
      POST: {
        writer: {
          select: { mode: false, columns: ["rating"] },
          extras: { loud: sql<string>`upper(${article.title})`.as("loud"), commentCount: comments },
          with: {
            author: { select: { columns: ["name"] } },
            comments: {
              select: { columns: ["id", "text"] },
              where: (_, comment, { eq }) => eq(comment.hidden, false),
            },
          },
        },
      },
      PATCH: {
        writer: {
          select: { mode: false, columns: ["rating"] },
          extras: { loud: sql<string>`upper(${article.title})`.as("loud"), commentCount: comments },
          with: {
            author: { select: { columns: ["name"] } },
            comments: {
              select: { columns: ["id", "text"] },
              where: (_, comment, { eq }) => eq(comment.hidden, false),
            },
          },
        },
      },
      DELETE: {
        writer: {
          select: { mode: false, columns: ["rating"] },
          extras: { loud: sql<string>`upper(${article.title})`.as("loud"), commentCount: comments },
          with: {
            author: { select: { columns: ["name"] } },
            comments: {
              select: { columns: ["id", "text"] },
              where: (_, comment, { eq }) => eq(comment.hidden, false),
            },
          },
        },
      },
    },
  },
  blind: {
    table: "article",
    countTotal: true,
    control: {
      GET: { all: {} },
      POST: { all: {} },
      PATCH: { all: { where: (_, article, { eq }) => eq(article.authorId, 2) } },
      DELETE: { all: { where: (_, article, { eq }) => eq(article.authorId, 2) } },
    },
  },
  guarded: {
    table: "article",
    control: {
      PATCH: {
        all: { select: true, requireWhere: true, maxAffected: 2 },
        editor: { select: true, maxAffected: 0 },
      },
      DELETE: { all: { select: true, requireWhere: true, maxAffected: 2 } },
    },
  },
  links: {
    table: "articleTag",
    control: {
      POST: { all: { select: true, write: true, with: { tag: true, article: true } } },
      DELETE: { all: {} },
    },
  },
  comments: {
    table: "comment",
    control: {
      POST: { all: { select: true, with: { author: true } } },
      PATCH: { all: { select: true, with: { author: true } } },
      DELETE: { all: { select: true, with: { author: true } } },
    },
  },
  authors: {
    table: "author",
    control: {
      POST: { all: { select: true } },
      PATCH: { all: { select: true } },
      DELETE: { all: { select: true } },
    },
  },
  tags: {
    table: "tag",
    control: { POST: { all: { select: true, write: true } }, PATCH: { all: { select: true, write: true } } },
  },
  newTags: {
    table: "tag",
    countTotal: true,
    control: {
      GET: {
        editor: { select: true, where: (_, tag, { gt }) => gt(tag.id, 1) },
        mine: { ...everyTag, where: () => true },
      },
      POST: { all: everyTag, mine: everyTag },
    },
  },
} satisfies TestACL;

describe.each(DATABASE_NAMES)("on %s", (on) => {
  test("a POST answers 200 with the row as the database has it, defaults and keys included", async () => {
    const app = await start(acl, { on });
    const answer = await app.post("comments", { articleId: "a1", authorId: 3, text: "new" });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      rowsAffected: 1,
      count: 1,
      comments: [{ id: 9, articleId: "a1", authorId: 3, text: "new", hidden: false }],
    });
    expect(answer.headers.get("cache-control")).toBe("private, no-cache");
    expect(answer.headers.get("etag")).toBeNull();
  });

  test("a POST of an array answers its rows in the order they were sent", async () => {
    const app = await start(acl, { on });
    const rows = ["z", "m", "a", "q"].map((text, i) => ({ id: 90 - i, label: `new ${text}` }));
    const answer = await app.post("tags", rows);
    expect(answer.body).toEqual({ rowsAffected: 4, count: 4, tags: rows });
  });

  test("a POST of an array answers its rows in the order they were sent, relations and all", async () => {
    const app = await start(acl, { on });
    const rows = [
      { articleId: "a6", tagId: 1 },
      { articleId: "a3", tagId: 3 },
      { articleId: "a4", tagId: 2 },
    ];
    const answer = await app.post(path("links", { with: { tag: { columns: { label: true } } } }), rows);
    expect(answer.body.links).toEqual([
      { ...rows[0], tag: { label: "news" } },
      { ...rows[1], tag: { label: "unused" } },
      { ...rows[2], tag: { label: "how-to" } },
    ]);
  });

  test("a row of an array may have other columns than its neighbours", async () => {
    const app = await start(acl, { on });
    const answer = await app.post(
      path("articles", {
        columns: { title: true, views: true, published: true, body: true, commentCount: true },
      }),
      [
        { authorId: 1, title: "one", views: 3 },
        { authorId: 1, title: "two", body: "b", published: true },
      ],
      { as: 1 },
    );
    expect(answer.body.articles).toEqual([
      { title: "one", body: null, views: 3, published: false, commentCount: 0 },
      { title: "two", body: "b", views: 0, published: true, commentCount: 0 },
    ]);
  });

  test("a PATCH answers the rows as they are after it, in the order of their keys", async () => {
    const app = await start(acl, { on });
    const answer = await app.patch(
      path("articles", {
        columns: { id: true, views: true, loud: true, commentCount: true },
        where: { authorId: 2 },
      }),
      { views: 99, title: "changed" },
      { as: 2 },
    );
    expect(answer.body).toEqual({
      rowsAffected: 3,
      count: 3,
      articles: [
        { id: "a2", views: 99, loud: "CHANGED", commentCount: 3 },
        { id: "a3", views: 99, loud: "CHANGED", commentCount: 0 },
        { id: "a4", views: 99, loud: "CHANGED", commentCount: 1 },
      ],
    });
  });

  test("a PATCH answers relations as they are after it, each under its own rule", async () => {
    const app = await start(acl, { on });
    const answer = await app.patch(
      path("articles", {
        columns: { id: true, loud: true, commentCount: true },
        where: { id: "a2" },
        with: { author: true, comments: true },
      }),
      { authorId: 3, title: "moved" },
      { as: 2 },
    );
    expect(answer.body.articles).toEqual([
      {
        id: "a2",
        loud: "MOVED",
        commentCount: 3,
        author: { name: "Cleo" },
        comments: [
          { id: 3, text: "good" },
          { id: 4, text: "thanks" },
        ],
      },
    ]);
  });

  test("a POST answers relations of what it made", async () => {
    const app = await start(acl, { on });
    const answer = await app.post(
      path("articles", { columns: { title: true, loud: true }, with: { author: true, comments: true } }),
      { title: "fresh", authorId: 3 },
      { as: 2 },
    );
    expect(answer.body.articles).toEqual([
      { title: "fresh", loud: "FRESH", author: { name: "Cleo" }, comments: [] },
    ]);
  });

  test("a DELETE answers the rows as they were, relations and all", async () => {
    const app = await start(acl, { on });
    const answer = await app.remove(
      path("articles", {
        columns: { id: true, loud: true, commentCount: true },
        where: { authorId: 3 },
        with: { author: true, comments: true },
      }),
      { as: 2 },
    );
    expect(answer.body).toEqual({
      rowsAffected: 2,
      count: 2,
      articles: [
        { id: "a5", loud: "DELTA", commentCount: 0, author: { name: "Cleo" }, comments: [] },
        {
          id: "a6",
          loud: "EPSILON",
          commentCount: 2,
          author: { name: "Cleo" },
          comments: [
            { id: 7, text: "long" },
            { id: 8, text: "ok" },
          ],
        },
      ],
    });
    expect((await app.get(path("articles", { columns: { id: true } }))).body.count).toBe(4);
  });

  test("a DELETE answers computed fields as they were, also those that count rows it takes along", async () => {
    const app = await start(acl, { on });
    const answer = await app.remove(
      path("articles", { columns: { id: true, commentCount: true }, where: { id: "a2" } }),
      { as: 2 },
    );
    expect(answer.body.articles).toEqual([{ id: "a2", commentCount: 3 }]);
  });

  test("what the rule hides comes back from no write, asked for or not", async () => {
    const app = await start(acl, { on });
    const made = await app.post("articles", { authorId: 1, title: "t", rating: 5 }, { as: 1 });
    expect(Object.keys(made.body.articles[0])).toEqual([
      "id",
      "authorId",
      "reviewerId",
      "title",
      "body",
      "views",
      "published",
      "createdAt",
      "loud",
      "commentCount",
    ]);
    const asked = await app.patch(path("articles", { columns: { rating: true } }), { views: 1 }, { as: 1 });
    expect(refusal(asked)).toEqual({ status: 400, code: "unknown-column", path: "select.columns" });
    const filtered = await app.remove(path("articles", { where: { rating: 5 } }), { as: 1 });
    expect(refusal(filtered)).toEqual({ status: 400, code: "unknown-column", path: "select.where" });
    expect(filtered.body.hint).toBeUndefined();
  });

  test("`columns:F` answers counts only, and the total when it is asked for, counted after the write", async () => {
    const app = await start(acl, { on });
    const made = await app.post("tags?countTotal&select=(columns:F)", { id: 9, label: "x" });
    expect(made.text).toBe('{"total":0,"rowsAffected":1,"count":1}');
    const gone = await app.remove("comments?countTotal&select=(columns:F,where:(authorId:1))");
    expect(gone.text).toBe('{"total":5,"rowsAffected":3,"count":3}');
    const none = await app.remove("comments?select=(columns:F,where:(authorId:77))");
    expect(none.text).toBe('{"rowsAffected":0,"count":0}');
  });

  test("an entry's `countTotal` counts after the write, and the client can leave it out", async () => {
    const app = await start(acl, { on });
    const editor = { as: 1, role: "editor" };
    expect((await app.post("newTags?mine", { id: 9, label: "x" }, editor)).body.total).toBe(4);
    expect((await app.post("newTags?countTotal=F", { id: 10, label: "y" })).body).toEqual({
      rowsAffected: 1,
      count: 1,
      newTags: [{ id: 10, label: "y" }],
    });
  });

  test("the total of a POST whose rule says nothing of rows is that of a GET, and 0 where there is none", async () => {
    const app = await start(acl, { on });
    const total = async (id: number, search: string, sending: Sending): Promise<unknown> =>
      (await app.post(`newTags${search}`, { id, label: `tag ${id}` }, sending)).body.total;
    expect(await total(11, "", { as: 1, role: "editor" })).toBe(3);
    expect(await total(12, "?mine", { as: 1, role: "editor" })).toBe(5);
    expect(await total(13, "", {})).toBe(0);
    expect(await total(14, "?countTotal", {})).toBe(0);
  });

  test("a write that matches no row is 200 with an empty list", async () => {
    const app = await start(acl, { on });
    const before = await dump(app.database);
    const none = { where: { id: "nobody" } };
    expect((await app.patch(path("articles", none), { views: 1 }, { as: 1 })).body).toEqual({
      rowsAffected: 0,
      count: 0,
      articles: [],
    });
    expect(
      (await app.remove(path("articles", { ...none, with: { comments: true } }), { as: 1 })).body,
    ).toEqual({
      rowsAffected: 0,
      count: 0,
      articles: [],
    });
    expect(await dump(app.database)).toBe(before);
  });

  test("a PATCH and a DELETE without a filter act on every row the rule admits", async () => {
    const app = await start(acl, { on });
    expect((await app.patch("blind", { views: 1 })).body).toEqual({ total: 3, rowsAffected: 3, count: 3 });
    expect((await app.remove("blind")).body).toEqual({ total: 0, rowsAffected: 3, count: 3 });
    expect((await app.get(path("articles", { columns: { id: true } }))).body.articles).toEqual([
      { id: "a1" },
      { id: "a5" },
      { id: "a6" },
    ]);
  });

  test.each([
    ["a value that must be unique", "POST", "tags", { id: 9, label: "news" }],
    ["a key that is taken", "POST", "tags", { id: 1, label: "other" }],
    [
      "a unique value taken by the same array",
      "POST",
      "tags",
      [
        { id: 8, label: "x" },
        { id: 9, label: "x" },
      ],
    ],
    ["a composite key that is taken", "POST", "links", { articleId: "a1", tagId: 1 }],
    ["a reference to nothing", "POST", "comments", { articleId: "none", authorId: 1, text: "t" }],
    ["a change to a value that is taken", "PATCH", "tags?select=(where:(id:2))", { label: "news" }],
    ["a change that makes rows equal", "PATCH", "tags", { label: "same" }],
    ["a change to a reference to nothing", "PATCH", "comments?select=(where:(id:1))", { authorId: 99 }],
    ["a row that others refer to", "DELETE", "authors?select=(where:(id:1))", undefined],
  ])("%s is 409 without the database's words, and nothing is written", async (_, method, resource, body) => {
    const app = await start(acl, { on });
    const before = await dump(app.database);
    const answer =
      body === undefined
        ? await app.send(method, resource)
        : await app.send(method, resource, {
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          });
    expect(refusal(answer)).toEqual({ status: 409, code: "conflict" });
    expect(answer.text).not.toMatch(/sqlite|constraint|insert|tags\.|label|foreign/i);
    expect(await dump(app.database)).toBe(before);
    expect(app.errors).toEqual([]);
  });

  test("a thousand rows of sixty-one columns are one POST, all or nothing", async () => {
    const acl = {
      wides: {
        table: "wide",
        control: { POST: { all: { select: { columns: ["id", "f59" as "id"] }, write: true } } },
      },
    } satisfies ShopACL;
    const app = keep(await serveShop(acl, { on }));
    const rows = Array.from({ length: 1000 }, (_, id) => ({
      id: id + 1,
      ...Object.fromEntries(Array.from({ length: 60 }, (_, f) => [`f${f}`, id * f])),
    }));
    const before = await dump(app.database);
    const broken = [...rows.slice(0, 999), { ...rows[999], id: 1 }];
    expect(refusal(await app.post("wides", broken))).toEqual({ status: 409, code: "conflict" });
    expect(await dump(app.database)).toBe(before);
    const made = await app.post("wides", rows);
    expect(made.body.rowsAffected).toBe(1000);
    expect(made.body.wides.slice(-1)).toEqual([{ id: 1000, f59: 999 * 59 }]);
    expect(refusal(await app.post("wides", [...rows, rows[0]]))).toEqual({
      status: 400,
      code: "invalid-body",
    });
  });

  test("a thousand rows with a composite key come back with their relations", async () => {
    const app = await start(acl, { on });
    const tags = Array.from({ length: 334 }, (_, i) => ({ id: 1000 + i, label: `tag ${i}` }));
    expect((await app.post("tags?select=(columns:F)", tags)).status).toBe(200);
    const links = tags.flatMap(({ id }) => ["a1", "a2", "a3"].map((articleId) => ({ articleId, tagId: id })));
    const answer = await app.post(
      path("links", { with: { tag: { columns: { label: true } } } }),
      links.slice(0, 1000),
    );
    expect(app.errors).toEqual([]);
    expect(answer.body.count).toBe(1000);
    expect(answer.body.links[0].tag.label).toStartWith("tag ");
  });
});

describe("a rule without `select`", () => {
  test("lets nothing out: a GET is 403, writes answer counts only", async () => {
    const app = await start(acl);
    expect(refusal(await app.get("blind"))).toEqual({ status: 403, code: "forbidden" });
    const made = await app.post("blind", { authorId: 2, title: "t" });
    expect(made.text).toBe('{"total":0,"rowsAffected":1,"count":1}');
    const changed = await app.patch("blind?countTotal=F&select=(where:(id:a2))", { views: 1 });
    expect(changed.text).toBe('{"rowsAffected":1,"count":1}');
    const gone = await app.remove("blind?countTotal=F&select=(where:(id:a2))");
    expect(gone.text).toBe('{"rowsAffected":1,"count":1}');
  });

  test("lets the client filter by the primary key and by nothing else", async () => {
    const app = await start(acl);
    const before = await dump(app.database);
    for (const where of [{ title: "Alpha" }, { authorId: 2 }, { "views.gt": 1 }, { nothing: 1 }]) {
      const answer = await app.patch(path("blind", { where }), { views: 1 });
      expect(refusal(answer)).toEqual({ status: 400, code: "unknown-column", path: "select.where" });
    }
    expect(refusal(await app.patch(path("blind", { columns: { id: true } }), { views: 1 })).code).toBe(
      "unknown-column",
    );
    expect(refusal(await app.patch(path("blind", { with: { author: true } }), { views: 1 })).code).toBe(
      "unknown-relation",
    );
    expect(await dump(app.database)).toBe(before);
    const both = await app.remove(path("links", { where: { articleId: "a2", "tagId.in": [1, 2] } }));
    expect(both.text).toBe('{"rowsAffected":2,"count":2}');
  });
});

describe("`requireWhere` and `maxAffected`", () => {
  test("refuse a write without a filter", async () => {
    const app = await start(acl);
    const before = await dump(app.database);
    for (const answer of [await app.patch("guarded", { views: 1 }), await app.remove("guarded")]) {
      expect(refusal(answer)).toEqual({ status: 400, code: "limit-exceeded", path: "select.where" });
    }
    expect(await dump(app.database)).toBe(before);
  });

  test.each(DATABASE_NAMES)("roll back when more rows would change (%s)", async (on) => {
    const app = await start(acl, { on });
    const before = await dump(app.database);
    const three = path("guarded", { where: { authorId: 2 } });
    expect(refusal(await app.patch(three, { views: 1 }))).toMatchObject({
      status: 400,
      code: "limit-exceeded",
    });
    expect(refusal(await app.remove(three))).toMatchObject({ status: 400, code: "limit-exceeded" });
    expect(await dump(app.database)).toBe(before);
    expect((await app.remove(path("guarded", { where: { authorId: 3 } }))).body.rowsAffected).toBe(2);
  });

  test("zero lets nothing change and lets a write that matches nothing pass", async () => {
    const app = await start(acl);
    const one = await app.patch(
      path("guarded", { where: { id: "a1" } }),
      { views: 1 },
      { as: 1, role: "editor" },
    );
    expect(refusal(one)).toMatchObject({ status: 400, code: "limit-exceeded" });
    const none = await app.patch(
      path("guarded", { where: { id: "zz" } }),
      { views: 1 },
      { as: 1, role: "editor" },
    );
    expect(none.body.rowsAffected).toBe(0);
  });
});

describe("columns the server makes", () => {
  const shopACL = {
    products: {
      table: "product",
      control: {
        POST: { all: { select: true } },
        PATCH: {
          all: { select: true },
          editor: { select: true, injectBody: (body) => ({ ...body, version: 41 }) },
        },
      },
    },
  } satisfies ShopACL;

  test.each(DATABASE_NAMES)("appear in what comes back (%s)", async (on) => {
    const app = keep(await serveShop(shopACL, { on }));
    const made = await app.post("products", { name: "nail", price: 4 });
    expect(made.body.products).toEqual([
      { id: 1, name: "nail", price: 4, double: 8, createdAt: "2023-11-14T22:13:20.000Z", version: 0 },
    ]);
    const changed = await app.patch("products", { price: 5 });
    expect(changed.body.products[0]).toMatchObject({ price: 5, double: 10, version: 7 });
    const injected = await app.patch("products", { price: 6 }, { as: 1, role: "editor" });
    expect(injected.body.products[0]).toMatchObject({ price: 6, version: 41 });
  });

  test.each([
    ["a key", { id: 5 }],
    ["a generated column", { double: 5 }],
    ["an `$onUpdate` column", { version: 5 }],
  ])("cannot be written by a client: %s", async (_, part) => {
    const app = keep(await serveShop(shopACL));
    const [column] = Object.keys(part) as [string];
    const made = await app.post("products", { name: "nail", ...part });
    expect(refusal(made)).toEqual({ status: 400, code: "unknown-column", path: column });
    const changed = await app.patch("products", part);
    expect(refusal(changed)).toEqual({ status: 400, code: "unknown-column", path: column });
  });

  test("with a plain default can be written by a client", async () => {
    const app = keep(await serveShop(shopACL));
    const made = await app.post("products", { name: "nail", createdAt: "2020-01-01T00:00:00.000Z" });
    expect(made.body.products[0].createdAt).toBe("2020-01-01T00:00:00.000Z");
  });

  test.each(DATABASE_NAMES)("a condition of the table that is violated is 409 (%s)", async (on) => {
    const app = keep(await serveShop(shopACL, { on }));
    await app.post("products", { name: "nail", price: 4 });
    const before = await dump(app.database);
    const made = await app.post("products", [{ name: "one" }, { name: "two", price: -1 }]);
    expect(refusal(made)).toEqual({ status: 409, code: "conflict" });
    expect(refusal(await app.patch("products", { price: -1 }))).toEqual({ status: 409, code: "conflict" });
    expect(made.text).not.toMatch(/price|check|constraint/i);
    expect(await dump(app.database)).toBe(before);
  });

  test.each(DATABASE_NAMES)("a null the database alone refuses is 400 (%s)", async (on) => {
    const app = await start(
      {
        tags: {
          table: "tag",
          control: { PATCH: { all: { select: true, injectBody: () => ({ label: sql`null` }) } } },
        },
      },
      { on },
    );
    const answer = await app.patch("tags", { label: "x" });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-body" });
    expect(answer.text).not.toMatch(/tags|label|constraint/i);
  });
});

test("a PATCH may move a key the rule lets write, and relations follow it", async () => {
  const app = await start(acl);
  const answer = await app.patch(path("tags", { where: { id: 3 } }), { id: 33 });
  expect(answer.body.tags).toEqual([{ id: 33, label: "unused" }]);
});

test("a write's `with` asks only for what the rule names", async () => {
  const app = await start(acl);
  const answer = await app.post(path("comments", { with: { article: true } }), {
    articleId: "a1",
    authorId: 1,
    text: "t",
  });
  expect(refusal(answer)).toEqual({ status: 400, code: "unknown-relation", path: "select.with" });
});

test("a change of many thousand rows comes back with its relations", async () => {
  const app = await start(acl);
  await app.database.run(sql`
    with recursive n(i) as (select 100 union all select i + 1 from n where i < 40100)
    insert into ${comment} (id, article_id, author_id, text) select i, 'a1', 1, 'many' from n`);
  const answer = await app.patch(
    path("comments", {
      columns: { id: true },
      with: { author: { columns: { id: true } } },
      where: { text: "many" },
    }),
    { text: "more" },
  );
  expect(app.errors).toEqual([]);
  expect(answer.body.count).toBe(40_001);
});

test("a write of a rule reaches only its own rows, whatever the client's filter says", async () => {
  const app = await start({
    mine: {
      table: "article",
      control: {
        PATCH: { mine: { select: true, where: ({ me }, article) => eq(article.authorId, me!) } },
        DELETE: { mine: { select: true, where: ({ me }, article) => eq(article.authorId, me!) } },
      },
    },
  });
  const everything = {
    columns: { id: true },
    where: [{ authorId: 1 }, { authorId: 2 }, { NOT: { authorId: 9 } }],
  };
  const changed = await app.patch(path("mine", everything), { views: 5 }, { as: 2 });
  expect(changed.body.mine).toEqual([{ id: "a2" }, { id: "a3" }, { id: "a4" }]);
  const removed = await app.remove(path("mine", everything), { as: 3 });
  expect(removed.body.mine).toEqual([{ id: "a5" }, { id: "a6" }]);
  expect(await app.database.$count(author)).toBe(3);
});
