import { beforeEach, describe, expect, test } from "bun:test";
import { and, count, eq, exists, gt, inArray, isNotNull, lt, ne, not, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { HttpError } from "@bepalo/query";
import type { App, TestACL } from "../support/app.ts";
import { article, articleTag, author, comment } from "../support/schema.ts";
import { type Control, DATABASE_NAMES, dump, path, refusal, server } from "../support/write.ts";

const start = server();

/** Articles under the rules of a test. */
const articles = (control: Control<"article">): TestACL => ({ articles: { table: "article", control } });

const failed = { status: 403, code: "check-failed" };
const only = (id: string): string => path("articles", { columns: { id: true }, where: { id } });

describe.each(DATABASE_NAMES)("on %s", (on) => {
  describe("a rule's `where` is the check too", () => {
    let app: App;
    let before: string;
    beforeEach(async () => {
      const where = ({ me }: { me?: number }, table: typeof article) => eq(table.authorId, me!);
      app = await start(
        articles({
          POST: { mine: { select: true, where } },
          PATCH: { mine: { select: true, where } },
          DELETE: { mine: { select: true, where } },
        }),
        { on },
      );
      before = await dump(app.database);
    });

    test("a PATCH that moves a row out of one's own is 403, and nothing has changed", async () => {
      expect(refusal(await app.patch(only("a2"), { authorId: 1 }, { as: 2 }))).toEqual(failed);
      expect(refusal(await app.patch("articles", { authorId: 1, views: 3 }, { as: 2 }))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });

    test("a PATCH of somebody else's row matches nothing", async () => {
      expect((await app.patch(only("a1"), { authorId: 2 }, { as: 2 })).body).toEqual({
        rowsAffected: 0,
        count: 0,
        articles: [],
      });
      expect(await dump(app.database)).toBe(before);
    });

    test("a POST of somebody else's row is 403, alone or among one's own, and nothing is written", async () => {
      expect(refusal(await app.post("articles", { authorId: 1, title: "t" }, { as: 2 }))).toEqual(failed);
      const mixed = [2, 2, 1].map((authorId) => ({ authorId, title: "t" }));
      expect(refusal(await app.post("articles", mixed, { as: 2 }))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });

    test("a PATCH within one's own rows and a POST of one's own pass", async () => {
      expect((await app.patch(only("a2"), { authorId: 2, views: 8 }, { as: 2 })).body.articles).toEqual([
        { id: "a2" },
      ]);
      expect((await app.post("articles", { authorId: 2, title: "t" }, { as: 2 })).status).toBe(200);
    });

    test("a caller without an identity writes nothing: null equals nothing", async () => {
      const changed = await app.patch("articles", { views: 1 }, { role: "writer" });
      expect(changed.status === 200 ? changed.body.rowsAffected : 0).toBe(0);
      expect((await app.post("articles", { authorId: 2, title: "t" }, { role: "writer" })).status).not.toBe(
        200,
      );
      expect(await dump(app.database)).toBe(before);
    });
  });

  describe("a check", () => {
    test("replaces the check alone: `true` lets a row leave one's own, and not another's be touched", async () => {
      const app = await start(
        articles({
          PATCH: { mine: { select: true, where: ({ me }, table) => eq(table.authorId, me!), check: true } },
          POST: { mine: { select: true, where: ({ me }, table) => eq(table.authorId, me!), check: true } },
        }),
        { on },
      );
      expect((await app.patch(only("a2"), { authorId: 1 }, { as: 2 })).body.articles).toEqual([{ id: "a2" }]);
      expect((await app.patch(only("a2"), { authorId: 2 }, { as: 2 })).body.rowsAffected).toBe(0);
      expect((await app.post("articles", { authorId: 1, title: "gift" }, { as: 2 })).status).toBe(200);
    });

    test.each([
      ["a function", ({ me }: { me?: number }, table: typeof article) => inArray(table.authorId, [me!, 1])],
      [
        "an asynchronous function",
        async ({ me }: { me?: number }, table: typeof article) => {
          await new Promise((resolve) => setTimeout(resolve, 1));
          return inArray(table.authorId, [me!, 1]);
        },
      ],
    ])("may be %s, and then it decides where rows may go", async (_, check) => {
      const app = await start(
        articles({
          PATCH: { mine: { select: true, where: ({ me }, table) => eq(table.authorId, me!), check } },
        }),
        { on },
      );
      const before = await dump(app.database);
      expect(refusal(await app.patch(only("a2"), { authorId: 3 }, { as: 2 }))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
      expect((await app.patch(only("a2"), { authorId: 1 }, { as: 2 })).body.articles).toEqual([{ id: "a2" }]);
    });

    test.each([
      ["undefined", () => undefined],
      ["null", () => null],
      ["false", () => false as const],
      ["a promise of undefined", async () => undefined],
      ["SQL that is null", () => sql`null`],
      ["SQL that is false", () => sql`0`],
      ["a comparison with null", (_: unknown, table: typeof article) => sql`${table.rating} > ${null}`],
    ])("that answers %s lets no row be written", async (_, check) => {
      const app = await start(
        articles({ PATCH: { all: { select: true, check } }, POST: { all: { select: true, check } } }),
        {
          on,
        },
      );
      const before = await dump(app.database);
      expect(refusal(await app.patch(only("a2"), { views: 1 }))).toEqual(failed);
      expect(refusal(await app.post("articles", { authorId: 2, title: "t" }))).toEqual(failed);
      expect(refusal(await app.post("articles", [{ authorId: 2, title: "t" }]))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });

    test("that is neither true nor false for a row, because of a null in it, fails it", async () => {
      const check = (_: unknown, table: typeof article) => gt(table.rating, 2);
      const negated = (_: unknown, table: typeof article) => not(lt(table.rating, 2));
      for (const rule of [check, negated]) {
        const app = await start(
          articles({
            PATCH: { all: { select: true, check: rule } },
            POST: { all: { select: true, check: rule } },
          }),
          { on },
        );
        const before = await dump(app.database);
        expect(refusal(await app.patch(only("a1"), { rating: null }))).toEqual(failed);
        expect(refusal(await app.post("articles", { authorId: 1, title: "t" }))).toEqual(failed);
        expect(await dump(app.database)).toBe(before);
        expect((await app.patch(only("a1"), { rating: 4 })).body.articles).toEqual([{ id: "a1" }]);
      }
    });

    test("may be raw text of several conditions, and its `or` stays inside", async () => {
      const check = (_: unknown, table: typeof article) => sql`${table.views} > 5 or ${table.published}`;
      const app = await start(
        articles({
          PATCH: {
            all: { select: true, where: (_, t) => sql`${t.authorId} = 2 or ${t.authorId} = 3`, check },
          },
        }),
        { on },
      );
      expect(refusal(await app.patch(only("a3"), { views: 0 }))).toEqual(failed);
      expect((await app.patch(only("a2"), { views: 0 })).body.articles).toEqual([{ id: "a2" }]);
      expect((await app.patch(only("a1"), { views: 9 })).body.rowsAffected).toBe(0);
    });
  });

  describe("a `where` that answers nothing", () => {
    test.each([
      ["undefined", () => undefined],
      ["null", () => null],
      ["false", () => false as const],
      ["a promise of undefined", async () => undefined],
    ])("(%s) admits nothing: no row is changed, removed, made or counted", async (_, where) => {
      const app = await start(
        articles({
          POST: { all: { select: true, where } },
          PATCH: { all: { select: true, where } },
          DELETE: { all: { select: true, where } },
        }),
        { on },
      );
      const before = await dump(app.database);
      expect((await app.patch("articles?countTotal", { views: 1 })).body).toEqual({
        total: 0,
        rowsAffected: 0,
        count: 0,
        articles: [],
      });
      expect((await app.remove("articles?countTotal")).body.rowsAffected).toBe(0);
      expect(refusal(await app.post("articles", { authorId: 2, title: "t" }))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });
  });

  describe("a condition with a sub-query keeps its meaning in every method", () => {
    /** Articles on which an author has commented; correlated by the outer row. */
    const raw = (id: number) => (_: unknown, table: typeof article) =>
      sql`exists (select 1 from ${comment} where ${comment.articleId} = ${table.id} and ${comment.authorId} = ${id})`;
    const nested = (id: number) => (_: unknown, table: typeof article) =>
      sql`${sql`exists (select 1 from ${comment} where ${sql`${comment.articleId} = ${table.id}`} and ${eq(comment.authorId, id)})`}`;
    const inverted = (id: number) => (_: unknown, table: typeof article) =>
      sql`${table.id} in (select ${comment.articleId} from ${comment} where ${comment.authorId} = ${id})`;
    let database: App["database"];
    const built = (id: number) => (_: unknown, table: typeof article) =>
      exists(
        database
          .select({ one: sql`1` })
          .from(comment)
          .where(and(eq(comment.articleId, table.id), eq(comment.authorId, id))),
      );
    const counted = (id: number) => (_: unknown, table: typeof article) =>
      gt(
        database
          .select({ n: count() })
          .from(comment)
          .where(and(eq(comment.articleId, table.id), eq(comment.authorId, id))) as never,
        0,
      );

    const forms = [
      ["raw `exists`", raw],
      ["nested sql", nested],
      ["`in` over a sub-query", inverted],
      ["`exists` of a builder", built],
      ["a counted builder", counted],
    ] as const;

    test.each(forms)("%s, as using", async (_, form) => {
      const app = await start(
        articles({
          PATCH: { all: { select: true, where: form(2), check: true } },
          DELETE: { all: { select: true, where: form(2), with: { comments: true } } },
          GET: { all: { select: true, where: form(2), with: { comments: true } } },
        }),
        { on },
      );
      database = app.database;
      const ids = { columns: { id: true } };
      const expected = ["a1", "a2", "a6"].map((id) => ({ id }));
      expect((await app.get(path("articles", ids))).body.articles).toEqual(expected);
      const changed = await app.patch(path("articles", ids, "countTotal"), { views: 1 });
      expect(changed.body).toEqual({ total: 3, rowsAffected: 3, count: 3, articles: expected });
      const gone = await app.remove(path("articles", { ...ids, where: { id: ["a1", "a2"][0]! } }));
      expect(gone.body.articles).toEqual([{ id: "a1" }]);
      const rest = await app.remove(
        path("articles", { ...ids, with: { comments: { columns: { id: true } } } }),
      );
      expect(rest.body.articles).toEqual([
        { id: "a2", comments: [{ id: 3 }, { id: 4 }, { id: 5 }] },
        { id: "a6", comments: [{ id: 7 }, { id: 8 }] },
      ]);
      expect(await app.database.$count(article)).toBe(3);
    });

    test.each(forms)("%s, as check", async (_, form) => {
      const app = await start(articles({ PATCH: { all: { select: true, check: form(2) } } }), { on });
      database = app.database;
      expect((await app.patch(only("a6"), { views: 1 })).body.articles).toEqual([{ id: "a6" }]);
      const before = await dump(app.database);
      expect(refusal(await app.patch(only("a4"), { views: 1 }))).toEqual(failed);
      expect(refusal(await app.patch("articles", { views: 1 }))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });

    test("a check on the author of the new row speaks of that row, not of any", async () => {
      const check = (_: unknown, table: typeof article) =>
        sql`exists (select 1 from ${author} where ${author.id} = ${table.authorId} and ${author.role} = 'editor')`;
      const app = await start(articles({ POST: { all: { select: true, check } } }), { on });
      const before = await dump(app.database);
      expect(refusal(await app.post("articles", { authorId: 2, title: "t" }))).toEqual(failed);
      expect(
        refusal(
          await app.post("articles", [
            { authorId: 1, title: "t" },
            { authorId: 2, title: "t" },
          ]),
        ),
      ).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
      expect(
        (
          await app.post("articles", [
            { authorId: 1, title: "t" },
            { authorId: 1, title: "t" },
          ])
        ).status,
      ).toBe(200);
    });

    test("columns of equal names in two tables do not fall together", async () => {
      // Without its table's name, `id = id` would be true of every row.
      const where = (_: unknown, table: typeof comment) =>
        sql`exists (select 1 from ${author} where ${author.id} = ${table.id} and ${author.id} <> 2)`;
      const acl = {
        comments: {
          table: "comment",
          control: {
            POST: { all: { select: true, where, write: true } },
            PATCH: { all: { select: true, where } },
            DELETE: { all: { select: true, where } },
          },
        },
      } satisfies TestACL;
      const app = await start(acl, { on });
      const ids = path("comments", { columns: { id: true } });
      expect((await app.patch(ids, { text: "x" })).body.comments).toEqual([{ id: 1 }, { id: 3 }]);
      const foreign = await app.post("comments", { id: 50, articleId: "a1", authorId: 1, text: "t" });
      expect(refusal(foreign)).toEqual(failed);
      expect((await app.remove(ids)).body.comments).toEqual([{ id: 1 }, { id: 3 }]);
    });

    test("a condition on the same table under an alias holds after the write, as `ensure`", async () => {
      const other = alias(article, "other");
      const ensure = (_: unknown, table: typeof article) =>
        sql`not exists (select 1 from ${article} as "other" where ${other.authorId} = ${table.authorId} and ${other.id} <> ${table.id} and ${other.title} = ${table.title})`;
      const app = await start(
        articles({ POST: { all: { select: true, ensure } }, PATCH: { all: { select: true, ensure } } }),
        {
          on,
        },
      );
      const before = await dump(app.database);
      expect(refusal(await app.post("articles", { authorId: 2, title: "Beta" }))).toEqual(failed);
      expect(
        refusal(
          await app.post("articles", [
            { authorId: 1, title: "x" },
            { authorId: 1, title: "x" },
          ]),
        ),
      ).toEqual(failed);
      expect(
        refusal(await app.patch(path("articles", { where: { authorId: 2 } }), { title: "same" })),
      ).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
      expect((await app.post("articles", { authorId: 3, title: "Beta" })).status).toBe(200);
    });

    test("every row of an array must satisfy `ensure` after the whole array, not only when its turn came", async () => {
      // No author has an article with more views than the row that is written.
      const other = alias(article, "other");
      const ensure = (_: unknown, table: typeof article) =>
        sql`not exists (select 1 from ${article} as "other" where ${other.authorId} = ${table.authorId} and ${other.views} > ${table.views})`;
      const app = await start(articles({ POST: { all: { select: true, ensure } } }), { on });
      const before = await dump(app.database);
      const rising = [100, 200].map((views) => ({ authorId: 2, title: "t", views }));
      expect(refusal(await app.post("articles", rising))).toEqual(failed);
      expect(await dump(app.database)).toBe(before);
    });

    test("a computed field with a sub-query comes back right from every method", async () => {
      const tags =
        sql<number>`(select count(*) from ${articleTag} where ${articleTag.articleId} = ${article.id})`
          .mapWith(Number)
          .as("tags");
      const rule = {
        select: { columns: ["id"] as const },
        extras: { tagCount: tags },
        with: { author: true },
      } as const;
      const app = await start(articles({ POST: { all: rule }, PATCH: { all: rule } }), { on });
      const changed = await app.patch("articles", { views: 2 });
      expect(changed.body.articles.map(({ tagCount }: { tagCount: number }) => tagCount)).toEqual([
        1, 2, 0, 0, 0, 0,
      ]);
      const withAuthor = await app.patch(
        path("articles", { where: { id: "a2" }, with: { author: { columns: { id: true } } } }),
        { views: 3 },
      );
      expect(withAuthor.body.articles).toEqual([{ id: "a2", tagCount: 2, author: { id: 2 } }]);
      const made = await app.post(path("articles", { columns: { tagCount: true } }), {
        authorId: 1,
        title: "t",
      });
      expect(made.body.articles).toEqual([{ tagCount: 0 }]);
    });
  });
});

describe("a row filter", () => {
  test("sees columns the rule hides, while the client does not", async () => {
    const app = await start({
      authors: {
        table: "author",
        control: {
          PATCH: {
            all: { select: { columns: ["id", "name"] }, where: (_, table) => eq(table.secret, "s-ben") },
          },
        },
      },
    });
    expect((await app.patch("authors", { name: "Benno" })).body.authors).toEqual([{ id: 2, name: "Benno" }]);
    expect(refusal(await app.patch("authors", { secret: "new" }))).toEqual(failed);
    const probing = await app.patch(path("authors", { where: { "secret.like": "s%" } }), { name: "x" });
    expect(refusal(probing)).toEqual({ status: 400, code: "unknown-column", path: "select.where" });
  });

  test("may refuse with an HttpError, and its failing is 500 with nothing written", async () => {
    const app = await start(
      articles({
        PATCH: {
          writer: {
            select: true,
            where: () => {
              throw new HttpError("closed", 418);
            },
          },
          editor: { select: true, where: () => Promise.reject(new Error("hidden")) },
        },
        DELETE: { all: { select: true, where: () => "true" as never } },
      }),
    );
    const before = await dump(app.database);
    const refused = await app.patch("articles", { views: 1 }, { as: 1 });
    expect([refused.status, refused.body.error]).toEqual([418, "closed"]);
    const broken = await app.patch("articles", { views: 1 }, { as: 1, role: "editor" });
    expect(refusal(broken)).toEqual({ status: 500, code: "internal-error" });
    expect(broken.text).not.toContain("hidden");
    expect(refusal(await app.remove("articles"))).toEqual({ status: 500, code: "internal-error" });
    expect(await dump(app.database)).toBe(before);
  });

  test("is asked once per table and request, and its answer is ANDed with the client's", async () => {
    let asked = 0;
    const app = await start(
      articles({
        PATCH: {
          all: {
            select: true,
            where: (_, table) => {
              asked++;
              return and(ne(table.authorId, 1), isNotNull(table.rating));
            },
          },
        },
      }),
    );
    const answer = await app.patch(path("articles", { columns: { id: true }, where: { published: true } }), {
      views: 6,
    });
    expect(answer.body.articles).toEqual([{ id: "a4" }, { id: "a6" }]);
    expect(asked).toBe(1);
  });
});
