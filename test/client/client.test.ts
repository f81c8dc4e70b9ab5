import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryClient, type QueryClient } from "@bepalo/query/client";
import type { Schema } from "./schema.ts";
import { type Echo, serve } from "./server.ts";

let server: Bun.Server<undefined>;
let origin: string;
let client: QueryClient<Schema, "/query">;
beforeAll(() => {
  server = serve();
  origin = server.url.origin;
  client = createQueryClient<Schema, unknown>(origin);
});
afterAll(async () => server.stop(true));

/** The answer of the echoing server is no answer of the engine. */
const echoed = async (answer: Promise<unknown>): Promise<Echo> => (await answer) as Echo;

describe("methods", () => {
  test("are sent in capitals, each with its question and, where it has one, its body", async () => {
    const question = { mine: true, select: { columns: { id: true } } } as const;
    const body = { title: "Hello" };
    const calls: [string, Promise<unknown>][] = [
      ["GET", client.Get<"post", "posts">("/query/posts", question)],
      ["GET", client.GetFirst<"post", "posts">("/query/posts", question)],
      ["GET", client.GetMany<"post", "posts">("/query/posts", question)],
      ["POST", client.Post<"post", "posts">("/query/posts", body, question)],
      ["PATCH", client.Patch<"post", "posts">("/query/posts", body, question)],
      ["DELETE", client.Delete<"post", "posts">("/query/posts", question)],
    ];
    for (const [method, call] of calls) {
      const seen = await echoed(call);
      expect(seen.method).toBe(method);
      expect(seen.parameters).toMatchObject({ mine: "", select: "(columns:(id:T))" });
      expect(seen.body).toBe(method === "POST" || method === "PATCH" ? '{"title":"Hello"}' : "");
    }
  });

  test("GetFirst and GetMany say which they are", async () => {
    expect((await echoed(client.GetFirst<"post", "posts">("/query/posts"))).url).toBe(
      "/query/posts?findFirst",
    );
    expect((await echoed(client.GetMany<"post", "posts">("/query/posts"))).url).toBe(
      "/query/posts?findFirst=F",
    );
  });

  test("can be taken apart from the client", async () => {
    const { Get } = client;
    expect((await echoed(Get<"post", "posts">("/query/posts"))).url).toBe("/query/posts");
  });
});

describe("URLs", () => {
  test("are short and readable", async () => {
    const { url } = await echoed(
      client.Get<"post", "posts">("/query/posts", {
        "mine|guest": true,
        select: { where: { "title.like": "a&b=c+d #%", "id.gt": 1 } },
      }),
    );
    expect(url).toBe(
      "/query/posts?mine%7Cguest&select=(where:(title.like:%27a%26b%3Dc%2Bd%20%23%25%27,id.gt:1))",
    );
  });

  test("keep every character of a value", async () => {
    const title = "\u0000 ?&=#+%25 'quoted' \"twice\" \\ ሰላም 🍌 \ud800";
    const { parameters } = await echoed(
      client.Get<"post", "posts">("/query/posts", { select: { where: { title } } }),
    );
    expect(parameters["select"]).toContain("ሰላም 🍌 \ufffd");
    expect(parameters["select"]).toContain("?&=#+%25");
  });

  test("may be absolute, whatever the base", async () => {
    const elsewhere = createQueryClient<Schema, unknown>("http://elsewhere.invalid");
    expect(
      (await echoed(elsewhere.Get<"post", "posts">(`${origin}/query/posts` as `http://x/query/posts`))).url,
    ).toBe("/query/posts");
    expect((await echoed(elsewhere.Get<"post", "posts">(new URL("/query/posts?mine", origin)))).url).toBe(
      "/query/posts?mine",
    );
  });

  test("keep their own parameters, unless the question has the same, and may have a hash", async () => {
    const { parameters } = await echoed(
      client.Get<"post", "posts">("/query/posts?mine&tag=a%26b&countTotal=F&select=(limit:1)#top", {
        countTotal: true,
        select: { limit: 2 },
      }),
    );
    expect(parameters).toEqual({ mine: "", tag: "a&b", countTotal: "", select: "(limit:2)" });
  });

  test.each(["", "/", "/api", "/api/", "/api//"])("follow a base that ends in %p", async (path) => {
    const based = createQueryClient<Schema, unknown>(origin + path);
    const expected = path.startsWith("/api") ? "/api/query/posts" : "/query/posts";
    expect((await echoed(based.Get<"post", "posts">("/query/posts"))).url).toBe(expected);
  });

  test("take a base that is a URL, and a path of one's own", async () => {
    const versioned = createQueryClient<Schema, unknown, "/query/v1">(new URL(origin));
    expect((await echoed(versioned.Get<"post", "posts">("/query/v1/posts"))).url).toBe("/query/v1/posts");
  });

  test("follow the page's origin when there is one", async () => {
    const page = globalThis as { location?: unknown };
    page.location = { origin };
    try {
      expect(
        (await echoed(createQueryClient<Schema, unknown>().Get<"post", "posts">("/query/posts?mine"))).url,
      ).toBe("/query/posts?mine");
      expect(
        (await echoed(createQueryClient<Schema, unknown>("/api").Get<"post", "posts">("/query/posts"))).url,
      ).toBe("/api/query/posts");
    } finally {
      delete page.location;
    }
  });
});

describe("a question", () => {
  const asked = async (length: number): Promise<Echo> =>
    echoed(
      client.Get<"post", "posts">("/query/posts?own#top", {
        mine: true,
        select: { where: { title: "é ".repeat(length) } },
      }),
    );

  test("that is too long for a URL stands in a body, as it would in the URL", async () => {
    const short = await asked(10);
    const long = await asked(1000);
    expect([short.method, short.headers["content-type"], short.body]).toEqual(["GET", undefined, ""]);
    expect([long.method, long.url]).toEqual(["POST", "/query/posts"]);
    expect(long.headers).toMatchObject({
      "content-type": "application/x-www-form-urlencoded",
      "x-http-method-override": "GET",
      accept: "application/json",
    });
    expect(short.url).toBe(`/query/posts?${long.body.replaceAll(/(%C3%A9%20)+/g, "%C3%A9%20".repeat(10))}`);
  });

  test("that goes with a write stays in the URL", async () => {
    const { method, url, headers } = await echoed(
      client.Delete<"post", "posts">("/query/posts", { select: { where: { title: "a".repeat(7000) } } }),
    );
    expect([method, url.length > 7000, headers["x-http-method-override"]]).toEqual([
      "DELETE",
      true,
      undefined,
    ]);
  });
});

describe("bodies", () => {
  test("are JSON, with dates, big integers and bytes as text, and without what is undefined", async () => {
    const seen = await echoed(
      client.Post<"post", "posts">("/query/posts", [
        {
          title: "a",
          createdAt: new Date(0),
          size: 9007199254740993n,
          cover: Buffer.from("fig"),
          userId: undefined,
        },
        { title: "b", userId: null, meta: { tags: ["x"], note: undefined } },
      ]),
    );
    expect(seen.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(seen.body)).toEqual([
      { title: "a", createdAt: "1970-01-01T00:00:00.000Z", size: "9007199254740993", cover: "Zmln" },
      { title: "b", userId: null, meta: { tags: ["x"] } },
    ]);
  });

  test("keep a key named __proto__", async () => {
    const meta = JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>;
    expect((await echoed(client.Patch<"post", "posts">("/query/posts", { meta }))).body).toBe(
      '{"meta":{"__proto__":{"a":1}}}',
    );
  });

  test("with a value JSON has no word for are refused before anything is sent", async () => {
    const call = client.Post<"post", "posts">("/query/posts", [{ title: "a" }, { id: Number.NaN }]);
    expect(await call.catch((error: unknown) => error)).toMatchObject({
      message: "NaN cannot be sent",
      code: "invalid-value",
      path: "1.id",
      status: 0,
    });
  });
});

describe("what goes to fetch", () => {
  test("is the client's, then the call's", async () => {
    const sent: [string, RequestInit][] = [];
    const recording = createQueryClient<Schema, unknown>("http://api.example", {
      credentials: "include",
      headers: { Authorization: "Bearer 1", "X-Client": "web" },
      fetch: async (url, init) => {
        sent.push([url, init]);
        return Response.json({ count: 0, posts: [] });
      },
    });
    const { signal } = new AbortController();
    await recording.Get<"post", "posts">(
      "/query/posts",
      {},
      { signal, cache: "no-store", headers: [["authorization", "Bearer 2"]] },
    );
    const [url, init] = sent[0]!;
    expect(url).toBe("http://api.example/query/posts");
    expect(init).toMatchObject({ method: "GET", credentials: "include", cache: "no-store", signal });
    expect(Object.fromEntries(init.headers as Headers)).toEqual({
      accept: "application/json",
      authorization: "Bearer 2",
      "x-client": "web",
    });
    expect(init.body).toBeNull();
  });

  test("cannot change the method or the body", async () => {
    const init = { method: "DELETE", body: "x" } as object;
    expect(
      await echoed(client.Post<"post", "posts">("/query/posts", { title: "a" }, {}, init)),
    ).toMatchObject({ method: "POST", body: '{"title":"a"}' });
    expect(await echoed(client.Get<"post", "posts">("/query/posts", {}, init))).toMatchObject({
      method: "GET",
      body: "",
    });
  });

  test("reaches the server", async () => {
    const { headers } = await echoed(
      client.Get<"post", "posts">("/query/posts", {}, { headers: { cookie: "session=1" } }),
    );
    expect(headers).toMatchObject({ accept: "application/json", cookie: "session=1" });
  });
});
