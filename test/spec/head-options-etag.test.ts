import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { TestACL } from "../support/app.ts";
import { article } from "../support/schema.ts";
import { sql } from "drizzle-orm";
import { ask, served } from "../support/served.ts";

const rule = { select: { columns: ["id", "title"] } } as const;
const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: rule, writer: { select: { columns: ["id", "title", "views"] } } },
      POST: { writer: { select: true } },
      PATCH: { editor: { select: true }, mine: { select: true, where: () => true } },
      DELETE: { guest: { where: () => false } },
    },
  },
  members: { table: "author", control: { GET: { writer: { select: { columns: ["id"] } } } } },
  unicode: {
    table: "article",
    control: { GET: { all: { ...rule, formatResult: () => ({ text: "ä€😀" }) } } },
  },
  text: {
    table: "article",
    control: { GET: { all: { ...rule, formatResult: () => new Response("tëxt") } } },
  },
  own: {
    table: "article",
    control: {
      GET: { all: { ...rule, formatResult: () => Response.json({ a: 1 }, { headers: { etag: '"own"' } }) } },
    },
  },
  early: {
    table: "article",
    control: {
      GET: {
        all: {
          ...rule,
          beforeQuery: () => new Response("ëarly", { status: 203, headers: { "x-hook": "1" } }),
        },
      },
    },
  },
} satisfies TestACL;

/** Headers of an answer that say something of it. */
const told = (headers: Headers): object =>
  Object.fromEntries([...headers].filter(([name]) => name !== "date"));

describe("HEAD", () => {
  const app = served(acl);

  test.each([
    "articles",
    "articles?countTotal",
    "articles?findFirst",
    ask("articles", "(where:(title.like:'A%'),columns:~T(id)~)"),
    ask("articles", "(columns:F)"),
    "unicode",
    "text",
    "own",
    "early",
    // refusals
    "articles?nosuch",
    ask("articles", "(columns:~T(nosuch)~)"),
    "nowhere",
    "members",
    "articles?mine",
  ])("is GET without a body, same status and headers: %s", async (path) => {
    const get = await app.get(path);
    const head = await app.send("HEAD", path);
    expect(head.text).toBe("");
    expect(head.status).toBe(get.status);
    expect(told(head.headers)).toEqual(told(get.headers));
    expect(head.headers.get("content-length")).toBe(String(new TextEncoder().encode(get.text).byteLength));
  });

  test("answers 304 as GET does", async () => {
    const { headers } = await app.get("articles");
    const sending = { headers: { "if-none-match": headers.get("etag")! } };
    const get = await app.get("articles", sending);
    const head = await app.send("HEAD", "articles", sending);
    expect([get.status, head.status]).toEqual([304, 304]);
    expect(told(head.headers)).toEqual(told(get.headers));
  });
});

describe("an ETag", () => {
  const app = served(acl);

  test("depends on the answer's body alone", async () => {
    const one = await app.get("articles");
    expect(one.headers.get("etag")).toMatch(/^"[\w-]+"$/);
    expect((await app.get("articles")).headers.get("etag")).toBe(one.headers.get("etag"));
    expect((await app.get("articles?guest")).headers.get("etag")).toBe(one.headers.get("etag"));
    expect((await app.get(ask("articles", "(columns:T)"), { role: "editor" })).headers.get("etag")).toBe(
      one.headers.get("etag"),
    );
    expect((await app.get("articles", { as: 1 })).headers.get("etag")).not.toBe(one.headers.get("etag"));
    expect((await app.get(ask("articles", "(limit:1)"))).headers.get("etag")).not.toBe(
      one.headers.get("etag"),
    );
  });

  test("does not change with what the caller cannot see, and changes with what he can", async () => {
    const before = (await app.get("articles")).headers.get("etag");
    await app.app.database
      .update(article)
      .set({ body: "changed" })
      .where(sql`${article.id} = 'a1'`);
    expect((await app.get("articles")).headers.get("etag")).toBe(before);
    await app.app.database
      .update(article)
      .set({ title: "Omega" })
      .where(sql`${article.id} = 'a1'`);
    expect((await app.get("articles")).headers.get("etag")).not.toBe(before);
    await app.app.database
      .update(article)
      .set({ title: "Alpha", body: "first" })
      .where(sql`${article.id} = 'a1'`);
    expect((await app.get("articles")).headers.get("etag")).toBe(before);
  });

  test.each([
    ["the same", (tag: string) => tag, 304],
    ["a weak one", (tag: string) => `W/${tag}`, 304],
    ["one of several", (tag: string) => `"x", ${tag} ,"y"`, 304],
    ["any", () => "*", 304],
    ["another", () => '"x"', 200],
    ["none in quotes", (tag: string) => tag.slice(1, -1), 200],
    ["an empty one", () => "", 200],
  ] as const)("in If-None-Match: %s", async (_name, header, status) => {
    const first = await app.get("articles");
    const answer = await app.get("articles", {
      headers: { "if-none-match": header(first.headers.get("etag")!) },
    });
    expect([answer.status, answer.text]).toEqual([status, status === 304 ? "" : first.text]);
    expect(answer.headers.get("etag")).toBe(first.headers.get("etag"));
    expect(answer.headers.get("cache-control")).toBe("private, no-cache");
  });

  test("is on no refusal and no answer of OPTIONS", async () => {
    expect((await app.get("nowhere")).headers.get("etag")).toBeNull();
    expect((await app.send("OPTIONS", "articles")).headers.get("etag")).toBeNull();
  });

  test("of an author's Response is left alone", async () => {
    expect((await app.get("own")).headers.get("etag")).toBe('"own"');
  });
});

describe("headers", () => {
  const app = served(acl);
  test("of every answer: private, not stored unchecked, different for every caller", async () => {
    for (const path of ["articles", "nowhere", "members", "articles?x"]) {
      const { status, headers } = await app.get(path);
      expect([headers.get("cache-control"), headers.get("vary")]).toEqual([
        "private, no-cache",
        status === 200 ? "Cookie, Authorization" : "Cookie, Authorization, Accept",
      ]);
    }
    expect((await app.get("articles")).headers.get("content-type")).toBe("application/json;charset=utf-8");
  });

  const own = served(acl, { headers: { "Cache-Control": "no-store", Vary: "X-Tenant", "X-Server": "mine" } });
  test("unless the route sets its own", async () => {
    for (const path of ["articles", "nowhere"]) {
      const { status, headers } = await own.get(path);
      expect([headers.get("cache-control"), headers.get("vary"), headers.get("x-server")]).toEqual([
        "no-store",
        status === 200 ? "X-Tenant" : "X-Tenant, Accept",
        "mine",
      ]);
    }
    expect((await own.send("OPTIONS", "articles")).headers.get("x-server")).toBe("mine");
  });
});

describe("OPTIONS", () => {
  const app = served(acl);

  test.each([
    ["articles", {}, "OPTIONS, HEAD, GET, DELETE"],
    ["articles", { as: 1 }, "OPTIONS, HEAD, GET, POST, PATCH"],
    ["articles", { role: "editor" }, "OPTIONS, HEAD, GET, PATCH"],
    ["articles", { role: "stranger" }, "OPTIONS, HEAD, GET, PATCH"],
    ["articles?guest", { as: 1 }, "OPTIONS, HEAD, GET, DELETE"],
    ["articles?mine", { as: 1 }, "OPTIONS, HEAD, GET, PATCH"],
    ["articles?mine", {}, "OPTIONS"],
    ["articles?mine|guest", { as: 1 }, "OPTIONS, HEAD, GET, POST, PATCH, DELETE"],
    ["articles?mine|guest", {}, "OPTIONS, HEAD, GET, DELETE"],
    ["members", {}, "OPTIONS"],
    ["members", { as: 1 }, "OPTIONS, HEAD, GET"],
  ] as const)("%s %o answers 204 with exactly the methods that resolve", async (path, sending, allow) => {
    const options = await app.send("OPTIONS", path, sending);
    expect([options.status, options.text, options.headers.get("allow")]).toEqual([204, "", allow]);
    for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE"]) {
      const { status } = await app.send(method, path, sending);
      expect([method, ![401, 403, 405].includes(status)]).toEqual([
        method,
        allow.split(", ").includes(method),
      ]);
    }
  });

  test.each(["PUT", "TRACE", "CONNECT"])(
    "its methods are named to who asks by %s, which changes nothing",
    async (method) => {
      for (const [caller, allow] of [
        ["", "OPTIONS, HEAD, GET, DELETE"],
        ["x-me: 1\r\nx-role: writer\r\n", "OPTIONS, HEAD, GET, POST, PATCH"],
      ] as const) {
        const answer = await raw(method, "articles?select=(limit:1)", caller);
        expect(answer.head.split("\r\n")[0]).toBe("HTTP/1.1 405 Method Not Allowed");
        expect(/^allow: (.*)$/im.exec(answer.head)?.[1]).toBe(allow);
        expect(JSON.parse(answer.body)).toEqual({
          error: `method \`${method}\` is not known`,
          code: "method-not-allowed",
        });
      }
      const nowhere = await raw(method, "nowhere", "");
      expect(nowhere.head.split("\r\n")[0]).toBe("HTTP/1.1 404 Not Found");
      expect(JSON.parse(nowhere.body).code).toBe("unknown-resource");
    },
  );

  /** What comes back for a method that `fetch` may not send. */
  async function raw(method: string, path: string, caller: string) {
    const { hostname, port, pathname, search } = new URL(app.app.url + path);
    const socket = connect(Number(port), hostname);
    socket.write(`${method} ${pathname}${search} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${caller}\r\n`);
    const [head, ...body] = (await text(socket)).split("\r\n\r\n");
    return { head: head!, body: body.join("") };
  }

  test("of an unknown resource is 404", async () => {
    const answer = await app.send("OPTIONS", "nowhere");
    expect([answer.status, answer.body.code]).toEqual([404, "unknown-resource"]);
  });

  test("takes scopes only", async () => {
    for (const search of ["select=()", "x"])
      expect((await app.send("OPTIONS", `articles?${search}`)).body.code).toBe("unknown-parameter");
    expect((await app.send("OPTIONS", "articles?mine&guest")).body.code).toBe("invalid-value");
  });
});
