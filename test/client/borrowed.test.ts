import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InferApi, TableRules, ValidParams } from "@bepalo/query";
import { type ApiClient, ClientError, createQueryBuilder, createQueryClient } from "@bepalo/query/client";
import { mutationOptions, queryOptions } from "@bepalo/query/tanstack";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { type App, type Session, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";
import { type Echo, serve as serveEcho } from "./server.ts";

// Rules that borrow from resources, mask columns and declare parameters, as the client sees them.

const params = { least: z.coerce.number().int(), word: z.string().optional() };

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: [
            { columns: ["id", "title", "authorId"] },
            { columns: ["views"], when: ({ me }, article, { eq }) => eq(article.authorId, me ?? null!) },
          ],
          extras: { own: ({ me }, article) => sql<number>`${article.authorId} = ${me ?? null}` },
          with: { author: "people", comments: true },
        },
      },
      PATCH: {
        mine: {
          select: { columns: ["id", "views"] },
          where: ({ me }, article, { eq }) => eq(article.authorId, me!),
          write: [
            { columns: ["title"] },
            { columns: ["published"], when: (_context, before, { eq }) => eq(before.published, false) },
          ],
        },
      },
      DELETE: { editor: {} },
      POST: { all: { select: { columns: ["id", "title", "authorId"] } } },
    },
  },
  people: {
    table: "author",
    control: {
      GET: {
        editor: { select: { columns: ["id", "name", "email"] }, with: { articles: "articles" } },
        all: { select: { columns: ["id", "name"] }, with: { articles: "articles", mentor: "people" } },
      },
    },
  },
  viewed: {
    table: "article",
    params,
    control: {
      GET: {
        all: {
          select: { columns: ["id", "views"] },
          where: ({ params }, article, { and, gte, like }) =>
            and(
              gte(article.views, params.least),
              params.word === undefined ? undefined : like(article.title, `%${params.word}%`),
            ),
        },
      },
    },
  },
} satisfies TestACL<{ params: ValidParams<typeof params> }>;

const tables = {
  article: { set: { authorId: ({ me }) => me! }, version: "views" },
} satisfies TableRules<Session, Schema>;
type Api = InferApi<typeof acl, Schema, {}, typeof tables>;

let app: App;
let guest: ApiClient<Api>;
let ben: ApiClient<Api>;
let editor: ApiClient<Api>;
beforeAll(async () => {
  app = await serve(acl, { tables });
  const { origin } = new URL(app.url);
  const as = (headers: Record<string, string>) => createQueryClient<Api>(origin, { headers });
  guest = as({});
  ben = as({ "x-me": "2", "x-role": "writer" });
  editor = as({ "x-me": "2", "x-role": "editor" });
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

describe("an answer is what its type says", () => {
  test("of relations under the rules of resources, in circles", async () => {
    const question = {
      columns: { id: true },
      where: { id: "a2" },
      with: {
        author: {
          columns: { name: true },
          with: {
            articles: { columns: { id: true }, orderBy: { id: "asc" }, limit: 2, with: { author: true } },
          },
        },
      },
    } as const;
    const { articles } = await guest.get("articles", question);
    expect(articles[0]?.author.articles[0]?.author.name).toBe("Ben");
    expect(articles[0]?.author.articles[0]?.author.email).toBeUndefined();
    expect(articles[0]?.author).toMatchObject({ name: "Ben", articles: [{ id: "a2" }, { id: "a3" }] });
    const seen = await editor.get("articles", question);
    expect(seen.articles[0]?.author.articles[0]?.author.email).toContain("@");
  });

  test("of masked columns, and of fields that know the caller", async () => {
    const { articles } = await ben.get("articles", {
      columns: { id: true, views: true, own: true },
      where: { "id.in": ["a1", "a2"] },
      orderBy: { id: "asc" },
    });
    expect(articles.map(({ id, views, own, $masked }) => [id, views === null, own, $masked])).toEqual([
      ["a1", true, 0, ["views"]],
      ["a2", false, 1, undefined],
    ]);
  });

  test("of what may be done with a row", async () => {
    const question = {
      can: true,
      columns: { id: true },
      where: { "id.in": ["a1", "a2"] },
      orderBy: { id: "asc" },
    } as const;
    expect((await ben.get("articles", question)).articles).toEqual([
      { id: "a1", $can: { PATCH: false } },
      { id: "a2", $can: { PATCH: true } },
    ]);
    const { articles } = await editor.first("articles", question);
    expect(articles?.$can).toEqual({ PATCH: false, DELETE: true });
    expect((await guest.first("articles", question)).articles?.$can).toEqual({});
    expect((await ben.get("articles", { ...question, can: false })).articles[0]).toEqual({ id: "a1" });
  });

  test("of parameters", async () => {
    const some = await guest.get("viewed", { params: { least: 5 } });
    expect(some.viewed.length).toBeGreaterThan(0);
    expect(some.viewed.every(({ views }) => views >= 5)).toBe(true);
    const all = await guest.get("viewed", { params: { least: "0", word: "lpha" }, countTotal: true });
    expect(all.viewed.map(({ id }) => id).toSorted()).toEqual(["a1", "a4"]);
    expect(all.total).toBe(2);
    expect(await failure(guest.get("viewed", { params: { least: "many" } }))).toMatchObject({
      code: "invalid-value",
      path: "least",
    });
    const { queryKey, queryFn } = queryOptions(guest).get("viewed", { params: { least: 5 } });
    expect([...queryKey]).toEqual(["query", "viewed", "get", { params: { least: 5 } }]);
    expect(await queryFn({ signal: AbortSignal.timeout(5_000) })).toEqual(some);
  });

  test("of columns that the table sets", async () => {
    const made = await ben.post("articles", { title: "Set" });
    expect(made.articles).toMatchObject([{ title: "Set", authorId: 2 }]);
  });
});

test("a change is made where the rows have the version it names, and one of two is", async () => {
  const where = { id: "a3" } as const;
  const { viewed } = await guest.first("viewed", { params: { least: -1 }, where, columns: { views: true } });
  const change = async (title: string, ifVersion: number | readonly number[] | "*") =>
    (await ben.patch("articles", { title }, { mine: true, where, ifVersion })).articles;
  const version = viewed!.views;
  const late = { code: "precondition-failed", status: 412 };
  const both = await Promise.allSettled([change("One", version), change("Two", version)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({ reason: late });
  expect(await failure(change("Three", version))).toMatchObject(late);
  expect(await change("Four", [version, version + 1])).toEqual([{ id: "a3", views: version + 2 }]);
  expect(await change("Five", "*")).toEqual([{ id: "a3", views: version + 3 }]);
  const { patch } = mutationOptions(ben);
  const stale = patch("articles", { mine: true }).mutationFn({ where, body: { title: "Six" }, ifVersion: 0 });
  expect(await failure(stale)).toMatchObject(late);
});

describe("what is sent", () => {
  let server: Bun.Server<undefined>;
  let echo: ApiClient<Api>;
  beforeAll(() => {
    server = serveEcho();
    echo = createQueryClient<Api>(server.url.origin);
  });
  afterAll(async () => server.stop(true));
  const echoed = async (answer: Promise<unknown>): Promise<Echo> => (await answer) as Echo;

  test("flags and parameters, beside the selector", async () => {
    const { url, parameters } = await echoed(
      echo.get("viewed", { can: true, params: { least: 5, word: "a&b" }, columns: { id: true } }),
    );
    expect(url).toBe("/query/viewed?can&least=5&word=a%26b&select=(columns:(id:T))");
    expect(parameters).toEqual({ can: "", least: "5", word: "a&b", select: "(columns:(id:T))" });
    expect((await echoed(echo.get("viewed", { can: false, params: { least: 0 } }))).url).toBe(
      "/query/viewed?can=F&least=0",
    );
  });

  test("parameters as texts; those that are not there are left out", async () => {
    const send = async (value: unknown) =>
      (await echoed(echo.get("viewed", { params: { least: value, word: undefined } }))).parameters;
    expect(await send(new Date(0))).toEqual({ least: "1970-01-01T00:00:00.000Z" });
    expect(await send(12345678901234567890n)).toEqual({ least: "12345678901234567890" });
    expect(await send(true)).toEqual({ least: "true" });
    expect(await send(undefined)).toEqual({});
    for (const value of [null, [1], { a: 1 }, Number.NaN])
      expect(await failure(echo.get("viewed", { params: { least: value } }))).toMatchObject({
        code: "invalid-value",
        path: "params.least",
        status: 0,
      });
  });

  test("versions, as quoted tags", async () => {
    const where = { id: "a" };
    const tag = async (ifVersion: number | readonly number[] | "*"): Promise<string | undefined> =>
      (await echoed(untyped.patch("articles", { title: "a" }, { where, ifVersion }))).headers["if-match"];
    const untyped = createQueryClient<InferApi<typeof acl, Schema>>(server.url.origin);
    expect(await tag(7)).toBe('"7"');
    expect(await tag([7, 8])).toBe('"7", "8"');
    expect(await tag("*")).toBe("*");
    const headers = { "x-trace": "1", "if-match": "old" };
    const sent = await echoed(untyped.delete("articles", { where, ifVersion: 0 }, { headers }));
    expect(sent.headers).toMatchObject({ "x-trace": "1", "if-match": '"0"' });
    expect(sent.url).toBe("/query/articles?select=(where:(id:%27a%27))");
    expect((await echoed(untyped.delete("articles", { where }))).headers["if-match"]).toBeUndefined();
    const mutation = mutationOptions(untyped).patch("articles", { columns: { id: true } });
    const mutated = await echoed(mutation.mutationFn({ where, body: { title: "a" }, ifVersion: 9 }));
    expect(mutated.headers["if-match"]).toBe('"9"');
  });

  test("no change whose guard went missing", async () => {
    const where = { id: "a" };
    for (const ifVersion of [undefined, null, [], [7, undefined], "7", 1.5, Number.NaN]) {
      const question = { where, ifVersion } as never;
      const refused = { code: "invalid-value", path: "ifVersion", status: 0 };
      expect(await failure(echo.patch("articles", { title: "a" }, question))).toMatchObject(refused);
      expect(await failure(echo.delete("articles", question))).toMatchObject(refused);
    }
  });

  test("by the client that knows the schema alone", async () => {
    const client = createQueryClient<Schema, unknown>(server.url.origin);
    const read = await echoed(
      client.Get<"article", "articles">("/query/articles", { can: true, params: { org: "acme", n: 5n } }),
    );
    expect(read.url).toBe("/query/articles?can&org=acme&n=5");
    const changed = await echoed(
      client.Patch<"article", "articles">("/query/articles", { title: "a" }, { ifVersion: [1, 2] }),
    );
    expect(changed.headers["if-match"]).toBe('"1", "2"');
    const builder = createQueryBuilder<Schema, unknown>();
    expect(String(builder.Delete<"article">({ params: { org: "acme" } }))).toBe("org=acme");
  });
});
