import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import type { InferApi } from "@bepalo/query";
import { createQueryClient } from "@bepalo/query/client";
import { live } from "@bepalo/query/client/live";
import { missing, type NodeServer, startNode } from "../support/node.ts";
import type { NodeDatabaseName } from "./support/database.ts";
import * as postgresql from "./support/postgresql.ts";
import type { acl } from "./support/acl.ts";
import * as sqlite from "./support/sqlite.ts";

type Api = InferApi<typeof acl, typeof sqlite>;

const program = (name: string): string => join(import.meta.dir, name);

interface Server {
  readonly program: string;
  readonly on?: "node" | "bun";
  readonly env?: Readonly<Record<string, string>>;
}

/** Where the handler is mounted, each by a program the manual quotes. */
const SERVERS = {
  "Hono on Node": { program: "programs/hono.ts" },
  "Express on Node": { program: "programs/express.ts" },
  "Elysia on Bun": { program: "programs/elysia.ts", on: "bun" },
  "a route module, as Next.js calls it": { program: "support/serve.ts", env: { PLATFORM: "next" } },
  "a module worker, as Workers call it": { program: "support/serve.ts", env: { PLATFORM: "workers" } },
} satisfies Record<string, Server>;

/** Every server over one database, and one server over every database. */
const CASES: readonly (readonly [keyof typeof SERVERS, NodeDatabaseName])[] = [
  ["Hono on Node", "libSQL file"],
  ["Express on Node", "libSQL file"],
  ["Elysia on Bun", "libSQL file"],
  ["a route module, as Next.js calls it", "libSQL file"],
  ["a module worker, as Workers call it", "libSQL file"],
  ["Hono on Node", "better-sqlite3, played by libsql"],
  ["Hono on Node", "better-sqlite3"],
  ["Hono on Node", "PGlite"],
  ["Hono on Node", "node-postgres"],
  ["Hono on Node", "postgres.js"],
];

const POSTS = [
  { title: "Alpha", views: 10, rating: 4.5, tags: ["a", { b: null }] },
  { title: "Beta", views: 20, rating: 0.1 + 0.2, published: false },
  { title: "Größe 日本", views: 30 },
];

const created = "2023-11-14T22:13:20.123Z";
const rows = [
  {
    id: 1,
    title: "Alpha",
    views: 10,
    rating: 4.5,
    published: true,
    tags: ["a", { b: null }],
    createdAt: created,
  },
  { id: 2, title: "Beta", views: 20, rating: 0.1 + 0.2, published: false, tags: null, createdAt: created },
  { id: 3, title: "Größe 日本", views: 30, rating: null, published: true, tags: null, createdAt: created },
];

for (const [name, database] of CASES) {
  const absent = missing(database);
  if (absent !== undefined) console.warn(`${name} over ${database} is left out: ${absent}`);

  describe.skipIf(absent !== undefined)(`${name}, over ${database}`, () => {
    let server: NodeServer;
    let url: string;
    beforeAll(async () => {
      const { program: file, ...options }: Server = SERVERS[name];
      server = await startNode(program(file), database, { sqlite, postgresql }, options);
      url = `${server.origin}/query/`;
      expect((await send("POST", "posts", POSTS)).status).toBe(200);
      expect((await send("POST", "comments", { postId: 1, text: "nice" })).status).toBe(200);
    }, 120_000);
    afterAll(async () => {
      await server?.close();
    });

    const send = async (
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ) => {
      const response = await fetch(url + path, {
        method,
        headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      // oxlint-disable-next-line typescript/no-unsafe-assignment -- the tests say what it is
      const answer: any = text === "" ? undefined : JSON.parse(text);
      return { status: response.status, headers: response.headers, text, body: answer };
    };

    test("GET answers what RJSON selects, filters and nests", async () => {
      expect((await send("GET", "posts")).body).toEqual({ count: 3, posts: rows });
      const select =
        "(columns:~T(id,title)~,where:(views.lt:25),orderBy:(id:desc),limit:5,with:(comments:(columns:(text:T))))";
      expect((await send("GET", `posts?countTotal&select=${select}`)).body).toEqual({
        total: 3,
        count: 2,
        posts: [
          { id: 2, title: "Beta", comments: [] },
          { id: 1, title: "Alpha", comments: [{ text: "nice" }] },
        ],
      });
    });

    test("a query string keeps what is encoded in it", async () => {
      const select = encodeURIComponent("(where:(title:'Größe 日本'),columns:(title:T))");
      for (const path of [
        `posts?select=${select}`,
        `posts?findFirst=F&select=${select.replaceAll("'", "%27")}`,
      ])
        expect((await send("GET", path)).body).toEqual({ count: 1, posts: [{ title: "Größe 日本" }] });
      const lost = await send("GET", "posts?select=(where:(title:'A%26B%2BC%23D'))");
      expect(lost.body).toEqual({ count: 0, posts: [] });
    });

    test("POST, PATCH and DELETE take JSON, RJSON and forms, and answer what they wrote", async () => {
      const posted = await send("POST", "posts", { title: "New", tags: "x" });
      expect(posted.body).toMatchObject({ rowsAffected: 1, posts: [{ title: "New", tags: "x", views: 0 }] });
      const { id } = posted.body.posts[0];
      const patched = await send("PATCH", `posts?select=(where:(id:${id}))`, "(views:7,published:F)", {
        "content-type": "application/rjson",
      });
      expect(patched.body).toMatchObject({ count: 1, posts: [{ id, views: 7, published: false }] });
      const form = await send("PATCH", `posts?select=(where:(id:${id}))`, "title=From+a+form", {
        "content-type": "application/x-www-form-urlencoded",
      });
      expect(form.body.posts[0].title).toBe("From a form");
      const removed = await send("DELETE", `posts?select=(where:(id:${id}))`);
      expect(removed.body).toMatchObject({ rowsAffected: 1, posts: [{ id, title: "From a form" }] });
      expect((await send("DELETE", `posts?select=(where:(id:${id}))`)).body.rowsAffected).toBe(0);
    });

    test("a long question is a POST that stands for a GET", async () => {
      const form = { "content-type": "application/x-www-form-urlencoded" };
      const headers = { ...form, "x-http-method-override": "GET" };
      const [get, long] = [
        await send("GET", "posts?countTotal&select=(orderBy:(id:desc))"),
        await send("POST", "posts?countTotal", "select=(orderBy:(id:desc))", headers),
      ];
      expect([long.status, long.text]).toEqual([200, get.text]);
      expect(long.headers.get("etag")).toBe(get.headers.get("etag"));
      const known = { ...headers, "if-none-match": get.headers.get("etag")! };
      expect((await send("POST", "posts?countTotal", "select=(orderBy:(id:desc))", known)).status).toBe(304);
      const query = await send("QUERY", "posts?countTotal", "select=(orderBy:(id:desc))", form);
      // Next.js has route modules for the methods it knows.
      expect([query.status, query.text]).toEqual(name.includes("Next.js") ? [405, ""] : [200, get.text]);
    });

    test("an answer is kept true, and its stream is over when nobody waits for it", async () => {
      const api = createQueryClient<Api>(server.origin, { live });
      const question = { columns: { title: true }, where: { "title.startsWith": "Live" } } as const;
      const answers = api.live("posts", question);
      expect((await answers.next()).value).toEqual({ count: 0, posts: [] });
      const { body } = await send("POST", "posts", { title: "Live!" });
      expect((await answers.next()).value).toEqual({ count: 1, posts: [{ title: "Live!" }] });
      await send("DELETE", `posts?select=(where:(id:${body.posts[0].id}))`);
      expect((await answers.next()).value).toEqual({ count: 0, posts: [] });
      await answers.return();
    });

    test("HEAD answers as GET does, without the body", async () => {
      const [head, get] = [await send("HEAD", "posts"), await send("GET", "posts")];
      expect(head.text).toBe("");
      for (const header of ["content-type", "etag", "cache-control", "vary"])
        expect(head.headers.get(header)).toBe(get.headers.get(header));
      expect(head.headers.get("content-length")).toBe(String(new TextEncoder().encode(get.text).length));
      expect((await send("HEAD", "nothing")).status).toBe(404);
    });

    test("OPTIONS answers the methods a caller has", async () => {
      const options = await send("OPTIONS", "my%20posts%2Fdrafts");
      expect([options.status, options.headers.get("allow")]).toEqual([
        204,
        "OPTIONS, HEAD, GET, QUERY, PATCH",
      ]);
    });

    test("an answer that has not changed is 304", async () => {
      const first = await send("GET", "posts");
      const etag = first.headers.get("etag")!;
      // The same on every runtime, so that any process knows another's.
      expect(etag).toBe(`"${createHash("sha256").update(first.text).digest("base64url")}"`);
      const again = await send("GET", "posts", undefined, { "if-none-match": etag });
      expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
      expect((await send("GET", "posts?findFirst")).headers.get("etag")).not.toBe(etag);
    });

    test("the resource is the one segment behind `/query/`, decoded; one slash may follow it", async () => {
      for (const path of ["posts", "posts/", "posts/?findFirst=F", "%70osts", "p%6Fsts?countTotal=F"])
        expect((await send("GET", path)).body).toEqual({ count: 3, posts: rows });
      expect((await send("GET", "my%20posts%2Fdrafts")).body).toEqual({
        count: 1,
        "my posts/drafts": [rows[1]!],
      });
      for (const path of [
        "nothing",
        "posts%2F",
        "posts%00",
        "%",
        "",
        "drafts",
        "posts//",
        "x/posts",
        "posts/x",
        "/posts",
      ])
        expect([path, (await send("GET", path)).status]).toEqual([path, 404]);
    });

    test("what is refused says why, in JSON", async () => {
      for (const [status, code, answer] of [
        [404, "unknown-resource", await send("GET", "nothing")],
        [400, "unknown-column", await send("GET", "posts?select=(columns:~T(secret)~)")],
        [400, "invalid-syntax", await send("GET", "posts?select=(((")],
        [400, "invalid-body", await send("POST", "posts", "{")],
        [415, "unsupported-media-type", await send("POST", "posts", "{}", { "content-type": "text/plain" })],
        [409, "conflict", await send("POST", "posts", { title: "Alpha" })],
        [405, "method-not-allowed", await send("DELETE", "comments")],
        [403, "forbidden", await send("POST", "posts", { title: "x" }, { origin: "https://evil.example" })],
        [403, "check-failed", await send("PATCH", "my%20posts%2Fdrafts", { published: true })],
      ] as const)
        expect([answer.status, answer.body.code]).toEqual([status, code]);
      expect(server.complaints()).toBe("");
    });

    test("a body beyond its limit is 413, announced or not, and the server goes on", async () => {
      const large = { title: "x".repeat(2_000) };
      const answer = await send("POST", "posts", large);
      expect([answer.status, answer.body.code]).toEqual([413, "too-large"]);
      const chunks = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (let i = 0; i < 20; i++) controller.enqueue(new TextEncoder().encode(" ".repeat(100)));
          controller.close();
        },
      });
      const headers = { "content-type": "application/json" };
      const streamed = await fetch(`${url}posts`, { method: "POST", headers, body: chunks });
      expect(streamed.status).toBe(413);
      expect((await send("GET", "posts")).body.count).toBe(3);
    });

    test("an upload that is cut off writes nothing, and the server goes on", async () => {
      const { hostname, port, pathname } = new URL(`${url}posts`);
      const socket = connect(Number(port), hostname);
      const head = `POST ${pathname} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n`;
      await new Promise<void>((resolve) => socket.write(`${head}{"title":"cut"`, () => resolve()));
      await Bun.sleep(50);
      socket.destroy();
      await Bun.sleep(50);
      expect((await send("GET", "posts")).body.count).toBe(3);
      expect(server.complaints()).toBe("");
    });

    test("hooks and their statement are committed together, or not at all, whoever else writes", async () => {
      const titles = Array.from({ length: 16 }, (_, i) => (i % 4 === 3 ? "bad" : `hooked ${i}`));
      const [answers, others] = await Promise.all([
        Promise.all(titles.map((title) => send("POST", "reviewed", { title }))),
        Promise.all(titles.map((_, i) => send("POST", "posts", { title: `plain ${i}` }))),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(
        titles.map((title) => (title === "bad" ? 451 : 200)),
      );
      expect(others.filter(({ status }) => status !== 200)).toEqual([]);
      const made = await send(
        "DELETE",
        "posts?select=(where:(id.gt:3,title.ilike:'%25 %25'),columns:~T(title)~)",
      );
      expect(made.body.rowsAffected).toBe(28);
      expect((await send("GET", "posts")).body.posts).toEqual(rows);
    });
  });
}
