import { afterAll, beforeAll, expect, test } from "bun:test";
import { createQueryBuilder, createQueryClient, type QueryClient } from "@bepalo/query/client";
import { type App, serve } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";

let app: App;
let client: QueryClient<Schema, "/query">;
beforeAll(async () => {
  const open = { all: { select: true, where: () => true as const } };
  app = await serve({
    articles: {
      table: "article",
      control: {
        GET: {
          all: { select: true, with: { author: { select: { columns: ["id", "name"] } }, comments: true } },
        },
        POST: open,
        PATCH: open,
        DELETE: open,
      },
    },
  });
  client = createQueryClient<Schema, unknown>(new URL(app.url).origin);
});
afterAll(() => app.close());

test("a question of every kind of part is understood", async () => {
  const { articles, count, total } = await client.Get<"article", "articles">("/query/articles", {
    countTotal: true,
    select: {
      columns: { id: true, createdAt: true },
      where: [
        {
          "createdAt.between": [new Date(1_700_000_001_000), "2023-11-14T22:13:22.000Z"],
          NOT: { "title.in": ["x"] },
        },
        { "body.contains": "it's [odd]*" },
        { OR: [{ "id.eq": "nowhere" }, { AND: [{ "body.isNull": true }, { rating: null }] }] },
      ],
      orderBy: { createdAt: "desc" },
      limit: 2,
      offset: 1,
      with: { author: { columns: { name: true } }, comments: { limit: 0 } },
    },
  });
  expect(total).toBe(6);
  expect(count).toBe(2);
  expect(articles).toEqual([
    { id: "a2", createdAt: "2023-11-14T22:13:21.000Z", author: { name: "Ben" }, comments: [] },
    { id: "a5", createdAt: "1969-12-31T23:59:59.999Z", author: { name: "Cleo" }, comments: [] },
  ]);
});

test("GetFirst answers one row or null", async () => {
  const first = await client.GetFirst<"article", "articles">("/query/articles", {
    select: { columns: { id: true }, where: { id: "a4" } },
  });
  expect(first).toEqual({ articles: { id: "a4" } });
  const none = await client.GetFirst<"article", "articles">("/query/articles", {
    select: { where: { id: "nowhere" } },
  });
  expect(none.articles).toBeNull();
});

test("rows are made, changed and deleted, and strange characters survive", async () => {
  const title = 'it\'s "a" `b` & c=d + 100% #\\ ሰላም 🍌';
  const columns = { title: true } as const;
  const made = await client.Post<"article", "articles">(
    "/query/articles",
    { authorId: 1, title },
    { select: { columns } },
  );
  expect(made).toEqual({ count: 1, rowsAffected: 1, articles: [{ title }] });
  const select = { columns, where: { title } };
  const changed = await client.Patch<"article", "articles">("/query/articles", { body: "new" }, { select });
  expect(changed.articles).toEqual([{ title }]);
  const deleted = await client.Delete<"article", "articles">("/query/articles", {
    countTotal: true,
    select: { ...select, columns: false },
  });
  expect(deleted).toEqual({ count: 1, rowsAffected: 1, total: 6 });
});

test("refusals say where in the question", async () => {
  const refused = await client
    .Get<"article", "articles">("/query/articles", { select: { columns: { titel: true } as object } })
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({
    name: "ClientError",
    status: 400,
    code: "unknown-column",
    hint: "did you mean `title`?",
  });
});

test("the builder's parameters are understood as they are", async () => {
  const params = createQueryBuilder<Schema, unknown>().Get<"article">({
    findFirst: true,
    select: { where: { title: "Alpha" }, columns: { id: true } },
  });
  expect((await app.get(`articles?${params}`)).body).toEqual({ articles: { id: "a1" } });
});
