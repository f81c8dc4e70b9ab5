import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, createQueryRoute, type QueryHandler } from "@bepalo/query";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { ddl } from "../support/databases.ts";
import { acl } from "./support/acl.ts";
import * as schema from "./support/sqlite.ts";

let client: Database;
let handler: QueryHandler;
beforeAll(async () => {
  client = new Database(":memory:");
  for (const statement of await ddl(schema)) client.run(statement);
  client.run("insert into posts (title, created_at) values ('a', 0), ('b', 0)");
  handler = createQueryHandler(options());
});
const options = () => ({
  acl,
  database: drizzle(client, { schema }),
  schema,
  onWarning: () => undefined,
});
afterAll(() => client.close());

const ask = async (url: string, init?: RequestInit): Promise<[number, unknown]> => {
  const response = await handler(new Request(url, init));
  const text = await response.text();
  const body = text === "" ? undefined : (JSON.parse(text) as { count?: number; code?: string });
  return [response.status, body?.count ?? body?.code];
};

describe("a handler", () => {
  const found = [
    "/posts",
    "/posts/",
    "/posts?countTotal=F",
    "/posts/?countTotal=F",
    "/%70osts",
    "/posts?select=(where:(title.ne:'/x/'))",
    "/posts#/other",
    "/posts?#?/other/",
  ];
  const missed = [
    "",
    "/",
    "//",
    "//posts",
    "/posts//",
    "/posts%2f",
    "/posts%",
    "/Posts",
    "/posts/1",
    "/x/posts",
  ];
  const elsewhere = [
    "/a/posts",
    "/a/b/posts",
    "//query/posts",
    "/Query/posts",
    "/queries/posts",
    "/qu%65ry/posts",
  ];
  const hosts = ["http://localhost", "https://user:secret@localhost:8443"];

  test.each(hosts.flatMap((host) => found.map((path) => `${host}/query${path}`)))(
    "finds the resource of %s",
    async (url) => expect(await ask(url)).toEqual([200, 2]),
  );

  test.each([
    ...missed.map((path) => `http://localhost/query${path}`),
    ...elsewhere.map((path) => `http://localhost${path}`),
    "http://posts",
    "http://localhost/",
    "http://localhost/#/query/posts",
  ])("finds none in %s", async (url) => {
    expect(await ask(url)).toEqual([404, "unknown-resource"]);
  });

  test("finds the resource of a path whose prefix a framework took away", async () =>
    expect(await ask("http://localhost/posts")).toEqual([200, 2]));

  test("says where the resources are when it is asked elsewhere", async () => {
    expect(await (await handler(new Request("http://localhost/query/x/posts"))).json()).toEqual({
      error: "no resource is at `/query/x/posts`",
      code: "unknown-resource",
      hint: "resources are at `/query/<name>`, one row at `/query/<name>?findFirst&select=(where:(id:'…'))`",
    });
    expect(await (await handler(new Request("http://localhost/query/"))).json()).toMatchObject({
      hint: "resources are at `/query/<name>`",
    });
  });

  test.each([
    ["/", "/posts", ["/query/posts", "/x/posts", "//posts"]],
    ["/api/data", "/api/data/posts", ["/posts", "/query/posts", "/api/posts", "/api/data/x/posts"]],
    ["/api/data/", "/api/data/posts", ["/api/dataposts", "/api/data//posts"]],
  ] as const)("with `basePath: %p` answers %s and nothing else", async (basePath, path, others) => {
    const at = createQueryHandler({ ...options(), basePath });
    const status = async (url: string): Promise<number> =>
      (await at(new Request(`http://localhost${url}`))).status;
    expect(await status(path)).toBe(200);
    for (const other of others) expect([other, await status(other)]).toEqual([other, 404]);
    expect(await status(path)).toBe(200);
  });

  test.each(["", "query", "https://x/query", "/query?x", "/query#x"])(
    "does not start with `basePath: %p`",
    (basePath) => expect(() => createQueryHandler({ ...options(), basePath })).toThrow("basePath"),
  );

  test("answers every method, and refuses those it does not know", async () => {
    const at = "http://localhost/query/posts";
    const headers = { "content-type": "application/json" };
    expect(await ask(at, { method: "HEAD" })).toEqual([200, undefined]);
    expect(await ask(at, { method: "OPTIONS" })).toEqual([204, undefined]);
    expect(await ask(at, { method: "POST", headers, body: '{"title":"c"}' })).toEqual([200, 1]);
    const where = "?select=(where:(title:'c'))";
    expect(await ask(at + where, { method: "PATCH", headers, body: '{"views":1}' })).toEqual([200, 1]);
    expect(await ask(at + where, { method: "DELETE" })).toEqual([200, 1]);
    expect(await ask(at, { method: "PUT", headers, body: "{}" })).toEqual([405, "method-not-allowed"]);
  });

  test("ignores whatever a server passes besides the request", async () => {
    const called = handler as (...parameters: unknown[]) => Promise<Response>;
    const extras = [
      [{ params: Promise.resolve({ id: "comments" }) }],
      [{ params: { id: "comments" } }],
      [{ DATABASE: "env" }, { waitUntil: () => undefined, passThroughOnException: () => undefined }],
      [null, undefined],
    ];
    for (const rest of extras)
      expect((await called(new Request("http://localhost/query/posts"), ...rest)).status).toBe(200);
  });

  test("needs no `this`, and is each member of a route", async () => {
    const { GET, ...others } = createQueryRoute({
      acl,
      database: drizzle(client, { schema }),
      schema,
      onWarning: () => undefined,
    });
    expect((await GET(new Request("http://localhost/query/posts"))).status).toBe(200);
    expect(Object.keys(others)).toEqual([
      "HEAD",
      "QUERY",
      "POST",
      "PATCH",
      "DELETE",
      "OPTIONS",
      "PUT",
      "TRACE",
      "CONNECT",
    ]);
    expect(new Set([GET, ...Object.values(others)]).size).toBe(1);
  });

  test("refuses at start what a route refuses", () => {
    const database = drizzle(client, { schema });
    const wrong = { posts: { table: "nothing", control: {} } };
    expect(() => createQueryHandler({ acl: wrong, database, schema })).toThrow("nothing");
    expect(() => createQueryHandler({ acl, database, schema, timeout: 0 })).toThrow("timeout");
    expect(() => createQueryHandler({ acl, database: {}, schema, onWarning: () => undefined })).toThrow(
      "supported",
    );
  });
});
