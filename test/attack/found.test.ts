/* oxlint-disable typescript/unbound-method -- what an app is made of are closures */
import { describe, expect, test } from "bun:test";
import { createConnection, type Socket } from "node:net";
import { and, eq, exists, relations, type SQL, sql } from "drizzle-orm";
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { alias, integer, primaryKey, QueryBuilder, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { type author, comment, tag } from "../support/schema.ts";
import { ask, STACKS } from "../support/served.ts";
import { dump, refusal, server } from "../support/write.ts";
import { acl } from "./blog.ts";

const start = server();
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Text that stands for 2^depth values: a template within a template within a template. */
const bomb = (depth: number): string => `${"~".repeat(depth)}1${"(a,b)~".repeat(depth)}`;

const open = { all: { select: true, write: true } } as const;
const articles = { articles: { table: "article", control: { GET: open, POST: open } } } satisfies TestACL;

describe("few bytes stand for few values:", () => {
  test("templates within templates of a body are refused before they are a million values", async () => {
    const { send } = await start(acl);
    const begun = process.cpuUsage();
    const answer = await send("POST", "authors", {
      body: `(name:'x',email:${bomb(20)})`,
      headers: { "content-type": "application/rjson" },
    });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-body" });
    expect(process.cpuUsage(begun).user).toBeLessThan(200_000);
  });

  test("remembering questions takes no more memory than their text, whatever they stand for", async () => {
    const { get } = await start(acl);
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 120; i++)
      for (let again = 0; again < 2; again++) await get(`nothing?select=(where:(x${i}:${bomb(15)}))`);
    Bun.gc(true);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(60);
  });
});

describe("no request stops the server:", () => {
  const long = (part: (index: number) => string): string => {
    const parts: string[] = [];
    for (let length = 0; length < 250_000; length += parts.at(-1)!.length + 1) parts.push(part(parts.length));
    return parts.join();
  };
  const dots = ".".repeat(250_000);

  test.each([
    ["names of groups", `aggregate=(groupBy:_(${long((index) => `a${index}`)})_)`],
    ["steps to a group", `aggregate=(groupBy:_('comments${dots}a')_)`],
    ["steps to a value", `select=(where:('title${dots}a':1))`],
    ["steps behind a relation", `select=(where:('comments${dots}a':1))`],
    ["steps to a key of an order", `select=(orderBy:('comments${dots}a':asc))`],
    [
      "other names of a relation",
      `select=(with:(${long((index) => `a${index}:(relation:comments,limit:0)`)}))`,
    ],
    ["relations that are skipped", `select=(with:(${long((index) => `a${index}:F`)}))`],
    ["columns", `select=(columns:(${long((index) => `a${index}:T`)}))`],
  ])("a question of %s, as long as one may be, is refused soon", async (_, body) => {
    const { send } = await start({
      articles: {
        table: "article",
        control: { GET: { all: { select: true, aggregate: true, with: { comments: { select: true } } } } },
      },
    });
    const begun = process.cpuUsage();
    const { status } = await send("POST", "articles", {
      body,
      headers: { "content-type": "application/x-www-form-urlencoded", "x-http-method-override": "GET" },
    });
    expect(status).toBe(400);
    expect(process.cpuUsage(begun).user).toBeLessThan(500_000);
  });

  test("long patterns against long texts are refused, or answered soon", async () => {
    const { get, post } = await start(articles, { on: "bun:sqlite" });
    expect((await post("articles", { authorId: 1, title: "long", body: "a".repeat(900_000) })).status).toBe(
      200,
    );
    const terms = ["b", "c", "d"].map((end) => `(body.contains:'${"a".repeat(998)}${end}b')`);
    const begun = process.cpuUsage();
    await get(ask("articles", `(columns:(id:T),where:_(${terms.join()})_)`));
    expect(process.cpuUsage(begun).user).toBeLessThan(500_000);
  }, 30_000);

  test.each(STACKS)(
    "values of many lists are refused, and of as many as may be answered soon ($name)",
    async ({ options }) => {
      const { send } = await start(articles, options);
      const list = Array.from({ length: 1_000 }, (_, index) => index).join();
      const asked = async (lists: number): Promise<[status: number, milliseconds: number]> => {
        const begun = performance.now();
        const filters = Array.from({ length: lists }, () => `(views.in:_(${list})_)`);
        const { status } = await send("POST", "articles", {
          body: `countFiltered&select=(where:_(${filters.join()})_)`,
          headers: { "content-type": "application/x-www-form-urlencoded", "x-http-method-override": "GET" },
        });
        return [status, performance.now() - begun];
      };
      await asked(1);
      for (const [lists, expected] of [
        [2, 200],
        [32, 400],
      ] as const) {
        const [status, milliseconds] = await asked(lists);
        expect(status).toBe(expected);
        // Part of it may be another process's time, of which the machine may have little to give.
        expect(milliseconds).toBeLessThan(3_000);
      }
    },
    60_000,
  );

  test("bodies that never end take no place of other requests", async () => {
    const { get, url } = await start(articles, { timeout: 100, maxInFlight: 5 });
    const stuck = Array.from({ length: 5 }, (): Socket => {
      const socket = createConnection(Number(new URL(url).port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(
        "POST /query/articles HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
      );
      return socket;
    });
    await pause(400);
    const { status } = await get("articles");
    for (const socket of stuck) socket.destroy();
    expect(status).toBe(200);
  });
});

describe("a number beyond 2^53 in a numeric column", () => {
  const samples = {
    samples: {
      table: "sample",
      control: { GET: open, POST: { all: { select: { columns: ["id", "number"] }, write: true } } },
    },
  } satisfies TestACL;

  test.each(STACKS)("is written and answered on $name, or leaves nothing behind", async ({ options }) => {
    const { post, database } = await start(samples, options);
    const before = await dump(database);
    const answer = await post("samples", { id: 1, number: 1e18 });
    if (answer.status !== 200) expect(await dump(database)).toBe(before);
    expect(answer.status).toBe(200);
  });
});

test.each(["libsql file", "libsql memory", "bun:sqlite"] as const)(
  "a row whose key is the last safe integer does not stop those that come after it on %s",
  async (on) => {
    const { post, get } = await start(
      { samples: { table: "sample", control: { GET: open, POST: open } } },
      { on },
    );
    await post("samples", { id: Number.MAX_SAFE_INTEGER, text: "last" }); // refused or taken
    expect((await post("samples", { text: "next" })).status).toBe(200);
    expect((await get("samples")).status).toBe(200);
  },
);

describe("nothing tells the hidden from the absent:", () => {
  test("rows of which only numbers are let out are in no relation, filter, order or number beside those", async () => {
    const counted = {
      aggregate: { columns: { columns: ["id"] }, groupBy: { columns: ["hidden"] }, minGroupSize: 3 },
    } as const;
    const { get } = await start({
      comments: { table: "comment", control: { GET: { all: counted } } },
      articles: {
        table: "article",
        control: {
          GET: { all: { select: { columns: ["id"] }, aggregate: true, with: { comments: "comments" } } },
        },
      },
    });
    expect((await get("comments?aggregate=(count:T)")).status).toBe(200);
    for (const flags of ["", "?countTotal", "?countFiltered", "?findFirst", "?cursor", "?can"])
      expect(refusal(await get(`comments${flags}`))).toEqual({ status: 403, code: "forbidden" });
    for (const select of [
      "(with:(NAME:T))",
      "(with:(NAME:(columns:F,required:T)))",
      "(with:(other:(relation:NAME)))",
      "(count:~T(NAME)~)",
      "(count:(other:(relation:NAME)))",
      "(where:(NAME.some:T))",
      "(where:(NAME.none:(hidden:T)))",
      "(where:(NAME.count.gte:1))",
      "(orderBy:(NAME.count:desc))",
    ]) {
      const [there, nowhere] = await Promise.all(
        ["comments", "nonsense"].map((name) => get(ask("articles", select.replace("NAME", name)))),
      );
      expect(there!.status).toBe(400);
      expect(there!.text.replaceAll("comments", "nonsense")).toBe(nowhere!.text);
    }
    for (const aggregate of ["(count:T,where:(comments.some:T))", "(groupBy:_(comments.hidden)_)"])
      expect((await get(`articles?aggregate=${encodeURIComponent(aggregate)}`)).status).toBe(400);
  });

  test.each(["libsql file", "libsql memory", "bun:sqlite"] as const)(
    "a reference to a row that the check refuses is refused as one to no row at all (%s)",
    async (on) => {
      const { post } = await start(
        {
          comments: {
            table: "comment",
            control: {
              POST: {
                all: {
                  select: true,
                  where: (_, t) =>
                    sql`exists (select 1 from articles "a" where "a".id = ${t.articleId} and "a".published = 1)`,
                },
              },
            },
          },
        },
        { on },
      );
      const [hidden, absent] = await Promise.all(
        ["a3", "a9"].map((articleId) => post("comments", { articleId, authorId: 1, text: "x" })),
      );
      expect([hidden!.status, hidden!.text]).toEqual([absent!.status, absent!.text]);
    },
  );

  test("a body's key that is a column the client may not write is refused as one that is no column", async () => {
    const { post } = await start(acl);
    for (const row of [
      (key: string) => ({ zz: 1, [key]: 1 }),
      (key: string) => ({ name: 5, [key]: 1 }),
      (key: string) => [{ name: "x", email: null }, { [key]: 1 }],
    ]) {
      const [hidden, absent] = await Promise.all(
        ["secret", "yyyyyy"].map((key) => post("authors", row(key))),
      );
      expect(hidden!.text.replaceAll("secret", "yyyyyy")).toBe(absent!.text);
    }
  });
});

test("a statement prepared in a transaction that has ended writes nothing, on bun:sqlite too", async () => {
  let late: unknown;
  const app = await start(
    {
      tags: { table: "tag", control: { GET: open } },
      slow: {
        table: "tag",
        control: {
          POST: {
            all: {
              select: true,
              write: true,
              beforeQuery: async ({ tx }) => {
                const prepared = tx.insert(tag).values({ id: 91, label: "late" }).prepare();
                await pause(120);
                try {
                  late = await prepared.run();
                } catch {
                  late = "refused";
                }
              },
            },
          },
        },
      },
    },
    { on: "bun:sqlite", timeout: 40 },
  );
  expect((await app.post("slow", { id: 50, label: "x" })).status).toBe(504);
  await pause(120);
  expect(late).toBe("refused");
  expect((await app.get("tags")).body.count).toBe(3);
});

describe("no row vouches for itself", () => {
  /** Whoever is mentored by an editor. */
  const check = (_: unknown, t: typeof author) =>
    sql`exists (select 1 from authors m where m.id = ${t.mentorId} and m.role = 'editor')`;
  const rule = { select: true, write: true, check } as const;
  const mentored = {
    authors: { table: "author", control: { POST: { all: rule }, PATCH: { all: rule } } },
  } satisfies TestACL;
  const row = (id: number, mentorId: number, role = "editor"): object => ({
    id,
    mentorId,
    role,
    name: "x",
    email: `${id}@x`,
  });

  test.each(STACKS)("on $name", async ({ options }) => {
    const { post, patch, database } = await start(mentored, options);
    const before = await dump(database);
    for (const body of [
      row(50, 50),
      [row(50, 50)],
      [row(50, 51), row(51, 50)],
      [row(51, 50), row(50, 1)],
      [row(50, 1), row(51, 50)],
    ])
      expect(refusal(await post("authors", body))).toEqual({ status: 403, code: "check-failed" });
    for (const [id, body] of [
      [2, { mentorId: 2, role: "editor" }],
      [3, { mentorId: 3, role: "editor", secret: "x" }],
    ] as const) {
      const answer = await patch(ask("authors", `(where:(id:${id}))`), body);
      expect(refusal(answer)).toEqual({ status: 403, code: "check-failed" });
    }
    expect(await dump(database)).toBe(before);
    expect((await post("authors", [row(50, 1), row(51, 1, "writer")])).status).toBe(200);
    expect((await patch(ask("authors", "(where:(id:2))"), { mentorId: 50 })).status).toBe(200);
  });
});

describe("another site's page writes nothing in its visitor's name:", () => {
  test.each([
    ["a form, by `Sec-Fetch-Site`", { "sec-fetch-site": "cross-site" }],
    ["a form of a sister site", { "sec-fetch-site": "same-site" }],
    ["a form, by `Origin` alone", { origin: "https://evil.example" }],
    ["a sandboxed frame", { origin: "null" }],
  ])("%s", async (_name, headers: Record<string, string>) => {
    const { send, database } = await start(acl);
    const before = await dump(database);
    const answer = await send("POST", "authors", {
      body: "name=eve&email=eve",
      headers: { cookie: "session=1", "content-type": "application/x-www-form-urlencoded", ...headers },
    });
    expect(answer.status).toBe(403);
    expect(await dump(database)).toBe(before);
  });

  /** What a browser adds to a request of any page. */
  const CREDENTIALS: Record<string, string>[] = [
    { cookie: "session=1" },
    { authorization: "Basic YTpi" },
    { authorization: "negotiate YII=" },
    { authorization: 'Digest username="a"' },
    { authorization: "NTLM TlRM" },
  ];

  test.each(CREDENTIALS)(
    "an allowed origin's page with %o, where `cors` does not let credentials in",
    async (own) => {
      const { send, database } = await start(acl, { cors: { origin: ["https://good.example"] } });
      const any = await start(acl, { cors: { origin: "*" } });
      const before = await dump(database);
      for (const sending of [send, any.send])
        for (const from of [
          { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
          { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
          {}, // a browser that does not say so
        ] as Record<string, string>[])
          for (const [method, type] of [
            ["POST", "application/x-www-form-urlencoded"],
            ["PATCH", "application/json"],
            ["DELETE", "application/json"],
          ] as const) {
            const headers = { ...own, ...from, origin: "https://good.example", "content-type": type };
            const answer = await sending(method, "authors", { body: "name=eve&email=eve", headers });
            expect([answer.status, answer.body]).toEqual([
              403,
              {
                error: "pages of other origins may not write with credentials",
                code: "forbidden",
                hint: "allow them in `cors`, or send no cookies",
              },
            ]);
          }
      expect(await dump(database)).toBe(before);
      const read = await send("GET", "articles", { headers: { ...own, origin: "https://good.example" } });
      expect(read.status).toBe(200);
    },
  );

  test("but an allowed origin's page without credentials, or with a token of its own, does", async () => {
    const { send } = await start(acl, { cors: { origin: ["https://good.example"] } });
    const any = await start(acl, { cors: { origin: "*" } });
    for (const sending of [send, any.send])
      for (const [i, own] of (
        [{}, { authorization: "Bearer basic" }] as Record<string, string>[]
      ).entries()) {
        const answer = await sending("POST", "authors", {
          body: `name=n${i}&email=e${i}`,
          headers: {
            ...own,
            "sec-fetch-site": "cross-site",
            origin: "https://good.example",
            "content-type": "application/x-www-form-urlencoded",
          },
        });
        expect(answer.status).toBe(200);
      }
  });

  test("and credentials open to allowed origins alone", async () => {
    const { send } = await start(acl, { cors: { origin: "https://good.example", credentials: true } });
    for (const [origin, status] of [
      ["https://good.example", 200],
      ["https://good.example:8443", 403],
      ["http://good.example", 403],
      ["https://evil.example", 403],
      ["null", 403],
    ] as const) {
      const headers = { ...CREDENTIALS[0], origin, "content-type": "application/x-www-form-urlencoded" };
      const answer = await send("POST", "authors", { body: "name=x&email=x", headers });
      expect([origin, answer.status]).toEqual([origin, status]);
    }
  });

  test.each([
    ["https://public.example", { "x-forwarded-host": "public.example" }, 200],
    ["https://public.example", { "x-forwarded-host": "public.example, inner:3000" }, 200],
    ["https://public.example", { "x-forwarded-host": " Public.Example:443 ,inner" }, 200],
    ["http://public.example", { "x-forwarded-host": "public.example:80" }, 200],
    ["https://public.example:8443", { "x-forwarded-host": "public.example:8443,inner" }, 200],
    ["https://public.example", { "x-forwarded-host": "inner, public.example" }, 403],
    ["https://public.example", { "x-forwarded-host": "public.example:8443" }, 403],
    ["https://public.example", { "x-forwarded-host": "public.example:80" }, 403],
    ["https://public.example", { "x-forwarded-host": "" }, 403],
    ["https://public.example", {}, 403],
    ["https://public.example.evil", { "x-forwarded-host": "public.example" }, 403],
    ["null", { "x-forwarded-host": "null" }, 403],
    ["file://", { "x-forwarded-host": "" }, 403],
    // Who says where he comes from is believed.
    ["https://public.example", { "x-forwarded-host": "public.example", "sec-fetch-site": "cross-site" }, 403],
  ] as const)("behind a proxy, a page of %s with %o is answered %i", async (origin, headers, status) => {
    const { send } = await start(acl);
    const answer = await send("POST", "authors", {
      body: "name=x&email=x",
      headers: { ...headers, origin, cookie: "s=1", "content-type": "application/x-www-form-urlencoded" },
    });
    expect(answer.status).toBe(status);
  });

  test("but its own page, an allowed origin, and what is no browser do", async () => {
    const { send, url } = await start(acl, { cors: { origin: "https://good.example", credentials: true } });
    const allowed: Record<string, string>[] = [
      {},
      { "sec-fetch-site": "same-origin", origin: new URL(url).origin },
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "cross-site", origin: "https://good.example" },
    ];
    for (const [i, headers] of allowed.entries()) {
      const answer = await send("POST", "authors", {
        body: `name=n${i}&email=e${i}`,
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      });
      expect(answer.status).toBe(200);
    }
  });
});

describe("a filter that fails is a 500 and nothing else:", () => {
  const failing = (message: string): Error => new Error(message);
  const rule = (root: () => unknown, relation: () => unknown) =>
    ({
      articles: {
        table: "article",
        control: {
          GET: {
            all: {
              select: true,
              where: root as () => boolean,
              with: { comments: { select: true, where: relation as () => boolean } },
            },
          },
        },
      },
    }) satisfies TestACL;

  test("no rejection is left to end the process, whichever of several filters fails first", async () => {
    const lost: unknown[] = [];
    const listen = (reason: unknown): void => void lost.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const late = async (): Promise<never> => {
        await pause(5);
        throw failing("late");
      };
      const soon = async (): Promise<never> => {
        throw failing("soon");
      };
      const now = (): never => {
        throw failing("now");
      };
      for (const root of [late, soon, now])
        for (const relation of [now, soon, late]) {
          const { get } = await start(rule(root, relation));
          expect((await get(ask("articles", "(with:(comments:T))"))).status).toBe(500);
        }
      await pause(20);
    } finally {
      process.off("unhandledRejection", listen);
    }
    expect(lost).toEqual([]);
  });

  test("a promise of another make is waited for, and what it comes to is all that counts", async () => {
    /** What some libraries answer in place of a promise. */
    const thenable = (value: unknown): unknown => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then: (done: (value: unknown) => unknown) => thenable(done(value)),
    });
    for (const [answer, count] of [
      [false, 0],
      [undefined, 0],
      [true, 6],
    ] as const) {
      const { get } = await start(
        rule(
          () => thenable(answer),
          () => true,
        ),
      );
      const { status, body } = await get("articles");
      expect([status, body.count]).toEqual([200, count]);
    }
  });
});

describe("an author's `Response` is one, whoever made it:", () => {
  /**
   * Runs work where the global `Response` is another than the platform's own, as under `@hono/node-server` on Node:
   * what `fetch` and `clone` answer is then no instance of it.
   */
  async function elsewhere<T>(work: (Native: typeof Response) => Promise<T>): Promise<T> {
    const Native = globalThis.Response;
    globalThis.Response = class extends Native {};
    try {
      return await work(Native);
    } finally {
      globalThis.Response = Native;
    }
  }

  const tags = (rule: object, options: Partial<QueryRouteOptions> = {}) =>
    start({ tags: { table: "tag", control: { GET: { all: rule }, DELETE: { all: rule } } } }, options);

  test("the session parser's ends the request", async () => {
    await elsewhere(async (Native) => {
      const { get } = await tags(
        { select: true },
        { session: { parser: () => new Native("banned", { status: 403 }), getRole: () => "editor" } },
      );
      expect((await get("tags")).status).toBe(403);
    });
  });

  test("a hook's ends the request before anything is written, or after", async () => {
    await elsewhere(async (Native) => {
      const refuse = (): Response => new Native("no", { status: 403 });
      for (const hook of ["beforeQuery", "afterQuery", "formatResult"]) {
        const { get, remove, database } = await tags({ select: true, [hook]: refuse });
        expect((await get("tags")).status).toBe(403);
        const before = await dump(database);
        expect((await remove("tags")).status).toBe(403);
        if (hook === "beforeQuery") expect(await dump(database)).toBe(before);
      }
    });
  });

  test("HEAD of one that never ends is answered", async () => {
    const { send } = await tags({
      select: true,
      formatResult: () => {
        const body = new ReadableStream({
          pull: async (controller) => {
            await pause(1);
            controller.enqueue(new Uint8Array(1));
          },
        });
        return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
      },
    });
    const answer = await Promise.race([send("HEAD", "tags"), pause(1_000)]);
    expect(answer?.status).toBe(200);
  });
});

test("a write under a condition on an ETag, which no write looks at, is refused", async () => {
  const { patch, database } = await start(acl);
  const before = await dump(database);
  for (const headers of [{ "if-match": '"x"' }, { "if-none-match": "*" }, { "if-unmodified-since": "x" }])
    expect(refusal(await patch("articles?mine", { title: "x" }, { as: 2, headers }))).toMatchObject({
      status: 400,
      code: "invalid-value",
    });
  expect(await dump(database)).toBe(before);
});

describe("a compressed body", () => {
  test.each(["gzip", "br", "deflate", "zstd", "gzip, identity", "x-what"])(
    "is not read as if it were none: %s",
    async (encoding) => {
      const { send, database } = await start(acl);
      const before = await dump(database);
      const row = '{"name":"x","email":"x"}';
      for (const body of [Bun.gzipSync(row), row]) {
        const answer = await send("POST", "authors", {
          body,
          headers: { "content-type": "application/json", "content-encoding": encoding },
        });
        expect(refusal(answer)).toMatchObject({ status: 415, code: "unsupported-media-type" });
        expect(answer.headers.get("accept-encoding")).toBe("identity");
      }
      expect(await dump(database)).toBe(before);
    },
  );

  test("is no body of which a header says that it is not", async () => {
    const { send } = await start(acl);
    for (const [index, encoding] of ["identity", "Identity", ""].entries()) {
      const answer = await send("POST", "authors", {
        body: `{"name":"n${index}","email":"e${index}"}`,
        headers: { "content-type": "application/json", "content-encoding": encoding },
      });
      expect(answer.status).toBe(200);
    }
  });
});

describe("what is warned of is suspicious, and all that is suspicious is warned of:", () => {
  const warnings = (names: readonly string[], rule: (names: readonly string[]) => object): string[] => {
    const heard: string[] = [];
    const table = sqliteTable(
      "t",
      Object.fromEntries(
        names.map((name) => [name, name === "id" ? integer(name).primaryKey() : text(name)]),
      ),
    );
    const schema = { table };
    const items = { table: "table", control: { GET: { writer: rule(names) } } };
    createQueryRoute({
      acl: { items },
      database: drizzle(new Database(":memory:"), { schema }),
      schema,
      onWarning: (sentence) => heard.push(sentence),
    });
    return heard;
  };

  test.each(["passenger", "compass", "hashtag", "tokenizer", "basalt", "passport"])(
    "a column called `%s` is no secret",
    (name) => expect(warnings(["id", name], () => ({ select: true }))).toEqual([]),
  );

  test("a secret that a relation lets out is warned of, with the relation's path", () => {
    const heard: string[] = [];
    const user = sqliteTable("users", { id: integer("id").primaryKey() });
    const account = sqliteTable("accounts", {
      id: integer("id").primaryKey(),
      userId: integer("user_id").unique(),
      password: text("password"),
    });
    const schema = {
      user,
      account,
      userRelations: relations(user, ({ many }) => ({ accounts: many(account) })),
      accountRelations: relations(account, ({ one }) => ({
        user: one(user, { fields: [account.userId], references: [user.id] }),
      })),
    };
    const rule = { select: true, with: { accounts: true } };
    createQueryRoute({
      acl: { users: { table: "user", control: { GET: { writer: rule } } } },
      database: drizzle(new Database(":memory:"), { schema }),
      schema,
      onWarning: (sentence) => heard.push(sentence),
    });
    expect(heard).toEqual([
      expect.stringMatching(
        /^acl\.users\.control\.GET\.writer\.with\.accounts\.select: `password` looks like a secret/,
      ),
    ]);
  });

  test("an author who names every column of a table means it", () => {
    expect(warnings(["id", "token"], (columns) => ({ select: { columns } }))).toEqual([]);
  });
});

describe("a writer", () => {
  const MASK = (1n << 64n) - 1n;
  const rotl = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;
  const word = (text: string): bigint => Buffer.from(text).readBigUInt64LE();
  const wordText = (value: bigint): string => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return bytes.toString("latin1");
  };

  /** Two texts of one length that xxHash64 takes for one after `prefix`, whose bytes fill its blocks of 32. */
  function twins(prefix: string): [string, string] {
    const P1 = 0x9e3779b185ebca87n;
    const P2 = 0xc2b2ae3d27d4eb4fn;
    let inverse = P2; // of P2 modulo 2^64, by Newton
    for (let i = 0; i < 6; i++) inverse = (inverse * (2n - P2 * inverse)) & MASK;
    const step = (lane: bigint, text: string): bigint =>
      (rotl((lane + word(text) * P2) & MASK, 31n) * P1) & MASK;
    let lane = (P1 + P2) & MASK;
    for (let at = 0; at < prefix.length; at += 32) lane = step(lane, prefix.slice(at, at + 8));
    const [one, rest] = ["aaaaaaaa", "-".repeat(24)];
    for (let n = 10_000_000; ; n++) {
      const other = String(n);
      const gap = step(lane, one) - step(lane, other);
      const last = wordText((word("bbbbbbbb") + gap * inverse) & MASK);
      if (/^[ !#-[\]-~]{8}$/.test(last)) return [one + rest + "bbbbbbbb" + rest, other + rest + last + rest];
    }
  }

  test("finds no change that revalidation misses, whatever a fast hash says", async () => {
    const { get, patch } = await start({
      articles: { table: "article", control: { GET: open, PATCH: open } },
    });
    const path = "articles?select=(columns:~T(body)~,where:(id:a1))";
    const bodyOf = (text: string): string => JSON.stringify({ count: 1, articles: [{ body: text }] });
    const begin = bodyOf("").slice(0, -4);
    const padding = "x".repeat((32 - (begin.length % 32)) % 32);
    const [before, after] = twins(begin + padding).map((text) => padding + text);
    expect(Bun.hash.xxHash64(bodyOf(before!))).toBe(Bun.hash.xxHash64(bodyOf(after!)));
    await patch("articles?select=(where:(id:a1))", { body: before });
    const first = await get(path);
    expect(first.text).toBe(bodyOf(before!));
    const unchanged = { headers: { "if-none-match": first.headers.get("etag")! } };
    expect((await get(path, unchanged)).status).toBe(304);
    await patch("articles?select=(where:(id:a1))", { body: after });
    const answer = await get(path, unchanged);
    expect([answer.status, answer.text]).toEqual([200, bodyOf(after!)]);
  });
});

describe("who sees his colleagues sees no stranger:", () => {
  const colleagues = (t: typeof comment, me: number, from: typeof comment): SQL =>
    exists(
      new QueryBuilder()
        .select({ one: sql`1` })
        .from(from)
        .where(and(eq(from.articleId, t.articleId), eq(from.authorId, me))),
    );
  const rule = (from: typeof comment) =>
    ({
      mine: {
        select: { columns: ["id"] },
        where: ({ me }: { me?: number }, t: typeof comment) => colleagues(t, me!, from),
      },
    }) as const;
  const resource = (from: typeof comment) =>
    ({ table: "comment", control: { GET: rule(from), PATCH: rule(from), DELETE: rule(from) } }) as const;
  const unaliased = resource(comment);
  const aliased = resource(alias(comment, "own") as unknown as typeof comment);

  test.each(STACKS)(
    "a condition that selects from its own table without an alias is never run, $name",
    async ({ options }) => {
      const { get, patch, remove, database, errors } = await start({ unaliased, aliased }, options);
      const before = await dump(database);
      for (const answer of [
        await get("unaliased?mine", { as: 3 }),
        await patch("unaliased?mine", { text: "x" }, { as: 3 }),
        await remove("unaliased?mine", { as: 3 }),
      ])
        expect(refusal(answer)).toEqual({ status: 500, code: "internal-error" });
      expect(errors.splice(0).map(String)).toEqual(
        ["GET", "PATCH", "DELETE"].map(
          (method) =>
            `TypeError: acl.unaliased.control.${method}.mine.where: a sub-query selects from the rule's own table without an alias, so that columns would be compared with themselves; select from alias(comment, "m")`,
        ),
      );
      expect(await dump(database)).toBe(before);
      expect((await get("aliased?mine", { as: 3 })).body.aliased).toEqual(
        [1, 2, 3, 4, 5].map((id) => ({ id })),
      );
    },
  );
});

test.each(["fast", "portable"] as const)(
  "rows whose keys are alike when they are put together are two, %s",
  async (reader) => {
    const place = sqliteTable(
      "places",
      { a: text("a").notNull(), b: text("b").notNull(), n: integer("n") },
      (t) => [primaryKey({ columns: [t.a, t.b] })],
    );
    const client = new Database(":memory:");
    client.run("create table places (a text not null, b text not null, n integer, primary key (a, b))");
    const total = sql`(select count(*) from places p)`.as("total");
    const rule = { all: { select: true, write: true, extras: { total } } } as const;
    const schema = { place };
    const route = createQueryRoute({
      acl: { places: { table: "place", control: { POST: rule, PATCH: rule, DELETE: rule } } },
      database: drizzle(client, { schema }),
      schema,
      reader,
      onWarning: () => undefined,
    });
    const sent = async (method: "POST" | "PATCH" | "DELETE", body?: object): Promise<unknown> => {
      const init = body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
      const answer = await route[method](new Request("http://local/query/places", { method, ...init }));
      return ((await answer.json()) as { places: unknown }).places;
    };
    const rows = [
      { a: "x", b: "y\nstring z", n: 1, total: 2 },
      { a: "x\nstring y", b: "z", n: 2, total: 2 },
    ];
    expect(
      await sent(
        "POST",
        rows.map(({ a, b, n }) => ({ a, b, n })),
      ),
    ).toEqual(rows);
    expect(await sent("PATCH", { n: 3 })).toEqual(rows.map((row) => ({ ...row, n: 3 })));
    expect(await sent("DELETE")).toEqual(rows.map((row) => ({ ...row, n: 3 })));
    client.close();
  },
);
