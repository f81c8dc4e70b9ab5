import { beforeAll, describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { sample } from "../support/schema.ts";
import { ask, ids, served, STACKS } from "../support/served.ts";

const acl = {
  articles: { table: "article", control: { GET: { all: { select: true } } } },
  newest: {
    table: "article",
    control: { GET: { all: { select: { columns: ["id", "views"] }, orderBy: { createdAt: "desc" } } } },
  },
  numbered: {
    table: "article",
    control: { GET: { all: { select: true, orderBy: { views: -1, authorId: 1 } } } },
  },
  keyless: { table: "article", control: { GET: { all: { select: { columns: ["title", "views"] } } } } },
  tags: { table: "articleTag", control: { GET: { all: { select: true } } } },
  samples: {
    table: "sample",
    control: { GET: { all: { select: { columns: ["id", "integer", "text", "real"] } } } },
  },
  authors: {
    table: "author",
    control: {
      GET: {
        all: {
          select: { columns: ["id"] },
          with: {
            articles: { select: { mode: false, columns: ["body"] }, orderBy: { views: "desc" } },
            comments: { select: { columns: ["id", "text"] } },
          },
        },
      },
    },
  },
} satisfies TestACL;

describe.each(STACKS)("order on $name", ({ options }) => {
  const app = served(acl, options);
  beforeAll(async () => {
    await app.app.database.insert(sample).values([
      { id: 1, integer: 5, text: "b", real: 0.5 },
      { id: 2, integer: null, text: null, real: null },
      { id: 3, integer: -5, text: "B", real: -0.5 },
      { id: 4, integer: null, text: "", real: null },
      { id: 5, integer: 5, text: "a", real: 1e300 },
    ]);
  });
  const sorted = async (resource: string, orderBy: string): Promise<unknown> =>
    ids(await app.get(ask(resource, `(orderBy:${orderBy})`)), resource);

  test.each([
    ["(title:asc)", ["a1", "a2", "a5", "a6", "a3", "a4"]],
    ["(title:desc)", ["a4", "a3", "a6", "a5", "a2", "a1"]],
    ["(title:1)", ["a1", "a2", "a5", "a6", "a3", "a4"]],
    ["(title:-1)", ["a4", "a3", "a6", "a5", "a2", "a1"]],
    ["(title:'asc')", ["a1", "a2", "a5", "a6", "a3", "a4"]],
    ["(title:'desc')", ["a4", "a3", "a6", "a5", "a2", "a1"]],
    ["(title:'1')", ["a1", "a2", "a5", "a6", "a3", "a4"]],
    ["(title:'-1')", ["a4", "a3", "a6", "a5", "a2", "a1"]],
    ["~asc(title,id)~", ["a1", "a2", "a5", "a6", "a3", "a4"]],
    // ties are broken by the primary key, ascending
    ["(views:asc)", ["a5", "a4", "a6", "a1", "a2", "a3"]],
    ["(views:desc)", ["a2", "a3", "a1", "a6", "a4", "a5"]],
    ["(authorId:desc)", ["a5", "a6", "a2", "a3", "a4", "a1"]],
    ["(views:desc,id:desc)", ["a3", "a2", "a1", "a6", "a4", "a5"]],
    ["(authorId:asc,views:desc)", ["a1", "a2", "a3", "a4", "a6", "a5"]],
    ["(authorId:desc,title:asc)", ["a5", "a6", "a2", "a3", "a4", "a1"]],
    // nulls come first ascending and last descending
    ["(rating:asc)", ["a2", "a4", "a3", "a6", "a5", "a1"]],
    ["(rating:desc)", ["a1", "a5", "a6", "a3", "a4", "a2"]],
    ["(reviewerId:asc)", ["a1", "a4", "a6", "a2", "a5", "a3"]],
    ["(reviewerId:desc)", ["a3", "a5", "a2", "a1", "a4", "a6"]],
    ["(createdAt:asc)", ["a5", "a1", "a2", "a3", "a4", "a6"]],
    ["(published:desc)", ["a1", "a2", "a4", "a6", "a3", "a5"]],
  ])("%s", async (orderBy, expected) => expect(await sorted("articles", orderBy)).toEqual(expected));

  test.each([
    ["(integer:asc)", [2, 4, 3, 1, 5]],
    ["(integer:desc)", [1, 5, 3, 2, 4]],
    ["(real:1)", [2, 4, 3, 1, 5]],
    ["(text:asc)", [2, 4, 3, 5, 1]],
    ["(text:desc)", [1, 5, 3, 4, 2]],
  ])("%s with nulls", async (orderBy, expected) =>
    expect(await sorted("samples", orderBy)).toEqual(expected),
  );

  test("without any order rows come by primary key", async () => {
    expect(ids(await app.get("articles"))).toEqual(["a1", "a2", "a3", "a4", "a5", "a6"]);
    expect((await app.get("tags")).body.tags).toEqual([
      { articleId: "a1", tagId: 1 },
      { articleId: "a2", tagId: 1 },
      { articleId: "a2", tagId: 2 },
    ]);
  });

  test("a composite key breaks ties with all its columns", async () => {
    expect((await app.get(ask("tags", "(orderBy:(tagId:desc))"))).body.tags).toEqual([
      { articleId: "a2", tagId: 2 },
      { articleId: "a1", tagId: 1 },
      { articleId: "a2", tagId: 1 },
    ]);
    expect((await app.get(ask("tags", "(orderBy:(articleId:desc))"))).body.tags).toEqual([
      { articleId: "a2", tagId: 1 },
      { articleId: "a2", tagId: 2 },
      { articleId: "a1", tagId: 1 },
    ]);
  });

  test("the rule's order holds where the client names none, and may name hidden columns", async () => {
    expect(ids(await app.get("newest"), "newest")).toEqual(["a6", "a4", "a3", "a2", "a1", "a5"]);
    expect(ids(await app.get("numbered"), "numbered")).toEqual(["a2", "a3", "a1", "a6", "a4", "a5"]);
  });

  test("the client's order replaces the rule's", async () => {
    expect(await sorted("newest", "(views:asc)")).toEqual(["a5", "a4", "a6", "a1", "a2", "a3"]);
    expect(await sorted("numbered", "(id:desc)")).toEqual(["a6", "a5", "a4", "a3", "a2", "a1"]);
  });

  test("a hidden primary key still breaks ties", async () => {
    const titles = async (orderBy: string): Promise<string[]> =>
      (await app.get(ask("keyless", `(orderBy:${orderBy})`))).body.keyless.map(
        ({ title }: { title: string }) => title,
      );
    expect(await titles("(views:desc)")).toEqual(["Beta", "Gamma", "Alpha", "Epsilon", "alphabet", "Delta"]);
  });

  test("nested lists are ordered too: the client's keys, else the rule's, then the primary key", async () => {
    const nested = async (select: string): Promise<unknown> =>
      (await app.get(ask("authors", `(with:(articles:${select}))`))).body.authors.map(
        ({ articles }: { articles: { id: string }[] }) => articles.map(({ id }) => id),
      );
    expect(await nested("T")).toEqual([["a1"], ["a2", "a3", "a4"], ["a6", "a5"]]);
    expect(await nested("(orderBy:(views:asc))")).toEqual([["a1"], ["a4", "a2", "a3"], ["a5", "a6"]]);
    expect(await nested("(orderBy:(id:desc))")).toEqual([["a1"], ["a4", "a3", "a2"], ["a6", "a5"]]);
    expect(await nested("(orderBy:(reviewerId:asc))")).toEqual([["a1"], ["a4", "a2", "a3"], ["a6", "a5"]]);
    expect(await nested("(orderBy:(reviewerId:desc))")).toEqual([["a1"], ["a3", "a2", "a4"], ["a5", "a6"]]);
    const { body } = await app.get(ask("authors", "(with:(comments:T))"));
    expect(
      body.authors.map(({ comments }: { comments: { id: number }[] }) => comments.map(({ id }) => id)),
    ).toEqual([
      [3, 6, 8],
      [1, 4, 7],
      [2, 5],
    ]);
  });

  test("an answer is reproducible, byte for byte", async () => {
    const path = ask("authors", "(orderBy:(id:desc),with:(articles:(orderBy:(views:1)),comments:T))");
    const { text } = await app.get(path);
    for (let i = 0; i < 5; i++) expect((await app.get(path)).text).toBe(text);
  });
});

describe("order refuses", () => {
  const app = served(acl);

  test.each(["ASC", "'up'", "0", "2", "T", "N", "''", "(a:1)", "_(asc)_", "X", "U", "-I", "'asc '"])(
    "the direction %s",
    async (direction) => {
      const answer = await app.get(ask("articles", `(orderBy:(title:${direction}))`));
      expect([answer.status, answer.body]).toEqual([
        400,
        { error: "a direction is asc, desc, 1 or -1", code: "invalid-value", path: "select.orderBy.title" },
      ]);
    },
  );

  test.each(["T", "F", "N", "'title'", "_('title')_", "5", "title"])("orderBy:%s", async (orderBy) => {
    const answer = await app.get(ask("articles", `(orderBy:${orderBy})`));
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([
      400,
      "invalid-value",
      "select.orderBy",
    ]);
  });

  test("columns the rule hides, relations and database names, at the top and nested", async () => {
    for (const name of ["createdAt", "comments", "author_id", "nosuch", "rowid"]) {
      const answer = await app.get(ask("newest", `(orderBy:(${name}:asc))`));
      expect([answer.status, answer.body]).toEqual([
        400,
        { error: `unknown column \`${name}\``, code: "unknown-column", path: "select.orderBy" },
      ]);
    }
    const nested = await app.get(ask("authors", "(with:(articles:(orderBy:(body:asc))))"));
    expect([nested.status, nested.body.code, nested.body.path]).toEqual([
      400,
      "unknown-column",
      "select.with.articles.orderBy",
    ]);
  });
});
