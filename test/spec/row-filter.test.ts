import { describe, expect, test } from "bun:test";
import { and, count, eq, exists, gt, inArray, isNotNull, or, type SQL, sql } from "drizzle-orm";
import { alias, QueryBuilder } from "drizzle-orm/sqlite-core";
import { HttpError } from "@bepalo/query";
import type { Session, TestACL } from "../support/app.ts";
import { article, articleTag, author, comment } from "../support/schema.ts";
import { ask, ids, served, STACKS } from "../support/served.ts";

type Filter = (context: Session, table: typeof article) => unknown;
const query = new QueryBuilder();
const other = alias(article, "other");

/** A row filter on articles and the articles it admits to author 2. */
const FILTERS: readonly [string, Filter, readonly string[]][] = [
  ["true: every row", () => true, ["a1", "a2", "a3", "a4", "a5", "a6"]],
  ["false: none", () => false, []],
  ["undefined: none", () => undefined, []],
  ["null: none", () => null, []],
  ["a promise of true", async () => true, ["a1", "a2", "a3", "a4", "a5", "a6"]],
  ["a promise of nothing", async () => undefined, []],
  ["a promise of SQL", async ({ me }, t) => eq(t.authorId, me!), ["a2", "a3", "a4"]],
  ["SQL", ({ me }, t) => eq(t.authorId, me!), ["a2", "a3", "a4"]],
  ["the imported table", ({ me }) => eq(article.authorId, me!), ["a2", "a3", "a4"]],
  ["an `and` of nothing", () => and(), []],
  ["an `or` of nothing", () => or(undefined), []],
  ["a column", (_c, t) => t.published, ["a1", "a2", "a4", "a6"]],
  ["an or", ({ me }, t) => or(eq(t.authorId, me!), eq(t.published, true)), ["a1", "a2", "a3", "a4", "a6"]],
  ["raw SQL with or", ({ me }, t) => sql`${t.authorId} = ${me} or ${t.id} = 'a1'`, ["a1", "a2", "a3", "a4"]],
  [
    "raw SQL with or between bound values",
    ({ me }, t) => sql`${t.authorId} = ${me} or ${t.id} = ${"a1"}`,
    ["a1", "a2", "a3", "a4"],
  ],
  ["raw text with or", () => sql.raw("author_id = 2 or id = 'a1'"), ["a1", "a2", "a3", "a4"]],
  ["raw text that names its table", () => sql.raw("articles.author_id = 2"), ["a2", "a3", "a4"]],
  ["raw text with quotes", () => sql`"articles"."author_id" = ${2}`, ["a2", "a3", "a4"]],
  ["raw SQL that tells nothing", () => sql`null`, []],
  [
    "exists with Drizzle's builder",
    (_c, t) =>
      exists(
        query
          .select({ one: sql`1` })
          .from(comment)
          .where(eq(comment.articleId, t.id)),
      ),
    ["a1", "a2", "a4", "a6"],
  ],
  [
    "exists over another table in raw SQL",
    (_c, t) =>
      sql`exists (select 1 from ${comment} where ${comment.articleId} = ${t.id} and ${comment.hidden})`,
    ["a1", "a2"],
  ],
  [
    "exists in raw text",
    () =>
      sql.raw("exists (select 1 from comments where comments.article_id = articles.id and comments.hidden)"),
    ["a1", "a2"],
  ],
  [
    "inArray of a sub-select",
    ({ me }, t) =>
      inArray(t.id, query.select({ id: comment.articleId }).from(comment).where(eq(comment.authorId, me!))),
    ["a1", "a2", "a6"],
  ],
  [
    "a sub-select of two tables",
    (_c, t) =>
      inArray(
        t.id,
        query
          .select({ id: articleTag.articleId })
          .from(articleTag)
          .innerJoin(other, eq(other.id, articleTag.articleId))
          .where(gt(other.views, 10)),
      ),
    ["a2"],
  ],
  [
    "a sub-select of the same table in raw SQL",
    (_c, t) => sql`${t.views} >= (select max(views) from articles o)`,
    ["a2", "a3"],
  ],
  [
    "a comparison with an aggregate of another table",
    (_c, t) => sql`${t.views} > (select ${count()} from ${comment})`,
    ["a1", "a2", "a3"],
  ],
  [
    "exists over the author's own row",
    ({ me }, t) =>
      exists(
        query
          .select({ one: sql`1` })
          .from(author)
          .where(and(eq(author.id, me!), eq(author.id, t.authorId), isNotNull(author.mentorId))),
      ),
    ["a2", "a3", "a4"],
  ],
];

const acl = {
  ...Object.fromEntries(
    FILTERS.map(([, where], i) => [
      `f${i}`,
      { table: "article", control: { GET: { all: { select: { columns: ["id", "views"] }, where } } } },
    ]),
  ),
  ...Object.fromEntries(
    FILTERS.map(([, where], i) => [
      `many${i}`,
      {
        table: "author",
        control: {
          GET: {
            all: {
              select: { columns: ["id"] },
              with: { articles: { select: { columns: ["id", "views"] }, where } },
            },
          },
        },
      },
    ]),
  ),
  ...Object.fromEntries(
    FILTERS.map(([, where], i) => [
      `one${i}`,
      {
        table: "comment",
        control: {
          GET: {
            all: { select: { columns: ["id"] }, with: { article: { select: { columns: ["id"] }, where } } },
          },
        },
      },
    ]),
  ),
} as unknown as TestACL;

const AUTHOR: Record<string, number> = { a1: 1, a2: 2, a3: 2, a4: 2, a5: 3, a6: 3 };
const ARTICLE_OF = ["a1", "a1", "a2", "a2", "a2", "a4", "a6", "a6"];

describe.each(STACKS)("a rule's `where` on $name", ({ options }) => {
  const app = served(acl, options);

  describe.each(FILTERS.map(([name, , admitted], i) => ({ name, admitted, i })))(
    "$name",
    ({ admitted, i }) => {
      test("decides which rows are listed and counted", async () => {
        const answer = await app.get(ask(`f${i}`, "(columns:~T(id)~)", "countTotal"), { as: 2 });
        expect(answer.body).toEqual({
          total: admitted.length,
          count: admitted.length,
          [`f${i}`]: admitted.map((id) => ({ id })),
        });
        expect((await app.get(ask(`f${i}`, "(columns:F)", "countTotal"), { as: 2 })).body).toEqual({
          total: admitted.length,
          count: admitted.length,
        });
      });

      test("is ANDed with the client's filter, whatever that is", async () => {
        const busy = ["a1", "a2", "a3"].filter((id) => admitted.includes(id));
        for (const where of [
          "(views.gte:10)",
          "_((views:10),(views:20))_",
          "(OR:_((views.gt:19),(views:10))_)",
          "(NOT:(views.lt:10))",
        ]) {
          const answer = await app.get(ask(`f${i}`, `(where:${where})`), { as: 2 });
          expect(ids(answer, `f${i}`)).toEqual(busy);
          const counted = await app.get(ask(`f${i}`, `(columns:F,where:${where})`), { as: 2 });
          expect(counted.body).toEqual({ count: busy.length });
        }
      });

      test("decides in a list of a relation, and never about other parents' rows", async () => {
        for (const where of ["", "(where:_((views.gte:0),(views.lt:0))_)"]) {
          const answer = await app.get(ask(`many${i}`, `(with:(articles:${where || "T"}))`), { as: 2 });
          expect(
            answer.body[`many${i}`].map((row: { articles: { id: string }[] }) =>
              row.articles.map(({ id }) => id),
            ),
          ).toEqual([1, 2, 3].map((of) => admitted.filter((id) => AUTHOR[id] === of)));
        }
      });

      test("decides in a one-relation", async () => {
        const answer = await app.get(ask(`one${i}`, "(with:(article:T))"), { as: 2 });
        expect(
          answer.body[`one${i}`].map((row: { article: { id: string } | null }) => row.article?.id ?? null),
        ).toEqual(ARTICLE_OF.map((id) => (admitted.includes(id) ? id : null)));
      });
    },
  );
});

describe.each(STACKS)("callers who ask the same on $name", ({ options }) => {
  const rule = {
    select: { columns: ["id", "views"] },
    where: async ({ me }: Session, t: typeof article, o: { eq: typeof eq }) => (
      await Bun.sleep(Math.random() * 3),
      o.eq(t.authorId, me!)
    ),
  } as const;
  const app = served(
    {
      articles: {
        table: "article",
        control: { GET: { writer: rule, editor: { select: { columns: ["id", "title", "views"] } } } },
      },
      authors: {
        table: "author",
        control: {
          GET: {
            all: {
              select: { columns: ["id"] },
              with: { articles: { ...rule, where: ({ me }, t, o) => o.eq(t.views, me! * 10) } },
            },
          },
        },
      },
    } satisfies TestACL,
    options,
  );

  test("each get their own rows and columns, however their requests interleave", async () => {
    const own: Record<number, readonly string[]> = { 1: ["a1"], 2: ["a2", "a3", "a4"], 3: ["a5", "a6"] };
    const path = ask("articles", "(where:(views.gte:0),columns:~F(views)~)", "countTotal");
    await Promise.all(
      Array.from({ length: 60 }, async (_, i) => {
        const me = (i % 3) + 1;
        const answer = await app.get(path, { as: me });
        expect(answer.body).toEqual({
          total: own[me]!.length,
          count: own[me]!.length,
          articles: own[me]!.map((id) => ({ id })),
        });
        const editor = await app.get(path, { as: me, role: "editor" });
        expect([editor.body.total, Object.keys(editor.body.articles[0])]).toEqual([6, ["id", "title"]]);
        expect((await app.get(path)).status).toBe(401);
      }),
    );
    for (const me of [1, 2, 1, 3]) {
      const { body } = await app.get(ask("authors", "(with:(articles:T))"), { as: me });
      expect(
        body.authors.map((row: { articles: { id: string }[] }) => row.articles.map(({ id }) => id)),
      ).toEqual(
        [
          [["a1"], [], []],
          [[], ["a2", "a3"], []],
          [[], [], []],
        ][me - 1]!,
      );
    }
  });

  test("with other values in one shape get other rows", async () => {
    for (const views of [10, 20, 5, 10])
      expect(
        (
          await app.get(ask("articles", `(where:(views:${views}))`), { as: 2, role: "editor" })
        ).body.articles.every((row: { views: number }) => row.views === views),
      ).toBe(true);
    const counts = [];
    for (const list of ["_(10)_", "_(20)_", "_(10,20)_", "_()_", "_(5)_"])
      counts.push(
        (await app.get(ask("articles", `(columns:F,where:(views.in:${list}))`), { role: "editor" })).body
          .count,
      );
    expect(counts).toEqual([1, 2, 3, 0, 1]);
    const nulls = [];
    for (const value of ["N", "1", "N", "2"])
      nulls.push((await app.get(ask("authors", `(columns:F,where:(id.ne:${value}))`))).body.count);
    expect(nulls).toEqual([3, 2, 3, 2]);
  });
});

describe("a rule's `where`", () => {
  let answer: () => unknown = () => true;
  let asked: unknown[] = [];
  const app = served({
    articles: {
      table: "article",
      control: {
        GET: {
          all: {
            select: { columns: ["id"] },
            where: (context, table, operators) => {
              asked = [
                context.me,
                context.resourceId,
                context.method,
                context.role,
                context.findFirst,
                table === article,
                typeof operators.eq,
              ];
              return answer() as SQL;
            },
          },
        },
      },
    },
    hidden: {
      table: "author",
      control: {
        GET: { all: { select: { columns: ["id"] }, where: (_c, t, o) => o.eq(t.secret, "s-ben") } },
      },
    },
  } satisfies TestACL);

  test("receives the context, the table and the operators", async () => {
    answer = () => true;
    await app.get("articles?findFirst", { as: 3 });
    expect(asked).toEqual([3, "articles", "GET", "writer", true, true, "function"]);
    await app.send("HEAD", "articles");
    expect(asked).toEqual([undefined, "articles", "HEAD", undefined, false, true, "function"]);
  });

  test("sees all columns, the client's only readable ones", async () => {
    expect((await app.get("hidden")).body).toEqual({ count: 1, hidden: [{ id: 2 }] });
    expect((await app.get(ask("hidden", "(where:(secret:'s-ben'))"))).body.code).toBe("unknown-column");
  });

  test.each([
    ["a text", () => "1 = 1"],
    ["a number", () => 1],
    ["a list", () => []],
    ["an object", () => ({})],
    ["a column that says neither yes nor no", () => article.views],
    ["a promise of one", async () => article.title],
    ["one of an alias", () => other.id],
    ["a table", () => article],
    ["a name", () => sql.identifier("views")],
    ["a query as a table", () => query.select().from(comment).as("c")],
  ])("that answers %s is a fault: 500, and no row", async (_name, where) => {
    answer = where;
    const refused = await app.get("articles");
    expect([refused.status, refused.body]).toEqual([
      500,
      { error: "something went wrong on the server", code: "internal-error" },
    ]);
    const [fault, ...others] = app.faults();
    expect(String(fault)).toMatch(
      /^TypeError: acl\.\S+\.where: a row filter answers SQL, true, false or nothing$/,
    );
    expect(others).toEqual([]);
  });

  test("may throw: an HttpError keeps its status and sentence, anything else is 500", async () => {
    answer = () => {
      throw new HttpError("closed on sundays", 451);
    };
    const refused = await app.get("articles");
    expect([refused.status, refused.body.error]).toEqual([451, "closed on sundays"]);
    answer = () => {
      throw null;
    };
    expect((await app.get("articles")).body).toEqual({
      error: "something went wrong on the server",
      code: "internal-error",
    });
    expect(app.faults()).toHaveLength(1);
    answer = () => Promise.reject(new Error("secret"));
    expect((await app.get("articles")).status).toBe(500);
    expect(app.faults()).toHaveLength(1);
  });

  test("whose SQL is wrong is a fault that tells the client nothing", async () => {
    answer = () => sql`no_such_column = 1`;
    const refused = await app.get("articles");
    expect([refused.status, refused.body]).toEqual([
      500,
      { error: "something went wrong on the server", code: "internal-error" },
    ]);
    expect(app.faults()).toHaveLength(1);
  });
});
