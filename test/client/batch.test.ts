import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { InferApi } from "@bepalo/query";
import { type ApiClient, ClientError, createQueryClient } from "@bepalo/query/client";
import { type App, serve, type TestACL } from "../support/app.ts";
import type { Schema } from "../support/databases.ts";
import { type Echo, serve as serveEcho } from "./server.ts";

const acl = {
  people: {
    table: "author",
    control: {
      GET: { all: { select: { columns: ["id", "name"] } } },
      POST: { all: { select: true, write: { columns: ["name", "email"] } } },
    },
  },
  articles: {
    table: "article",
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: true, write: true } },
      PATCH: { all: { select: true } },
      DELETE: { all: { select: true, requireWhere: true } },
    },
  },
} satisfies TestACL;
type Api = InferApi<typeof acl, Schema>;

describe("a batch of the client", () => {
  let app: App;
  let api: ApiClient<Api>;
  beforeAll(async () => {
    app = await serve(acl, { batch: true });
    api = createQueryClient<Api>(new URL(app.url).origin);
  });
  afterAll(() => app.close());

  test("gives the answers of its requests, which may use each other's values", async () => {
    const [made, article, changed, read] = await api.batch((b) => {
      const person = b.post("people", { name: "Zoe", email: "zoe@example.org" });
      const text = b.post("articles", { title: "Together", body: "…", authorId: person.of("id") });
      return [
        person,
        text,
        b.patch("articles", { title: "Changed" }, { where: { id: text.of("id") } }),
        b.first("articles", { where: { "authorId.in": [person.of("id")] }, columns: { title: true } }),
      ];
    });
    expect(made.people[0]!.name).toBe("Zoe");
    expect(article.articles[0]!.authorId).toBe(made.people[0]!.id);
    expect(changed.rowsAffected).toBe(1);
    expect(read.articles).toEqual({ title: "Changed" });
  });

  test("is refused as a whole, and says where", async () => {
    const sent = api.batch((b) => [
      b.post("people", { name: "Yan", email: "yan@example.org" }),
      b.get("articles", { limit: 100_000 }),
    ]);
    expect(await sent.catch((error: unknown) => error)).toMatchObject({
      code: "limit-exceeded",
      path: "1.select.limit",
    });
    expect((await api.get("people", { where: { name: "Yan" } })).people).toEqual([]);
  });
});

test("what a batch sends", async () => {
  const server = serveEcho();
  const api = createQueryClient<InferApi<any, any>>(server.url.origin);
  const at = new Date(0);
  const echo = (await api.batch((b) => [
    b.get("articles", { mine: true, countTotal: false, where: { "createdAt.gt": at } }),
    b.delete("articles", { guest: true, where: { id: 1 }, ifVersion: 3 }),
  ])) as unknown as Echo;
  expect([echo.method, echo.url, JSON.parse(echo.body)]).toEqual([
    "POST",
    "/query/$batch",
    [
      {
        method: "GET",
        resource: "articles",
        scope: "mine",
        select: { where: { "createdAt.gt": at.toJSON() } },
        countTotal: false,
      },
      { method: "DELETE", resource: "articles", scope: "guest", select: { where: { id: 1 } }, ifMatch: [3] },
    ],
  ]);
  const lost = api.batch((b) => [b.delete("articles", { where: { id: undefined as never } })]);
  expect(await lost.catch((error: unknown) => error)).toBeInstanceOf(ClientError);
  const unguarded = api.batch((b) => [
    b.patch("articles", {}, { where: { id: 1 }, ifVersion: undefined as never }),
  ]);
  expect(await unguarded.catch((error: unknown) => error)).toMatchObject({ path: "ifVersion" });
  const made = api.batch((b) => [
    b.post("articles", { title: `Re: ${b.get("articles").of("id" as never) as string}` }),
  ]);
  expect(await made.catch((error: unknown) => error)).toMatchObject({ path: "id" });
  await server.stop(true);
});
