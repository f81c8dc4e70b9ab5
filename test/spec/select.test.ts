import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import type { TestACL } from "../support/app.ts";
import { article } from "../support/schema.ts";
import { ask, ids, served, STACKS } from "../support/served.ts";

const acl = {
  articles: { table: "article", control: { GET: { all: { select: true } } } },
  listed: {
    table: "article",
    control: { GET: { all: { select: { mode: true, columns: new Set(["id", "title", "views"]) } } } },
  },
  unlisted: {
    table: "article",
    control: {
      GET: { all: { select: { mode: false, columns: new Set(["body", "rating", "createdAt"]) } } },
    },
  },
  list: { table: "article", control: { GET: { all: { select: { columns: ["id"] } } } } },
  none: { table: "article", control: { GET: { all: { select: false } } } },
  empty: { table: "article", control: { GET: { all: { select: { mode: true, columns: [] } } } } },
  computed: {
    table: "article",
    control: {
      GET: { all: { select: false, extras: { twice: sql<number>`${article.views} * 2`.as("twice") } } },
    },
  },
  // No `select`: computed fields and relations of a relation only.
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          with: {
            articles: { select: { mode: false, columns: ["body", "rating", "createdAt", "reviewerId"] } },
            comments: {
              extras: { size: sql<number>`length(text)`.as("size") },
              with: { article: { select: { columns: ["id"] } } },
            },
          },
        },
      },
    },
  },
} satisfies TestACL;

const A1 = {
  id: "a1",
  authorId: 1,
  reviewerId: null,
  title: "Alpha",
  body: "first",
  rating: 4.5,
  views: 10,
  published: true,
  createdAt: "2023-11-14T22:13:20.000Z",
};
const { body: _body, rating: _rating, createdAt: _createdAt, ...UNLISTED } = A1;
const first = (resource: string, columns?: string): string =>
  ask(resource, columns === undefined ? "(limit:1)" : `(limit:1,columns:${columns})`);

describe.each(STACKS)("select on $name", ({ options }) => {
  const app = served(acl, options);

  const CASES: readonly [string, string, string | undefined, object][] = [
    ["true is all columns", "articles", undefined, A1],
    ["`columns:T` is all readable ones", "articles", "T", A1],
    ["an allow-list is only these", "listed", undefined, { id: "a1", title: "Alpha", views: 10 }],
    ["`columns:T` is still only these", "listed", "T", { id: "a1", title: "Alpha", views: 10 }],
    ["a list without a mode is an allow-list", "list", undefined, { id: "a1" }],
    ["a deny-list is all but these", "unlisted", undefined, UNLISTED],
    ["`columns:T` is still all but these", "unlisted", "T", UNLISTED],
    ["a map with any T is exactly those", "articles", "~T(title,id)~", { id: "a1", title: "Alpha" }],
    ["one T beside F is exactly that", "articles", "(id:F,title:T,body:F)", { title: "Alpha" }],
    ["a map with only F is all readable but those", "listed", "(id:F,title:F)", { views: 10 }],
    [
      "only F under a deny-list",
      "unlisted",
      "~F(id,title,views)~",
      { authorId: 1, reviewerId: null, published: true },
    ],
    ["computed fields are there by default", "computed", undefined, { twice: 20 }],
    ["computed fields remain with `columns:T`", "computed", "T", { twice: 20 }],
    ["computed fields remain with `columns:F`", "computed", "F", { twice: 20 }],
    ["computed fields are named like columns", "computed", "(twice:T)", { twice: 20 }],
  ];
  test.each(CASES)("%s", async (_name, resource, columns, row) => {
    const answer = await app.get(first(resource, columns));
    if (resource === "computed") expect(answer.body[resource][0]).toEqual(row);
    else expect(answer.body).toEqual({ count: 1, [resource]: [row] });
  });

  test("columns come in the order of the schema, whatever the client's", async () => {
    const answer = await app.get(first("articles", "~T(views,title,id)~"));
    expect(answer.text).toBe('{"count":1,"articles":[{"id":"a1","title":"Alpha","views":10}]}');
  });

  test.each([
    ["articles", "F", ""],
    ["listed", "F", ""],
    ["unlisted", "F", ""],
    ["listed", "(id:F,title:F,views:F)", ""],
    ["none", "T", ""],
    ["none", undefined, ""],
    ["empty", undefined, ""],
    ["computed", "(twice:F)", ""],
    ["articles", "F", ",with:()"],
  ])("nothing selected is a count: %s columns:%s", async (resource, columns, rest) => {
    const wish = columns === undefined ? "()" : `(columns:${columns}${rest})`;
    expect((await app.get(ask(resource, wish))).body).toEqual({ count: 6 });
  });

  test.each([
    ["(limit:2)", 2],
    ["(offset:4)", 2],
    ["(offset:9)", 0],
    ["(limit:0)", 0],
    ["(where:(authorId:2))", 3],
    ["(where:(authorId:2),limit:2)", 2],
    ["(where:(authorId:2),offset:1,limit:5)", 2],
    ["(orderBy:(views:desc),limit:4)", 4],
  ])(
    "the count is the number of rows the same request with `columns:T` returns: %s",
    async (select, count) => {
      const rows = await app.get(ask("articles", select.replace(")", ")").replace("(", "(columns:T,")));
      const counted = await app.get(ask("articles", select.replace("(", "(columns:F,")));
      expect(rows.body.articles).toHaveLength(count);
      expect(rows.body.count).toBe(count);
      expect(counted.body).toEqual({ count });
    },
  );

  test("in a relation `columns:F` gives nothing of its rows, and the same with all of them dropped", async () => {
    for (const columns of ["F", "~F(id,authorId,title,views,published)~"]) {
      const answer = await app.get(ask("authors", `(limit:2,with:(articles:(columns:${columns})))`));
      expect(answer.body.authors).toEqual([
        { id: 1, articles: [{}] },
        { id: 2, articles: [{}, {}, {}] },
      ]);
    }
  });

  test("a relation's rule without `select` gives its computed fields and its own relations only", async () => {
    const path = ask("authors", "(limit:1,with:(comments:(with:(article:T))))");
    expect((await app.get(path)).body.authors).toEqual([
      {
        id: 1,
        comments: [
          { size: 4, article: { id: "a2" } },
          { size: 5, article: { id: "a4" } },
          { size: 2, article: { id: "a6" } },
        ],
      },
    ]);
    const all = await app.get(ask("authors", "(limit:1,with:(comments:(columns:T)))"));
    expect(all.body.authors[0].comments).toEqual([{ size: 4 }, { size: 5 }, { size: 2 }]);
    const named = await app.get(ask("authors", "(with:(comments:(columns:~T(text)~)))"));
    expect([named.status, named.body]).toEqual([
      400,
      {
        error: "unknown column `text`",
        code: "unknown-column",
        path: "select.with.comments.columns",
      },
    ]);
  });
});

describe("select refuses", () => {
  const app = served(acl);

  test.each(["()", "N", "5", "'T'", "_()_", "_(id)_", "X", "U", "'*'", "id"])(
    "`columns:%s`",
    async (columns) => {
      const answer = await app.get(ask("articles", `(columns:${columns})`));
      expect([answer.status, answer.body.code, answer.body.path]).toEqual([
        400,
        "invalid-value",
        "select.columns",
      ]);
    },
  );

  test.each(["1", "0", "N", "U", "'T'", "()"])("`columns:(id:%s)`", async (choice) => {
    const answer = await app.get(ask("articles", `(columns:(id:${choice}))`));
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([
      400,
      "invalid-value",
      "select.columns.id",
    ]);
  });

  test("a hidden column, wanted or dropped, with hints from readable names only", async () => {
    for (const choice of ["T", "F"]) {
      expect((await app.get(ask("listed", `(columns:(viewz:${choice}))`))).body).toEqual({
        error: "unknown column `viewz`",
        code: "unknown-column",
        path: "select.columns",
        hint: "did you mean `views`?",
      });
      expect((await app.get(ask("listed", `(columns:(ratin:${choice}))`))).body).toEqual({
        error: "unknown column `ratin`",
        code: "unknown-column",
        path: "select.columns",
      });
      expect((await app.get(ask("listed", `(columns:(rating:${choice}))`))).body).toEqual({
        error: "unknown column `rating`",
        code: "unknown-column",
        path: "select.columns",
      });
    }
  });

  test("a relation's or a database's name for a column", async () => {
    for (const name of ["comments", "author_id", "articles", "rowid"]) {
      const answer = await app.get(ask("articles", `(columns:(${name}:T))`));
      expect([name, answer.status, answer.body.code]).toEqual([name, 400, "unknown-column"]);
    }
  });

  test("nothing of a row that was never asked for", async () => {
    expect(ids(await app.get(ask("list", "(columns:T)")), "list")).toEqual([
      "a1",
      "a2",
      "a3",
      "a4",
      "a5",
      "a6",
    ]);
  });
});
