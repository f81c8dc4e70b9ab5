/* oxlint-disable typescript/unbound-method -- what an app is made of are closures */
import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { OPERATORS } from "../../src/operator/operator.ts";
import type { TestACL } from "../support/app.ts";
import { author } from "../support/schema.ts";
import { ask, served } from "../support/served.ts";
import { dump, path, refusal, server } from "../support/write.ts";
import { acl } from "./blog.ts";

const start = server();
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Names every object inherits, and some of Drizzle's own. */
const INHERITED = [
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "getSQL",
  "_",
  "$inferSelect",
  "enableRLS",
];

/** An operand each operator takes, were the column there. */
const OPERAND = {
  scalar: "'x'",
  literal: "'x'",
  pattern: "'x'",
  list: "_('x')_",
  pair: "_('a','z')_",
  flag: "T",
  elements: "_()_",
  json: "(path:_('a')_,eq:1)",
};

describe("each hole is closed:", () => {
  const app = served(acl);

  test("hole 1: nothing selected of a relation is nothing returned, at every depth", async () => {
    const one = await app.get(ask("authors", "(with:(articles:(columns:F)))"));
    expect(one.status).toBe(200);
    expect(
      one.body.authors.flatMap(({ articles }: { articles: object[] }) => articles.flatMap(Object.keys)),
    ).toEqual([]);
    const two = await app.get(
      ask(
        "authors",
        "(columns:(id:T),limit:9,with:(articles:(columns:F,limit:9,with:(comments:(columns:F)))))",
      ),
    );
    const articles = two.body.authors.flatMap(({ articles }: { articles: object[] }) => articles);
    expect(articles).toHaveLength(4);
    for (const article of articles) {
      expect(Object.keys(article)).toEqual(["comments"]);
      expect(article.comments.flatMap(Object.keys)).toEqual([]);
    }
  });

  test("hole 2: nothing selected beside a computed field is the computed field alone", async () => {
    const { body } = await app.get(ask("authors", "(columns:F)"));
    expect(body.authors).toEqual([{ loud: "ADA" }, { loud: "BEN" }, { loud: "CLEO" }]);
  });

  test("hole 3: a write under an allow-list answers that list minus what the client drops", async () => {
    const { post } = await start(acl);
    const row = (name: string): object => ({ name, email: `${name}@local.dev` });
    const dropped = await post(path("authors", { columns: { name: false } }), row("dora"));
    expect(dropped.body.authors.map(Object.keys)).toEqual([["id"]]);
    for (const columns of [false, { id: false, name: false }]) {
      const { status, text } = await post(path("authors", { columns }), row(crypto.randomUUID().slice(0, 8)));
      expect(status).toBe(200);
      expect(text).not.toMatch(/email|secret|role|hidden|local/);
    }
  });

  test("hole 4: hidden columns can be neither filtered nor sorted by, directly or through a relation", async () => {
    const places = [
      (c: string) => ask("authors", `(where:(${c}))`),
      (c: string) => ask("authors", `(where:(NOT:(OR:_((${c}))_)))`),
      (c: string) => ask("authors", `(with:(students:(where:(${c}))))`),
    ];
    for (const [name, { operand }] of OPERATORS)
      for (const place of places) {
        const [hidden, absent] = await Promise.all(
          ["secret", "zzzzzz"].map((c) => app.get(place(`${c}.${name}:${OPERAND[operand]}`))),
        );
        expect(refusal(hidden!)).toMatchObject({ status: 400, code: "unknown-column" });
        expect(hidden!.text.replaceAll("secret", "zzzzzz")).toBe(absent!.text);
      }
    for (const order of ["(orderBy:(secret:asc))", "(with:(students:(orderBy:(secret:-1))))"]) {
      const { body } = await app.get(ask("authors", order));
      expect(body.code).toBe("unknown-column");
    }
  });

  test("hole 5: a limit is a whole number from 0, in relations too", async () => {
    for (const limit of ["-1", "-0.5", "1.5", "N", "I", "-I", "X", "T", "'1'", "1e400", "_(1)_"])
      for (const place of [`(limit:${limit})`, `(with:(articles:(limit:${limit})))`]) {
        expect(refusal(await app.get(ask("authors", place)))).toMatchObject({
          status: 400,
          code: "invalid-value",
        });
      }
    expect(refusal(await app.get(ask("authors", "(limit:101)")))).toMatchObject({ code: "limit-exceeded" });
    expect(refusal(await app.get(ask("authors", "(with:(articles:(limit:101)))")))).toMatchObject({
      code: "limit-exceeded",
    });
  });

  test("hole 6: a change cannot move a row out of the caller's own filter", async () => {
    const { patch, database } = await start(acl);
    const before = await dump(database);
    for (const authorId of [1, 3])
      expect(refusal(await patch("articles?mine", { authorId }, { as: 2 }))).toEqual({
        status: 403,
        code: "check-failed",
      });
    expect(await dump(database)).toBe(before);
  });

  test("hole 7: a body sets writable columns only, and the row it makes must pass the rule's filter", async () => {
    const { post, patch, database } = await start(acl);
    const before = await dump(database);
    for (const [key, value] of Object.entries({ id: "own", views: 9, published: true, createdAt: 0 })) {
      const refused = { status: 400, code: "unknown-column", path: key };
      expect(refusal(await post("articles?mine", { title: "x", [key]: value }, { as: 2 }))).toEqual(refused);
      expect(refusal(await patch("articles?mine", { title: "x", [key]: value }, { as: 2 }))).toEqual(refused);
    }
    expect(refusal(await post("articles?mine", { title: "x", authorId: 1 }, { as: 2 }))).toEqual({
      status: 403,
      code: "check-failed",
    });
    expect(await dump(database)).toBe(before);
  });

  test("hole 8: nobody signs up with a role of his choice", async () => {
    const { post, database } = await start(acl);
    const eve = { name: "eve", email: "eve@local.dev" };
    for (const role of ["editor", "writer", null])
      expect(refusal(await post("authors", { ...eve, role }))).toMatchObject({ code: "unknown-column" });
    expect((await post("authors", eve)).status).toBe(200);
    const rows = await database
      .select({ role: author.role })
      .from(author)
      .where(sql`name = 'eve'`);
    expect(rows).toEqual([{ role: "writer" }]);
  });

  test("hole 9: an asynchronous role that comes to nothing is no role, and only a text is one", async () => {
    for (const answer of [null, undefined, "", {}, 1, true, [["editor"], ""], new String("editor")]) {
      const { get } = await start(acl, {
        session: { getRole: async () => (await pause(1), answer as null) },
      });
      expect((await get("articles?mine")).status).toBe(401);
      expect((await get("authors?mine")).status).toBe(401);
    }
    const rejected = await start(acl, { session: { getRole: () => Promise.reject(new Error("down")) } });
    expect((await rejected.get("articles")).status).toBe(500);
  });

  test("hole 10: a row filter that answers nothing admits nothing, in relations and asynchronously too", async () => {
    for (const nothing of [undefined, null, false] as const)
      for (const where of [() => nothing, async () => (await pause(1), nothing)]) {
        const { get, remove, patch, database } = await start({
          articles: {
            table: "article",
            control: {
              GET: { all: { select: true, where } },
              PATCH: { all: { select: true, where } },
              DELETE: { all: { select: true, where } },
            },
          },
          authors: {
            table: "author",
            control: { GET: { all: { select: true, with: { articles: { select: true, where } } } } },
          },
        });
        const before = await dump(database);
        expect((await get("articles?countTotal")).body).toEqual({ total: 0, count: 0, articles: [] });
        expect((await patch("articles", { title: "x" })).body.rowsAffected).toBe(0);
        expect((await remove("articles")).body.rowsAffected).toBe(0);
        const { body } = await get(ask("authors", "(with:(articles:T))"));
        expect(body.authors.flatMap(({ articles }: { articles: object[] }) => articles)).toEqual([]);
        expect(await dump(database)).toBe(before);
      }
  });

  test("hole 11: inherited names are no resource, column, operator, relation or role", async () => {
    for (const name of INHERITED) {
      expect((await app.get(name)).status).toBe(404);
      for (const select of [
        `(columns:('${name}':T))`,
        `(where:('${name}':1))`,
        `(where:('id.${name}':1))`,
        `(orderBy:('${name}':asc))`,
        `(with:('${name}':T))`,
        `('${name}':T)`,
      ])
        expect((await app.get(ask("authors", select))).status).toBe(400);
      expect((await app.get("articles?mine", { role: name })).body).toEqual({ count: 0, articles: [] });
      expect((await app.get("articles", { role: name })).status).toBe(200); // as any role without a rule of its own
    }
  });

  test("hole 12: an empty or malformed filter is refused, and changes nothing", async () => {
    const { send, database } = await start(acl);
    const before = await dump(database);
    const nothings = [
      "()",
      "_()_",
      "(NOT:())",
      "(NOT:_()_)",
      "(AND:_()_)",
      "(OR:_()_)",
      "_(())_",
      "(OR:_(())_)",
    ];
    for (const where of [
      ...nothings,
      "T",
      "F",
      "N",
      "U",
      "''",
      "'id'",
      "1",
      "(id:U)",
      "(id.eq:U)",
      "(id:())",
    ])
      for (const method of ["PATCH", "DELETE"]) {
        const answer = await send(method, ask("articles", `(where:${where})`, "mine"), {
          as: 2,
          ...(method === "PATCH" && {
            body: '{"title":"x"}',
            headers: { "content-type": "application/json" },
          }),
        });
        expect([where, answer.status]).toEqual([where, 400]);
      }
    expect(await dump(database)).toBe(before);
  });

  test("hole 13: conflicts, bad syntax and failed validation have codes of their own and no engine text", async () => {
    const { post, get } = await start({
      ...acl,
      checked: {
        table: "tag",
        control: {
          POST: {
            all: {
              select: true,
              validateBody: () => {
                throw Object.assign(new Error("no"), { issues: [{ message: "no", path: ["label"] }] });
              },
            },
          },
        },
      },
    } satisfies TestACL);
    const taken = await post("authors", { name: "x", email: "ada@local.dev" });
    expect(refusal(taken)).toEqual({ status: 409, code: "conflict" });
    expect(taken.text).not.toMatch(/email|ada|uk_|unique constraint|insert/i);
    expect(refusal(await get("authors?select=(("))).toMatchObject({ status: 400, code: "invalid-syntax" });
    expect(refusal(await post("checked", { label: "x" }))).toMatchObject({
      status: 400,
      code: "invalid-body",
    });
    expect(refusal(await post("authors", "{"))).toMatchObject({ status: 400, code: "invalid-body" });
  });

  test("hole 14: a body's bytes are counted while they come, whatever size was announced", async () => {
    const { send } = await start(acl, { defaults: { maxBodySize: 1_000 } });
    let sent = 0;
    const body = new ReadableStream({
      async pull(stream) {
        if (++sent > 1_000) return stream.close();
        await pause(1);
        stream.enqueue(new TextEncoder().encode(" ".repeat(500)));
      },
    });
    const answer = await send("POST", "authors", { body, headers: { "content-type": "application/json" } });
    expect(refusal(answer)).toEqual({ status: 413, code: "too-large" });
    expect(sent).toBeLessThan(500);
  });

  test("hole 15: an asynchronous formatter is awaited, in a rule and for every method", async () => {
    const formatResult = async (_request: Request, { result }: { result: { count?: number } }) => {
      await pause(1);
      return { shaped: result.count };
    };
    const rule = { all: { select: true, formatResult } } as const;
    const { get, post, patch, remove } = await start({
      tags: { table: "tag", control: { GET: rule, POST: rule, PATCH: rule, DELETE: rule } },
    });
    expect((await get("tags")).body).toEqual({ shaped: 3 });
    expect((await post("tags", { label: "new" })).body).toEqual({ shaped: 1 });
    expect((await patch(path("tags", { where: { id: 3 } }), { label: "x" })).body).toEqual({ shaped: 1 });
    expect((await remove(path("tags", { where: { id: 3 } }))).body).toEqual({ shaped: 1 });
  });

  test("hole 16: one function decides for HEAD, OPTIONS and the methods themselves", async () => {
    const { send } = await start({
      ...acl,
      closed: {
        table: "tag",
        control: { GET: { all: { select: true } }, HEAD: { editor: { select: true } } },
      },
    } satisfies TestACL);
    expect((await send("HEAD", "closed")).status).toBe(401);
    for (const resource of ["closed", "authors", "articles", "notices"])
      for (const flags of ["", "?mine"])
        for (const sending of [{}, { as: 2 }, { as: 1, role: "editor" }]) {
          const allow = (await send("OPTIONS", resource + flags, sending)).headers.get("allow")!.split(", ");
          for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE"]) {
            const { status } = await send(method, `${resource}${flags}`, sending);
            expect([method, resource, allow.includes(method)]).toEqual([
              method,
              resource,
              ![401, 403, 405].includes(status),
            ]);
          }
        }
  });

  test("hole 17: reads take no lock, and fifty requests whose hooks wait are all answered", async () => {
    const slow = { all: { select: true, write: true, beforeQuery: () => pause(10) } } as const;
    const { get, post } = await start({
      tags: { table: "tag", control: { GET: { all: { select: true } }, POST: slow } },
      slow: { table: "tag", control: { GET: { all: { select: true, beforeQuery: () => pause(300) } } } },
    });
    const waiting = get("slow");
    const writes = Array.from({ length: 50 }, (_, i) => post("tags", { id: 100 + i, label: `l${i}` }));
    let written = 0;
    for (const write of writes) void write.then(() => written++);
    expect((await get("tags")).status).toBe(200);
    expect(written).toBeLessThan(50);
    expect((await Promise.all(writes)).map(({ status }) => status)).toEqual(writes.map(() => 200));
    expect((await waiting).status).toBe(200);
  });

  test("hole 18: a database in memory works however requests overlap", async () => {
    for (const on of ["libsql memory", "bun:sqlite"] as const) {
      const waits = { all: { select: true, write: true, beforeQuery: () => pause(2) } } as const;
      const { get, post } = await start(
        { tags: { table: "tag", control: { GET: waits, POST: waits } } },
        { on },
      );
      const all = Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0 ? get("tags") : post("tags", { id: 100 + i, label: `l${i}` }),
      );
      expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200));
      expect((await get("tags?countTotal")).body.total).toBe(23);
    }
  });

  test("hole 19: conditions and nested rows have caps, which are counted before any statement", async () => {
    const terms = Array.from({ length: 600 }, (_, i) => `(name.like:'${i}')`).join(",");
    const begun = process.cpuUsage();
    expect(refusal(await app.get(ask("authors", `(where:_(${terms})_)`)))).toMatchObject({
      status: 400,
      code: "too-complex",
    });
    expect(process.cpuUsage(begun).user).toBeLessThan(500_000);
    expect(
      refusal(await app.get(ask("authors", "(with:(articles:(limit:100,with:(comments:(limit:100)))))"))),
    ).toMatchObject({ status: 400, code: "too-complex" });
  });

  test("hole 20: the small ones: no match, negative counts, numeric order, between, dates, `throw null`, role names", async () => {
    const { get, post } = await start({
      articles: {
        table: "article",
        control: {
          GET: { all: { select: true } },
          POST: { all: { select: true, write: true } },
        },
      },
      loud: {
        table: "author",
        control: {
          GET: { all: { select: false, extras: { loud: sql`upper(${author.name})`.as("loud") } } },
        },
      },
      broken: {
        table: "tag",
        control: {
          GET: {
            all: {
              select: true,
              beforeQuery: () => {
                // oxlint-disable-next-line typescript/only-throw-error, no-throw-literal -- the point of it
                throw null;
              },
            },
          },
        },
      },
      roles: {
        table: "tag",
        control: { GET: { mine: { select: true, where: () => true } } },
      },
    } satisfies TestACL);
    expect((await get(ask("articles", "(where:(id:'none'))", "findFirst"))).body).toEqual({ articles: null });
    expect((await get(ask("articles", "(offset:-1)"))).status).toBe(400);
    expect((await get(ask("articles", "(orderBy:(views:1),limit:1)"))).body.articles[0].id).toBe("a5");
    expect((await get(ask("articles", "(orderBy:(views:2))"))).status).toBe(400);
    expect((await get("loud")).body.loud).toEqual([{ loud: "ADA" }, { loud: "BEN" }, { loud: "CLEO" }]);
    expect((await get(ask("articles", "(where:(views.between:_(5,10)_))"))).body.count).toBe(3);
    const dated = { id: "d", authorId: 1, title: "d", createdAt: "2024-02-29T12:00:00Z" };
    expect((await post("articles", dated)).body.articles[0].createdAt).toBe("2024-02-29T12:00:00.000Z");
    expect(refusal(await get("broken"))).toEqual({ status: 500, code: "internal-error" });
    for (const role of ["guest", "mine", "all"]) expect((await get("roles?mine", { role })).status).toBe(401);
    expect((await get("roles?mine", { role: "constructor" })).status).toBe(200);
  });
});
