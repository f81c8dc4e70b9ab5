import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InferApi } from "@bepalo/query";
import { type ApiClient, ClientError, createQueryClient } from "@bepalo/query/client";
import { sql } from "drizzle-orm";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";
import { serve as serveEcho } from "./server.ts";

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { mode: false, columns: new Set(["body"]) },
          extras: { shout: sql<string>`upper(title)`.as("shout") },
          with: {
            author: { select: { columns: ["name"] } },
            reviewer: { select: { columns: ["name"] } },
            comments: {
              select: { columns: ["text"] },
              where: (_context, comment, { eq }) => eq(comment.hidden, false),
            },
          },
        },
        mine: { select: { columns: ["id"] }, where: ({ me }, article, { eq }) => eq(article.authorId, me!) },
      },
      POST: {
        mine: {
          select: { columns: ["id", "title", "createdAt"] },
          write: { columns: ["title", "createdAt"] },
          injectBody: (body, { me }) => ({ ...body, authorId: me }),
          where: ({ me }, article, { eq }) => eq(article.authorId, me!),
        },
      },
      PATCH: { mine: { select: true, where: ({ me }, article, { eq }) => eq(article.authorId, me!) } },
      DELETE: { mine: { where: ({ me }, article, { eq }) => eq(article.authorId, me!) } },
    },
  },
  person: { table: "author", findFirst: true, control: { GET: { all: { select: { columns: ["name"] } } } } },
  samples: { table: "sample", control: { GET: { all: { select: true } }, POST: { all: { select: true } } } },
  tally: {
    table: "article",
    formatResult: (_request, { result }) => ({ tally: result.count }),
    control: { GET: { all: { select: true } } },
  },
} satisfies TestACL;
type Api = InferApi<typeof acl, Schema, { tally: { tally: number } }>;

let app: App;
let api: ApiClient<Api>;
let ben: ApiClient<Api>;
beforeAll(async () => {
  app = await serve(acl);
  const { origin } = new URL(app.url);
  api = createQueryClient<Api>(origin);
  ben = createQueryClient<Api>(origin, { headers: { "x-me": "2", "x-role": "writer" } });
});
afterAll(() => app.close());

describe("an answer is what its type says", () => {
  test("of columns, computed fields and relations", async () => {
    const { articles, count, total } = await api.get("articles", {
      countTotal: true,
      columns: { id: true, createdAt: true, shout: true },
      where: { "id.in": ["a1", "a2"] },
      orderBy: { id: "asc" },
      with: { author: { columns: { name: true } }, reviewer: true, comments: { limit: 1 } },
    });
    expect({ count, total }).toEqual({ count: 2, total: 6 });
    expect(articles.map(({ shout, author, reviewer }) => [shout, author.name, reviewer?.name])).toEqual([
      ["ALPHA", "Ada", undefined],
      ["BETA", "Ben", "Ada"],
    ]);
    expect(articles[0]).toEqual({
      id: "a1",
      createdAt: "2023-11-14T22:13:20.000Z",
      shout: "ALPHA",
      author: { name: "Ada" },
      reviewer: null,
      comments: [{ text: "nice" }],
    });
  });

  test("without a question", async () => {
    const { articles, count, ...rest } = await api.get("articles");
    expect(count).toBe(6);
    expect(rest).toEqual({});
    expect(Object.keys(articles[0]!).toSorted()).toEqual([
      "authorId",
      "createdAt",
      "id",
      "published",
      "rating",
      "reviewerId",
      "shout",
      "title",
      "views",
    ]);
  });

  test("of one row, or none", async () => {
    const question = { columns: { title: true } } as const;
    expect(await api.first("articles", { ...question, where: { id: "a4" } })).toEqual({
      articles: { title: "alphabet" },
    });
    expect((await api.first("articles", { where: { id: "nowhere" } })).articles).toBeNull();
    expect((await api.first("person")).person?.name).toBe("Ada");
  });

  test("of columns nobody asked for: counts", async () => {
    expect(await api.get("samples", { columns: false })).toEqual({ count: 0 });
  });

  test("of big integers, bytes and dates", async () => {
    const bytes = new Uint8Array([1, 2, 255]);
    const { samples } = await api.post("samples", {
      big: 9007199254740993n,
      bytes,
      millis: new Date(5),
      json: { a: [1] },
    });
    expect(samples[0]).toMatchObject({
      big: "9007199254740993",
      bytes: "AQL/",
      millis: "1970-01-01T00:00:00.005Z",
      json: { a: [1] },
    });
  });

  test("of a scope and its rule", async () => {
    const { articles } = await ben.get("articles", { mine: true, orderBy: { id: 1 } });
    expect(articles).toEqual([{ id: "a2" }, { id: "a3" }, { id: "a4" }]);
  });

  test("of writes, with rows where the rule lets them out", async () => {
    const made = await ben.post("articles", [{ title: "One" }, { title: "Two", createdAt: 0 }], {
      mine: true,
      columns: { title: true, createdAt: true },
    });
    expect(made).toMatchObject({ count: 2, rowsAffected: 2 });
    expect(made.articles[1]).toEqual({ title: "Two", createdAt: "1970-01-01T00:00:00.000Z" });
    const where = { "title.in": ["One", "Two"] };
    const changed = await ben.patch(
      "articles",
      { views: 3 },
      { mine: true, where, columns: { id: true, views: true } },
    );
    expect(changed.articles.map(({ views }) => views)).toEqual([3, 3]);
    const id = changed.articles.map(({ id }) => id);
    expect(await ben.delete("articles", { mine: true, where: { "id.in": id } })).toEqual({
      count: 2,
      rowsAffected: 2,
    });
  });

  test("of an author's own making", async () => {
    expect(await api.get("tally")).toEqual({ tally: 6 });
  });
});

test("the methods can be taken apart from the client", async () => {
  const { get, first } = api;
  expect((await get("articles", { limit: 1 })).count).toBe(1);
  expect((await first("articles", { columns: { id: true } })).articles).toEqual({ id: "a1" });
});

describe("a failure is a ClientError with its reason", () => {
  const failure = async (call: Promise<unknown>): Promise<ClientError> => {
    const error: unknown = await call.then(
      () => new Error("it did not fail"),
      (reason: unknown) => reason,
    );
    if (error instanceof ClientError) return error;
    throw error;
  };

  test("refused by the server", async () => {
    const question = { columns: { titel: true } } as never;
    expect(await failure(api.get("articles", question))).toMatchObject({
      code: "unknown-column",
      status: 400,
      hint: "did you mean `title`?",
    });
    expect(await failure(api.delete("articles", { mine: true, where: { id: "a1" } }))).toMatchObject({
      code: "unauthenticated",
      status: 401,
    });
  });

  test("a filter that went missing in a change, before anything is sent", async () => {
    const change = { mine: true, where: undefined } as never;
    expect(await failure(ben.delete("articles", change))).toMatchObject({
      code: "invalid-value",
      path: "select.where",
      status: 0,
    });
    expect(await failure(ben.patch("articles", { views: 1 }, change))).toMatchObject({
      code: "invalid-value",
    });
    expect(await failure(api.get("articles", { where: { id: undefined } } as never))).toMatchObject({
      path: "select.where.id",
    });
  });

  test("cancelled, too slow, unreachable, or no JSON", async () => {
    const slow = serveEcho({
      "/query/articles": async () => {
        await Bun.sleep(2000);
        return Response.json({});
      },
      "/query/person": () => new Response("<h1>Sign in</h1>", { headers: { "content-type": "text/html" } }),
    });
    const far = createQueryClient<Api>(slow.url.origin);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect(await failure(far.get("articles", {}, { signal: controller.signal }))).toMatchObject({
      code: "aborted",
      status: 0,
    });
    expect(await failure(far.get("articles", {}, { signal: AbortSignal.timeout(20) }))).toMatchObject({
      code: "timeout",
      status: 0,
    });
    expect(await failure(far.first("person"))).toMatchObject({ code: "invalid-response", status: 200 });
    await slow.stop(true);
    expect(await failure(far.get("articles"))).toMatchObject({ code: "network", status: 0 });
    expect(await failure(createQueryClient<Api>().get("articles"))).toMatchObject({ code: "invalid-url" });
  });
});

describe("what goes over the wire", () => {
  const sent: [url: string, init: RequestInit][] = [];
  const recording = createQueryClient<Api>("http://api.example", {
    path: "/api/v2",
    credentials: "include",
    headers: { Authorization: "Bearer 1" },
    fetch: async (url, init) => {
      sent.push([url, init]);
      return Response.json({});
    },
  });
  const last = (): [string, RequestInit] => sent.splice(0)[0]!;

  test("is the question's flags and selector below the client's path", async () => {
    await recording.get("articles", { mine: true, countTotal: false, limit: 5, where: { id: "a b" } });
    expect(last()[0]).toBe(
      "http://api.example/api/v2/articles?mine&countTotal=F&select=(limit:5,where:(id:%27a%20b%27))",
    );
    await recording.get("articles", { "mine|guest": true });
    expect(last()[0]).toBe("http://api.example/api/v2/articles?mine%7Cguest");
    await recording.get("articles");
    expect(last()[0]).toBe("http://api.example/api/v2/articles");
    await recording.first("articles", {});
    expect(last()[0]).toBe("http://api.example/api/v2/articles?findFirst");
  });

  test("is a resource's name, whatever it holds", async () => {
    const odd = {
      "a/b?c": { table: "article", control: { GET: { all: { select: true } } } },
    } satisfies TestACL;
    const client = createQueryClient<InferApi<typeof odd, Schema>>("http://api.example", {
      fetch: async (url, init) => {
        sent.push([url, init]);
        return Response.json({});
      },
    });
    await client.get("a/b?c");
    expect(last()[0]).toBe("http://api.example/query/a%2Fb%3Fc");
  });

  test("is the client's init, then the call's; `path` and `fetch` stay here", async () => {
    const { signal } = new AbortController();
    await recording.patch(
      "articles",
      { title: "a", createdAt: new Date(0) },
      {},
      { signal, cache: "no-store", headers: { "x-call": "1" } },
    );
    const [, init] = last();
    expect(init).toMatchObject({
      method: "PATCH",
      credentials: "include",
      cache: "no-store",
      signal,
      body: '{"title":"a","createdAt":"1970-01-01T00:00:00.000Z"}',
    });
    expect(Object.fromEntries(init.headers as Headers)).toMatchObject({
      authorization: "Bearer 1",
      "x-call": "1",
      "content-type": "application/json",
    });
    expect(init).not.toContainAnyKeys(["path", "fetch"]);
  });
});
