import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InferApi } from "@bepalo/query";
import { type ApiClient, ClientError, createQueryBuilder, createQueryClient } from "@bepalo/query/client";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";

// Numbers about rows, and lists page by page, as the client asks for them of a server.

const acl = {
  articles: {
    table: "article",
    maxLimit: 4,
    control: {
      GET: {
        all: { select: true, aggregate: true, with: { author: { select: { columns: ["id", "name"] } } } },
        mine: {
          select: { columns: ["id"] },
          aggregate: { functions: ["count"], minGroupSize: 5 },
          where: ({ me }, article, { eq }) => eq(article.authorId, me!),
        },
      },
    },
  },
  authors: { table: "author", control: { GET: { all: { select: { columns: ["id", "name"] } } } } },
} satisfies TestACL;
type Api = InferApi<typeof acl, Schema>;

let app: App;
let api: ApiClient<Api>;
const asked: string[] = [];
beforeAll(async () => {
  app = await serve(acl);
  api = createQueryClient<Api>(new URL(app.url).origin, {
    fetch: (url, init) => {
      asked.push(url);
      return fetch(url, init);
    },
  });
});
afterAll(() => app.close());

const failure = async (call: Promise<unknown>): Promise<ClientError> => {
  const error: unknown = await call.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw error;
};

describe("aggregate answers", () => {
  test("functions of all rows", async () => {
    const { articles } = await api.aggregate("articles", {
      count: true,
      sum: { views: true },
      min: { title: true, createdAt: true },
      countDistinct: { authorId: true },
      where: { "views.gte": 5, "author.name.in": ["Ada", "Ben"] },
    });
    expect(articles).toEqual({
      count: 4,
      sum: { views: 55 },
      min: { title: "Alpha", createdAt: "2023-11-14T22:13:20.000Z" },
      countDistinct: { authorId: 2 },
    });
  });

  test("those of groups, which are filtered, ordered, cut and counted", async () => {
    const question = {
      count: true,
      max: { views: true },
      groupBy: ["author.name", "createdAt.year"],
      having: { "count.gte": 1, OR: [{ "sum.views.gt": 9n }, { "avg.rating": null }] },
      orderBy: { "author.name": "desc", "max.views": { sort: "asc", nulls: "last" } },
      timeZone: "+02:00",
    } as const;
    const all = await api.aggregate("articles", { ...question, countFiltered: true });
    const year = "2022-12-31T22:00:00.000Z";
    expect(all).toEqual({
      filtered: 2,
      count: 2,
      articles: [
        { group: { "author.name": "Ben", "createdAt.year": year }, count: 3, max: { views: 20 } },
        { group: { "author.name": "Ada", "createdAt.year": year }, count: 1, max: { views: 10 } },
      ],
    });
    const { filtered, articles } = await api.aggregate("articles", {
      ...question,
      countFiltered: true,
      offset: 1,
      limit: 1,
    });
    expect(filtered).toBe(all.filtered);
    expect(articles).toEqual([all.articles[1]!]);
  });

  test("more, where a rule's maximum left groups out", async () => {
    const { count, more } = await api.aggregate("articles", { groupBy: ["id"] });
    expect({ count, more }).toEqual({ count: 4, more: true });
  });

  test("a scope's numbers, which few rows do not tell", async () => {
    const headers = { "x-me": "2", "x-role": "writer" };
    const { articles } = await api.aggregate("articles", { mine: true, count: true }, { headers });
    expect(articles.count).toBeNull();
  });

  test("a refusal with its reason", async () => {
    expect(await failure(api.aggregate("articles", { sum: { title: true } } as never))).toMatchObject({
      status: 400,
      code: "invalid-value",
      path: "aggregate.sum.title",
    });
    expect(await failure(api.aggregate("authors" as never, { count: true } as never))).toMatchObject({
      code: "capability-forbidden",
    });
  });

  test("nothing, where a filter went missing: it is not sent", async () => {
    asked.length = 0;
    for (const part of ["where", "having"])
      expect(
        await failure(api.aggregate("articles", { groupBy: ["id"], [part]: { id: undefined } } as never)),
      ).toMatchObject({ code: "invalid-value", path: `aggregate.${part}.id`, status: 0 });
    expect(asked).toEqual([]);
  });

  test("the same by the schema alone, and to the builder's parameters", async () => {
    const client = createQueryClient<Schema, unknown>(new URL(app.url).origin);
    const question = {
      countFiltered: true,
      aggregate: { count: true, groupBy: ["published"], having: { "count.gt": 1 } },
    } as const;
    const answer = await client.Aggregate<"article", "articles", typeof question>(
      "/query/articles",
      question,
    );
    const { countFiltered, aggregate } = question;
    expect(answer).toEqual(await api.aggregate("articles", { countFiltered, ...aggregate }));
    const params = createQueryBuilder<Schema, unknown>().Aggregate<"article">(question);
    expect((await app.get(`articles?${params}`)).body).toEqual(answer);
  });
});

describe("pages are walked", () => {
  const question = { columns: { id: true }, orderBy: { views: "desc" }, limit: 2 } as const;

  test("from the first to the last, each asked for when it is wanted", async () => {
    const whole: string[] = [];
    asked.length = 0;
    let before = 0;
    for await (const { articles, count, page } of api.pages("articles", question)) {
      expect(asked.length).toBe(++before);
      expect(count).toBe(2);
      expect(page.next === null).toBe(before === 3);
      whole.push(...articles.map(({ id }) => id));
    }
    expect(before).toBe(3);
    const rows = await Promise.all(
      [0, 3].map((offset) => api.get("articles", { ...question, offset, limit: 3 })),
    );
    expect(whole).toEqual(rows.flatMap(({ articles }) => articles.map(({ id }) => id)));
  });

  test("by a rule's limit, where the question has none", async () => {
    const counts: number[] = [];
    for await (const { count } of api.pages("articles")) counts.push(count);
    expect(counts).toEqual([4, 2]);
  });

  test("behind what was skipped once, or behind a cursor", async () => {
    const ids: string[][] = [];
    let second: string | null = null;
    for await (const { articles, page } of api.pages("articles", { ...question, offset: 1 })) {
      ids.push(articles.map(({ id }) => id));
      second ??= page.next;
    }
    expect(ids.map(({ length }) => length)).toEqual([2, 2, 1]);
    const rest: string[][] = [];
    for await (const { articles } of api.pages("articles", { ...question, after: second! }))
      rest.push(articles.map(({ id }) => id));
    expect(rest).toEqual(ids.slice(1));
  });

  test("no further than they are wanted", async () => {
    asked.length = 0;
    for await (const { count } of api.pages("articles", question)) if (count > 0) break;
    expect(asked.length).toBe(1);
  });

  test("of nothing: one page, and no more", async () => {
    asked.length = 0;
    for await (const { articles } of api.pages("articles", { ...question, where: { id: "nowhere" } }))
      expect(articles).toEqual([]);
    expect(asked.length).toBe(1);
  });

  test("until one fails", async () => {
    const pages = api.pages("articles", { ...question, columns: { titel: true } } as never);
    expect(await failure(pages.next())).toMatchObject({ code: "unknown-column", status: 400 });
    expect(await pages.next()).toEqual({ done: true, value: undefined });
  });

  test("until nobody waits for them", async () => {
    const asking = new AbortController();
    const seen: number[] = [];
    const walk = async (): Promise<void> => {
      for await (const { count } of api.pages("articles", question, { signal: asking.signal })) {
        seen.push(count);
        asking.abort();
      }
    };
    expect(await failure(walk())).toMatchObject({ code: "aborted", status: 0 });
    expect(seen).toEqual([2]);
  });

  test("by the schema alone", async () => {
    const client = createQueryClient<Schema, unknown>(new URL(app.url).origin);
    const ids: unknown[] = [];
    for await (const page of client.Pages<"article", "articles">("/query/articles", { select: question }))
      ids.push(...page.articles.map(({ id }) => id));
    expect(ids.length).toBe(6);
  });
});

describe("a question too long for a URL", () => {
  const long = Array.from({ length: 900 }, (_, n) => `é&=+#% ${n}`);

  test("is asked by a POST that stands for a GET, and answered alike", async () => {
    const { articles, total } = await api.get("articles", {
      countTotal: true,
      columns: { id: true },
      where: { "title.in": [...long, "Alpha"] },
      with: { author: { columns: { name: true } } },
    });
    expect({ articles, total }).toEqual({ articles: [{ id: "a1", author: { name: "Ada" } }], total: 6 });
    const some = await api.first("articles", { where: { "title.in": [...long, "Beta"] } });
    expect(some.articles?.id).toBe("a2");
    const none = await api.get("articles", { where: { "title.in": long } });
    expect(none.articles).toEqual([]);
  });

  test("is refused with the reason that the GET has, and cancelled as it is", async () => {
    const question = { columns: { titel: true }, where: { "title.in": long } } as never;
    expect(await failure(api.get("articles", question))).toMatchObject({
      code: "unknown-column",
      hint: "did you mean `title`?",
    });
    const signal = AbortSignal.abort();
    expect(await failure(api.get("articles", { where: { "title.in": long } }, { signal }))).toMatchObject({
      code: "aborted",
    });
  });

  test("may be about numbers, and about pages", async () => {
    const where = { OR: [{ "title.in": long }, { "title.ne": "Alpha" }] };
    const { articles } = await api.aggregate("articles", { count: true, where });
    expect(articles.count).toBe(5);
    const counts: number[] = [];
    for await (const { count } of api.pages("articles", { where, limit: 3 })) counts.push(count);
    expect(counts).toEqual([3, 2]);
  });
});
