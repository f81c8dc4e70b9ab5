/* oxlint-disable typescript/unbound-method -- what an app is made of are closures */
import { describe, expect, test } from "bun:test";
import type { Client, InArgs } from "@libsql/client";
import { inArray, type SQL, sql } from "drizzle-orm";
import { OPERATORS } from "../../src/operator/operator.ts";
import type { Answer, App, TestACL } from "../support/app.ts";
import { DATABASES } from "../support/databases.ts";
import { watch } from "../support/laws.ts";
import { article, author, comment, tag } from "../support/schema.ts";
import * as schema from "../support/schema.ts";
import { ask, ids, served } from "../support/served.ts";
import { DATABASE_NAMES, dump, path, refusal, server } from "../support/write.ts";
import { acl } from "./blog.ts";

const start = server();

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
const ENGINE_TEXT =
  /\bselect\b.+\bfrom\b|insert into|failed query|sqlite|libsql|drizzle|no such|\bparams:|\.[jt]s:\d+|uk_/i;
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded" };

/** Questions of many kinds that a guest may ask of the blog. */
const QUESTIONS = [
  "articles?countTotal",
  "articles?findFirst",
  ask("articles", "(with:(comments:T,author:T))"),
  ask("articles", "(orderBy:(rating:desc),limit:2,with:(comments:(orderBy:(text:asc))))", "countTotal"),
  ask("articles", "(where:(OR:_((title.ilike:'%a%'),(NOT:(rating.gt:0)))_))", "countTotal"),
  ask("articles", "(columns:F)", "countTotal"),
  "authors?countTotal",
  ask("authors", "(with:(articles:T,mentor:T,students:T))"),
  ask("authors", "(limit:9,with:(articles:(limit:3,with:(comments:(where:(text.ne:'x')),author:T))))"),
  ask("authors", "(with:(articles:(columns:F,offset:1)))"),
  "notices?countTotal",
];

const answers = ({ get }: App): Promise<Answer[]> => Promise.all(QUESTIONS.map((question) => get(question)));

describe("nothing leaks:", () => {
  const app = served(acl);

  test("class 1: a hidden column is no name in any filter, of a read or a write, whatever the operator", async () => {
    const filters = [...OPERATORS].map(([name, { operand }]) => `.${name}:${OPERAND[operand]}`);
    const places: readonly ((c: string) => Promise<Answer>)[] = [
      (c) => app.get(ask("articles", `(where:(${c}))`)),
      (c) => app.get(ask("articles", `(with:(comments:(where:(${c}))))`)),
      (c) => app.get(ask("authors", `(with:(articles:(limit:2,with:(comments:(where:_((NOT:(${c})))_)))))`)),
      (c) => app.remove(ask("articles", `(where:(${c}))`, "mine"), { as: 2 }),
      (c) => app.patch(ask("articles", `(where:(${c}))`, "mine"), { title: "x" }, { as: 2 }),
    ];
    for (const filter of filters)
      for (const place of places) {
        const [hidden, absent] = await Promise.all(["views", "zzzzz"].map((c) => place(c + filter)));
        expect(refusal(hidden!)).toMatchObject({ status: 400, code: "unknown-column" });
        expect(hidden!.text.replaceAll("views", "zzzzz")).toBe(absent!.text);
      }
  });

  test("class 2: whatever hidden columns hold, every answer to every question is the same, order and pages too", async () => {
    const one = await start(acl);
    const other = await start(acl);
    await other.database.run(sql`update authors set secret = hex(randomblob(8)), email = hex(randomblob(8))`);
    await other.database.run(
      sql`update articles set views = abs(random() % 1000), body = hex(randomblob(3)), created_at = 5`,
    );
    const texts = async (app: App): Promise<string[]> => (await answers(app)).map(({ text }) => text);
    expect(await texts(other)).toEqual(await texts(one));
    expect((await app.get(ask("articles", "(orderBy:(views:asc))"))).body.code).toBe("unknown-column");
    // The primary key alone ends every order, hidden or not.
    const keyless = {
      articles: { table: "article", control: { GET: { all: { select: { columns: ["title"] } } } } },
    };
    const hidden = await start(keyless as TestACL);
    for (const table of ["comments", "article_tags"])
      await hidden.database.run(sql.raw(`delete from ${table}`));
    await hidden.database.run(
      sql`update articles set id = 'b' || (9 - substr(id, 2)) where title <> 'Alpha'`,
    );
    expect((await hidden.get("articles")).body.articles.map(({ title }: { title: string }) => title)).toEqual(
      ["Alpha", "Epsilon", "Delta", "alphabet", "Gamma", "Beta"],
    );
  });

  test("class 3: a column one rule lets out is hidden under every other rule, for the same caller", async () => {
    expect((await app.get(ask("authors", "(where:(email.like:'a%'))", "mine"), { as: 1 })).body.count).toBe(
      1,
    );
    for (const select of ["(where:(email.like:'a%'))", "(orderBy:(email:asc))", "(columns:(email:T))"])
      expect((await app.get(ask("authors", select, "guest"), { as: 1 })).body.code).toBe("unknown-column");
  });

  test("class 4: no operator can make the database fail, whatever stands in rows the caller does not see", async () => {
    const rules = {
      samples: {
        table: "sample",
        control: {
          GET: { all: { select: true, where: (_c: object, t) => sql`${t.id} < 50 or ${t.id} = 1 + 1` } },
        },
      },
    } satisfies TestACL;
    const operands = [
      "1",
      "'x'",
      "'1'",
      "T",
      "'2024-01-01'",
      "N",
      "_(1,2)_",
      "_('a','b')_",
      "(a:1)",
      "''",
      "1e300",
    ];
    let asked = 0;
    for (const on of DATABASE_NAMES) {
      // Where one driver has been asked everything, others of the same database are asked some of it.
      const every = on === DATABASE_NAMES[0] ? 1 : 5;
      const [clean, poisoned] = [await start(rules, { on }), await start(rules, { on })];
      await poisoned.database.run(
        sql`insert into samples values (99, 99, x'ff', '{', '{"a', 'TOPSECRET', 'yes', 9e999, 'never', -9e999, '12x', 9223372036854775807, 'big', 'digits', 'bytes', x'7b', ';')`,
      );
      for (const column of Object.keys(schema.sample).filter((name) => name !== "enableRLS" && name !== "_"))
        for (const [operator] of OPERATORS)
          for (const operand of operands) {
            if (asked++ % every > 0) continue;
            const question = ask("samples", `(where:('${column}.${operator}':${operand}))`);
            const [left, right] = await Promise.all([clean.get(question), poisoned.get(question)]);
            expect(right.text).toBe(left.text);
            expect(right.status).toBeLessThan(500);
          }
    }
  }, 180_000);

  test("class 5: every answer is that of a database from which the invisible rows were deleted", async () => {
    const whole = await start(acl);
    const pruned = await start(acl);
    await pruned.database.delete(comment).where(sql`${comment.hidden} = 1`);
    await pruned.database.delete(article).where(sql`${article.published} = 0`);
    const [left, right] = [await answers(whole), await answers(pruned)];
    expect(left.map(({ status, text }) => [status, text])).toEqual(
      right.map(({ status, text }) => [status, text]),
    );
    expect(left.map(({ status }) => status)).toEqual(QUESTIONS.map(() => 200));
  });

  test("class 6: the same table twice in one question keeps each place's own columns", async () => {
    const { body } = await app.get(
      ask("authors", "(where:(id:1),limit:2,with:(mentor:T,students:T,articles:(limit:5,with:(author:T))))"),
    );
    const [ada] = body.authors;
    expect(ada.students).toEqual([
      { id: 2, name: "Ben" },
      { id: 3, name: "Cleo" },
    ]);
    expect(ada.articles[0].author).toEqual({ id: 1, name: "Ada" });
    const deep = await app.get(
      ask("authors", "(limit:2,with:(mentor:(with:(students:(columns:(name:T))))))"),
    );
    expect(refusal(deep)).toMatchObject({ code: "unknown-column" });
    expect(
      refusal(await app.get(ask("authors", "(with:(mentor:(with:(mentor:(columns:(secret:T))))))"))),
    ).toMatchObject({ code: "unknown-relation" });
  });

  test("class 7: a row the caller may not see and one that never was are answered alike, by every method", async () => {
    const { send } = await start(acl);
    const headersOf = ({ headers }: Answer): object =>
      Object.fromEntries([...headers].filter(([name]) => name !== "date"));
    for (const flags of [["mine"], ["mine", "findFirst"], ["mine", "countTotal"]])
      for (const method of ["GET", "HEAD", "PATCH", "DELETE"]) {
        if (flags.includes("findFirst") && method !== "GET") continue;
        const sending = {
          as: 2,
          ...(method === "PATCH" && { body: '{"title":"x"}', headers: JSON_TYPE }),
        };
        const [hidden, absent] = await Promise.all(
          ["a5", "a9"].map((id) => send(method, ask("articles", `(where:(id:'${id}'))`, ...flags), sending)),
        );
        expect([hidden!.status, hidden!.text, headersOf(hidden!)]).toEqual([
          absent!.status,
          absent!.text,
          headersOf(absent!),
        ]);
      }
  });

  test("class 8: what the file does not name answers nothing: no table, no join table, no method, no hint of them", async () => {
    for (const name of [
      ...Object.keys(schema),
      "comments",
      "tags",
      "article_tags",
      "articleTag",
      "main.tags",
    ]) {
      if (Object.hasOwn(acl, name)) continue;
      for (const method of ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"]) {
        const { status, text } = await app.send(method, name, { as: 1, role: "editor" });
        expect(status).toBe(404);
        expect(text.replace(`\`${name}\``, "")).not.toMatch(/tag|comment|sqlite/i);
      }
    }
    for (const method of ["POST", "PATCH", "DELETE"])
      expect((await app.send(method, "notices")).status).toBe(405);
    expect((await app.get(ask("authors", "(columns:(secre:T))"))).text).not.toContain("`secret`");
  });

  test("class 9: what a write answers goes through its rule's columns, asked for or not", async () => {
    const { post, patch, remove } = await start(acl);
    const made = await post("articles?mine", { title: "x" }, { as: 2 });
    expect(made.body.articles[0]).not.toHaveProperty("views");
    const asked = path("articles", { columns: { views: true } }, "mine");
    expect((await post(asked, { title: "x" }, { as: 2 })).body.code).toBe("unknown-column");
    expect((await patch(asked, { title: "y" }, { as: 2 })).body.code).toBe("unknown-column");
    expect((await remove(asked, { as: 2 })).body.code).toBe("unknown-column");
    const edited = await patch("articles", { title: "y" }, { as: 1, role: "editor" });
    expect(edited.body.articles.map(Object.keys)).toEqual([["id"], ["id"], ["id"], ["id"]]);
    expect((await remove("articles?mine", { as: 3 })).text).not.toContain("views");
  });

  test("class 10: no malformed request brings out text of the engine, the database or a stack", async () => {
    const pieces = [
      "(",
      ")",
      "_(",
      ")_",
      "~",
      "'",
      '"',
      "`",
      ":",
      ",",
      "where",
      "id",
      "T",
      "N",
      "\\",
      "%00",
      "%ff",
      "--",
      ";",
      "secret",
      "1e999",
      "\u{1f600}",
      "__proto__",
    ];
    let seed = 7;
    const next = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 400; round++) {
      const text = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)]).join("");
      const encoded = text.replace(/[^\w%.~-]/gu, encodeURIComponent);
      const reads = await app.get(`authors?select=${encoded}`);
      const writes = await app.send("POST", "authors", {
        body: text,
        headers: {
          "content-type": ["application/json", "application/rjson", "application/x-www-form-urlencoded"][
            next(3)
          ]!,
        },
      });
      for (const { status, text: said } of [reads, writes]) {
        expect(status).toBeLessThan(500);
        if (status >= 400) expect(said).not.toMatch(ENGINE_TEXT);
      }
    }
  });

  test("class 11: interleaved callers of one URL get their own answers, which no shared cache may keep", async () => {
    const asks = Array.from({ length: 120 }, (_, i) => (i % 3) + 1);
    const got = await Promise.all(asks.map((me) => app.get("articles?mine", { as: me })));
    const own = { 1: ["a1"], 2: ["a2", "a3", "a4"], 3: ["a5", "a6"] };
    expect(got.map((answer) => ids(answer))).toEqual(asks.map((me) => own[me as 1]));
    for (const { headers } of got.slice(0, 3)) {
      expect(headers.get("cache-control")).toContain("private");
      expect(headers.get("vary")).toMatch(/cookie.*authorization/i);
    }
    const { get, database } = await start(acl);
    const before = (await get("articles")).headers.get("etag");
    await database.run(sql`update articles set views = views + 1, body = 'changed'`);
    expect((await get("articles")).headers.get("etag")).toBe(before);
  });
});

describe("no write goes around the policy:", () => {
  test("class 12: the row after a change must pass, one row or many, or nothing is changed", async () => {
    for (const on of DATABASE_NAMES) {
      const { patch, database } = await start(acl, { on });
      const before = await dump(database);
      for (const where of [{ id: "a2" }, { "id.in": ["a2", "a3"] }, { "title.ne": "" }])
        expect(
          refusal(await patch(path("articles", { where }, "mine"), { authorId: 1 }, { as: 2 })),
        ).toMatchObject({ code: "check-failed" });
      const forbidden = await patch("articles", { title: "forbidden" }, { as: 1, role: "editor" });
      expect(refusal(forbidden)).toMatchObject({ code: "check-failed" });
      expect(await dump(database)).toBe(before);
    }
  });

  test("class 13: a new row must pass itself: another's name, or none at all, does not", async () => {
    for (const on of DATABASE_NAMES) {
      const { post, database } = await start(acl, { on });
      const before = await dump(database);
      expect((await post("articles?mine", { title: "x", authorId: 1 }, { as: 2 })).status).toBe(403);
      expect((await post("articles?mine", { title: "x", authorId: null }, { as: 2 })).status).toBe(400);
      const mixed = [{ title: "x" }, { title: "y", authorId: 3 }];
      expect((await post("articles?mine", mixed, { as: 2 })).status).toBe(403);
      expect(await dump(database)).toBe(before);
      expect((await post("articles?mine", { title: "x" }, { as: 2 })).body.articles[0].authorId).toBe(2);
    }
  });

  test("class 14: a `check` does not widen the rows a change reaches, and `mine` without `where` does not start", async () => {
    const { patch, database } = await start(acl);
    const all = path("articles", { where: { "id.ne": "" } });
    expect((await patch(all, { title: "x" }, { as: 1, role: "editor" })).body.rowsAffected).toBe(4);
    const untouched = await database
      .select()
      .from(article)
      .where(inArray(article.id, ["a3", "a5"]));
    expect(untouched.map(({ title }) => title)).toEqual(["Gamma", "Delta"]);
    const careless = { articles: { table: "article", control: { PATCH: { mine: { check: () => true } } } } };
    expect(start(careless as TestACL)).rejects.toThrow("acl.articles.control.PATCH.mine");
  });

  test("class 17: unknown, unwritable and inherited keys of a body are refused by name, in every format", async () => {
    const { send, database } = await start(acl);
    const before = await dump(database);
    const keys = ["id", "role", "secret", "mentorId", "zz", "constructor", "__proto__", "toString"];
    for (const key of keys) {
      const bodies = [
        ["application/json", `{"name":"x","email":"x","${key}":"1"}`],
        ["application/rjson", `(name:'x',email:'x','${key}':'1')`],
        ["application/x-www-form-urlencoded", `name=x&email=x&${key}=1`],
        ["application/json", `[{"name":"x","email":"x"},{"name":"y","email":"y","${key}":{}}]`],
      ] as const;
      for (const [type, body] of bodies) {
        const answer = await send("POST", "authors", { body, headers: { "content-type": type } });
        expect(answer.status).toBe(400);
        expect(answer.body.code).toMatch(/^(unknown-column|invalid-body)$/);
      }
    }
    expect(await dump(database)).toBe(before);
    expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
  });

  test("class 18: an undefined value in a rule's filter never widens it, whatever stands around it", async () => {
    const filters: readonly ((t: typeof article, o: any, nobody: undefined) => any)[] = [
      (t, { eq }, nobody) => eq(t.authorId, nobody),
      (t, { ne }, nobody) => ne(t.authorId, nobody),
      (t, { eq, not }, nobody) => not(eq(t.authorId, nobody)),
      (t, { inArray }, nobody) => inArray(t.authorId, [nobody]),
      (t, { notInArray }, nobody) => notInArray(t.authorId, [nobody]),
      (t, { gt }, nobody) => gt(t.authorId, nobody),
      (_t, { and }, nobody) => and(nobody),
      (_t, { or }, nobody) => or(nobody, nobody),
      (t, _o, nobody) => sql`${t.views} <= ${nobody} + 100`,
      (t, { and }, nobody) => and(sql`${t.views} <= ${sql`${nobody} + 100`}`, nobody),
      (t, { not }, nobody) => not(sql`${t.views} > ${nobody} + 100`),
      (_t, _o, nobody) => sql`exists (select 1 from ${tag} where ${tag.id} < ${nobody} + 100)`,
    ];
    for (const on of DATABASE_NAMES)
      for (const filter of filters) {
        const where = (context: { nobody?: undefined }, t: typeof article, o: unknown): any =>
          filter(t, o, context.nobody);
        const rule = { all: { select: true, where } } as const;
        const { get, patch, remove, post, database } = await start(
          {
            articles: { table: "article", control: { GET: rule, POST: rule, PATCH: rule, DELETE: rule } },
          } as TestACL,
          { on },
        );
        const before = await dump(database);
        const tried = [
          await get("articles"),
          await patch("articles", { title: "x" }),
          await remove("articles"),
          await post("articles", { title: "x", authorId: 1 }),
        ];
        for (const { status, body } of tried) expect(status !== 200 || body.count === 0).toBe(true);
        expect(await dump(database)).toBe(before);
      }
  }, 30_000);

  test("class 19: unknown is not true: no row passes a rule because a value of it is missing", async () => {
    const by = (where: (t: typeof article, o: any) => any) =>
      ({
        articles: {
          table: "article",
          control: {
            GET: {
              all: {
                select: { columns: ["id"] },
                where: (_: object, t: typeof article, o: unknown) => where(t, o),
              },
            },
            PATCH: {
              all: {
                select: true,
                write: true,
                where: (_: object, t: typeof article, o: unknown) => where(t, o),
              },
            },
          },
        },
      }) satisfies TestACL;
    // a1, a4 and a6 have no reviewer.
    for (const where of [
      (t: typeof article, { ne }: any) => ne(t.reviewerId, 9),
      (t: typeof article, { not, eq }: any) => not(eq(t.reviewerId, 9)),
      (t: typeof article, { notInArray }: any) => notInArray(t.reviewerId, [9]),
      (t: typeof article, { not, and, eq }: any) => not(and(eq(t.reviewerId, 9), eq(t.reviewerId, 9))),
    ])
      for (const on of DATABASE_NAMES) {
        const { get, patch } = await start(by(where), { on });
        expect(ids(await get("articles"))).toEqual(["a2", "a3", "a5"]);
        for (const client of ["(NOT:(id:'a2'))", "_((id.ne:'a2'),(NOT:(id:'zz')))_"])
          expect(ids(await get(ask("articles", `(where:${client})`)))).not.toContain("a1");
        expect(refusal(await patch("articles", { reviewerId: null }))).toMatchObject({
          code: "check-failed",
        });
      }
  });

  test("class 20: an empty list matches nothing, an empty group is refused, an empty rule admits nothing", async () => {
    const { get } = await start({
      ...acl,
      none: {
        table: "article",
        control: { GET: { all: { select: true, where: (_: object, _t, { or }) => or() } } },
      },
    } satisfies TestACL);
    expect((await get(ask("articles", "(where:(id.in:_()_))"))).body.count).toBe(0);
    for (const where of ["()", "_()_", "(OR:_()_)", "(AND:_()_)", "(NOT:())"])
      expect((await get(ask("articles", `(where:${where})`))).status).toBe(400);
    expect((await get("none")).body.count).toBe(0);
  });

  test("class 21: values are values: no quote, comma, operator, comment or escape in them is read as anything else", async () => {
    const { get, post, database } = await start(acl);
    const texts = [
      "' or 1=1 --",
      "a1' or '1'='1",
      "a1,a2",
      "%27%20or%201=1",
      "*",
      "%",
      "_",
      ");drop table articles;--",
      "${1}",
      "?1",
      "\u0001",
      "a1\n",
      "A1 ",
    ];
    for (const text of texts) {
      const found = await get(path("articles", { where: { id: text } }));
      expect([found.status, found.body.count]).toEqual([200, 0]);
      expect((await get(path("articles", { where: { "id.in": [text] } }))).body.count).toBe(0);
      const made = await post("articles?mine", { title: text }, { as: 2 });
      expect(made.body.articles[0].title).toBe(text);
    }
    expect((await get(path("articles", { where: { id: "a\0" } }))).status).toBe(400);
    expect(await database.$count(article)).toBe(6 + texts.length);
  });

  test("class 22: names come from the schema alone: no SQL in the place of a column, relation, order or resource", async () => {
    const { get } = await start(acl);
    for (const name of [
      'id" or 1=1 --',
      "id) or (1=1",
      "articles.id",
      "main.id",
      "rowid",
      "_rowid_",
      "oid",
      "ID",
      "created_at",
      "author_id",
      "id'",
      "*",
    ]) {
      for (const selector of [
        { columns: { [name]: true } },
        { where: { [name]: 1 } },
        { orderBy: { [name]: "asc" } },
        { with: { [name]: true } },
        { where: { [`id.${name}`]: "x" } },
      ])
        expect((await get(path("articles", selector))).status).toBe(400);
      expect((await get(encodeURIComponent(name))).status).toBe(404);
    }
    expect((await get(ask("articles", "(orderBy:(id:'asc; drop table articles'))"))).status).toBe(400);
  });

  test("class 23: inherited names are unknown in every place, and no body changes a prototype", async () => {
    const { get, post } = await start(acl);
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      for (const select of [
        `(columns:('${name}':T))`,
        `(where:('${name}':1))`,
        `(where:('id.${name}':1))`,
        `(orderBy:('${name}':1))`,
        `(with:('${name}':T))`,
        `('${name}':1)`,
      ])
        expect((await get(ask("articles", select))).status).toBe(400);
      expect((await get(`articles?${name}`)).status).toBe(400);
      expect((await get(name)).status).toBe(404);
    }
    const evil = '{"title":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    expect((await post("articles?mine", evil, { as: 2 })).status).toBe(400);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("class 24: a change by key touches that row alone, and no object, list or missing key stands for one", async () => {
    const { patch, remove, database } = await start({
      tags: {
        table: "tag",
        control: {
          PATCH: { all: { select: true, requireWhere: true, maxAffected: 1 } },
          DELETE: { all: { select: true, requireWhere: true, maxAffected: 1 } },
        },
      },
    });
    const before = await dump(database);
    for (const where of [
      "(id:(a:1))",
      "(id:_(1)_)",
      "(id:T)",
      "(id:'1')",
      "(id:U)",
      "(id:X)",
      "(id:1e400)",
    ]) {
      expect((await remove(ask("tags", `(where:${where})`))).status).toBe(400);
      expect((await patch(ask("tags", `(where:${where})`), { label: "x" })).status).toBe(400);
    }
    expect(refusal(await remove("tags"))).toMatchObject({ code: "limit-exceeded" });
    expect(refusal(await remove(ask("tags", "(where:(id.gt:0))")))).toMatchObject({ code: "limit-exceeded" });
    expect(await dump(database)).toBe(before);
    expect((await patch(ask("tags", "(where:(id:1))"), { label: "x" })).body.rowsAffected).toBe(1);
    expect((await remove(ask("tags", "(where:(id:3))"))).body.rowsAffected).toBe(1);
  });

  test("class 25: of thirty changes that expect the same old value one wins, and a lost right counts at once", async () => {
    for (const on of DATABASE_NAMES) {
      const { patch, database } = await start(acl, { on });
      const wish = path("articles", { where: { id: "a2", title: "Beta" } }, "mine");
      const all = await Promise.all(
        Array.from({ length: 30 }, (_, i) => patch(wish, { title: `t${i}` }, { as: 2 })),
      );
      expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
      expect(all.reduce((sum, { body }) => sum + body.rowsAffected, 0)).toBe(1);
      await database.run(sql`update articles set author_id = 1 where id = 'a3'`);
      expect(
        (await patch(path("articles", { where: { id: "a3" } }, "mine"), { title: "x" }, { as: 2 })).body
          .rowsAffected,
      ).toBe(0);
    }
  });

  test("class 26: no role a caller brings equals a reserved word, and no id in a session is a role", async () => {
    const { get } = await start(acl, {
      session: {
        parser: (request, context) =>
          void Object.assign(context, { me: request.headers.get("x-me"), role: "editor" }),
        getRole: (request) => request.headers.get("x-role"),
      },
    });
    for (const role of ["mine", "all", "guest", ""]) {
      const answer = await get("articles", { headers: { "x-role": role, "x-me": "editor" } });
      expect(ids(answer)).toEqual(["a1", "a2", "a4", "a6"]);
      expect(answer.body.articles[0]).not.toHaveProperty("views");
      expect((await get("articles?mine", { headers: { "x-role": role } })).status).toBe(401);
    }
  });

  test("class 27: rules do not add up: the first that applies decides alone", async () => {
    const { get } = await start(acl);
    const writer = await get("articles", { as: 2 }); // mine, before all and never with guest
    expect(ids(writer)).toEqual(["a2", "a3", "a4"]);
    expect((await get(ask("articles", "(with:(comments:T))"), { as: 2 })).body.code).toBe("unknown-relation");
    const editor = await get("articles?mine", { as: 1, role: "editor" });
    expect(ids(editor)).toEqual(["a1"]);
    expect(editor.body.articles[0]).not.toHaveProperty("views");
  });
});

describe("nothing is exhausted:", () => {
  const app = served(acl);

  test("class 34: depth, breadth, lists, conditions and the rows of a whole tree are counted before any statement", async () => {
    const deep = "(limit:1,with:(articles:(limit:1,with:(comments:(limit:1,with:(author:T))))))";
    expect((await app.get(ask("authors", deep))).body.code).toBe("unknown-relation");
    const { get } = await start(acl, { defaults: { maxDepth: 1 } });
    expect((await get(ask("authors", "(limit:1,with:(articles:(with:(comments:T))))"))).body.code).toBe(
      "depth-exceeded",
    );
    const many = (count: number, item: string): string => Array.from({ length: count }, () => item).join(",");
    for (const select of [
      `(where:_(${many(101, "(id:1)")})_)`,
      `(where:(id.in:_(${many(1_001, "1")})_))`,
      `(where:${"(NOT:".repeat(20)}(id:1)${")".repeat(20)})`,
      "(with:(articles:(with:(comments:T))))",
    ])
      expect([select.slice(0, 20), (await app.get(ask("authors", select))).body.code]).toEqual([
        select.slice(0, 20),
        "too-complex",
      ]);
    expect((await app.get(`authors?select=${"(".repeat(100)}`)).body.code).toBe("invalid-syntax");
    const bomb = `${"~".repeat(30)}1${"(a,b)~".repeat(30)}`;
    expect((await app.get(ask("authors", `(where:${bomb})`))).body.code).toBe("invalid-syntax");
  });

  test("class 35: a limit or offset that is no whole number from 0 is refused at every level", async () => {
    const wrong = [
      "-1",
      "1.5",
      "N",
      "X",
      "I",
      "-I",
      "'10'",
      "'0x10'",
      "_(1)_",
      "(a:1)",
      "T",
      "9007199254740993",
      "U",
    ];
    for (const value of wrong)
      for (const key of ["limit", "offset"])
        for (const select of [
          `(${key}:${value})`,
          `(with:(articles:(${key}:${value})))`,
          `(limit:1,with:(articles:(limit:1,with:(comments:(${key}:${value})))))`,
        ])
          expect([select, (await app.get(ask("authors", select))).status]).toEqual([select, 400]);
    expect((await app.get(ask("authors", "(limit:0)"))).body.count).toBe(0);
  });

  test("class 36: clients have no regular expressions, and a pattern's length and wildcards are capped", async () => {
    for (const operator of ["regexp", "match", "glob", "~", "similarTo"])
      expect((await app.get(path("authors", { where: { [`name.${operator}`]: "a" } }))).status).toBe(400);
    for (const pattern of ["%a".repeat(17), "a".repeat(1_001)])
      for (const operator of ["like", "notLike", "ilike", "notIlike"])
        expect((await app.get(path("authors", { where: { [`name.${operator}`]: pattern } }))).body.code).toBe(
          "too-complex",
        );
    for (const operator of ["contains", "istartsWith", "iendsWith"])
      expect(
        (await app.get(path("authors", { where: { [`name.${operator}`]: "a".repeat(1_001) } }))).body.code,
      ).toBe("too-complex");
  });

  test("class 37: a POST of many rows is bounded in rows and bytes, whatever its format", async () => {
    const { send, database } = await start(acl, { defaults: { maxRows: 3, maxBodySize: 2_000 } });
    const before = await dump(database);
    const row = '{"name":"x","email":"x"}';
    const json = (body: string): Promise<Answer> => send("POST", "authors", { body, headers: JSON_TYPE });
    expect((await json(`[${[row, row, row, row].join()}]`)).body.code).toBe("invalid-body");
    expect((await json(`[${" ".repeat(2_000)}]`)).body.code).toBe("too-large");
    expect(await dump(database)).toBe(before);
  });

  test("class 38: a policy uses the index there is, and where there is none the time is told as the statement's", async () => {
    const watched = await watch("libsql file");
    const { database, executed, close } = watched;
    const rules = {
      indexed: {
        table: "article",
        control: { GET: { all: { select: true, where: ({ me }, t, { eq }) => eq(t.authorId, me!) } } },
      },
      unindexed: {
        table: "article",
        control: { GET: { all: { select: true, where: ({ me }, t, { eq }) => eq(t.views, me!) } } },
      },
    } satisfies TestACL;
    const rooms = { execute: 0, others: 0 };
    const app = await start(rules, {
      opened: { database, url: "", close },
      ownConnection: false, // so that statements are seen at the client
      observe: (told) => {
        if (told.kind !== "answered") return;
        for (const [room, spent] of Object.entries(told.rooms))
          rooms[room === "execute" ? "execute" : "others"] += spent;
      },
    });
    // Both columns hold the same, ten rows for each value: the two policies admit the same rows.
    const numbers = (count: number): SQL =>
      sql`with recursive n(i) as (select 0 union all select i + 1 from n where i + 1 < ${count})`;
    await database.run(
      sql`${numbers(2_000)} insert into authors (id, name, email) select i + 1, 'n', i from n`,
    );
    await database.run(
      sql`${numbers(20_000)} insert into articles (id, author_id, title, views) select 'a' || i, i % 2000 + 1, 't', i % 2000 + 1 from n`,
    );
    await database.run(sql`analyze`);

    /** What a resource answers, how its statement goes about it, and where the time of twenty reads went. */
    const read = async (resource: keyof typeof rules) => {
      await app.get(resource, { as: 1 });
      executed.length = rooms.execute = rooms.others = 0;
      let answer = await app.get(resource, { as: 7 });
      for (let again = 1; again < 20; again++) answer = await app.get(resource, { as: 7 });
      const spent = { ...rooms };
      const [{ sql: text, args }] = executed as [{ sql: string; args: unknown[] }];
      const { rows } = await (database as unknown as { $client: Client }).$client.execute({
        sql: `explain query plan ${text}`,
        args: args as InArgs,
      });
      return {
        ids: new Set(ids(answer, resource)),
        plan: rows.map(({ detail }) => detail as string).join("\n"),
        spent,
      };
    };
    const indexed = await read("indexed");
    const unindexed = await read("unindexed");
    expect(indexed.ids.size).toBe(10);
    expect(unindexed.ids).toEqual(indexed.ids);
    expect(indexed.plan).toMatch(/SEARCH .*USING .*INDEX article_author/);
    expect(indexed.plan).not.toMatch(/SCAN articles/);
    expect(unindexed.plan).toMatch(/SCAN articles/);
    expect(unindexed.plan).not.toMatch(/SEARCH/);
    // Whoever watches sees which policy is slow, and that it is its statement.
    expect(unindexed.spent.execute).toBeGreaterThan(unindexed.spent.others);
    expect(unindexed.spent.execute).toBeGreaterThan(indexed.spent.execute);
  });
});

describe("nothing is open by default:", () => {
  const app = served(acl);

  test("class 39: a table, method, role or `select` that was forgotten is closed", async () => {
    const { get, post } = await start({
      tags: { table: "tag", control: { GET: { all: {} }, POST: { editor: { select: true } } } },
    });
    expect((await get("tags")).status).toBe(403);
    expect((await get("author")).status).toBe(404);
    expect((await post("tags", { label: "x" })).status).toBe(401);
    expect((await post("tags", { label: "x" }, { as: 1 })).status).toBe(403);
    expect((await post("tags", "{", { as: 1 })).status).toBe(403);
  });

  test("class 40: who may only read can write by no method, body or parameter", async () => {
    const { send, database } = await start(acl);
    const before = await dump(database);
    for (const method of ["POST", "PATCH", "DELETE"])
      for (const flags of ["", "?mine", "?guest", "?mine%7Cguest"])
        for (const sending of [{}, { as: 1, role: "editor" }, { as: 2 }])
          for (const [extra, refused] of [
            [{}, 405],
            [{ "x-http-method-override": "POST" }, 400],
          ] as const) {
            const { status } = await send(method, `notices${flags}`, {
              ...sending,
              body: '{"title":"x"}',
              headers: { ...JSON_TYPE, ...extra },
            });
            expect(status).toBe(refused);
          }
    const asking = { ...FORM_TYPE, "x-http-method-override": "GET" };
    for (const path of ["notices", "tags", "articles?mine"]) {
      const sent = { as: 2, headers: asking, body: "title=x" };
      expect((await send("POST", path, sent)).status).toBe(400);
    }
    for (const method of ["PUT", "TRACE", "PURGE"])
      expect((await send(method, "notices").catch(() => ({ status: 0 }))).status).not.toBe(200);
    expect((await send("GET", "notices?_method=DELETE")).status).toBe(400);
    expect(await dump(database)).toBe(before);
  });

  test("class 41: no other origin's page is let in unless `cors` names it, and JSON sent as plain text is refused", async () => {
    const origin = "https://evil.example";
    const { send } = await start(acl, { cors: { origin: "https://good.example", credentials: true } });
    const ask = { origin, "access-control-request-method": "DELETE" };
    for (const answers of [app.send, send]) {
      const preflight = await answers("OPTIONS", "articles", { headers: ask });
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
      const read = await answers("GET", "articles", { headers: { origin } });
      expect(read.headers.get("access-control-allow-origin")).toBeNull();
      for (const type of ["text/plain", "text/plain;application/json", "multipart/form-data"]) {
        const { status } = await answers("POST", "authors", {
          headers: { origin, "content-type": type },
          body: "{}",
        });
        expect(status).toBe(403);
      }
    }
    expect(start(acl, { cors: { origin: "*", credentials: true } })).rejects.toThrow("credentials");
  });

  test("class 42: tables of the same name in another database attached are not read", async () => {
    const opened = await DATABASES["bun:sqlite"]();
    const { database } = await start(acl, { opened });
    await database.run(sql`insert into authors (id, name, email) values (7, 'main', 'main')`);
    await database.run(sql`attach ':memory:' as other`);
    await database.run(sql`create table other.authors as select 8 as id, 'other' as name, '' as email`);
    const { get } = await start(acl, { opened: { ...opened, close: () => undefined } });
    expect((await get("authors")).text).not.toContain("other");
    expect((await get(encodeURIComponent("other.authors"))).status).toBe(404);
    expect(await database.select({ id: author.id }).from(author)).toEqual([{ id: 7 }]);
  });

  test("class 43: a relation is asked for by its own name and leads to its own table, never one the client names", async () => {
    for (const name of [
      "comment",
      "article",
      "reviews",
      "authors",
      "tags",
      "articles.comments",
      "mentor.students",
    ])
      expect((await app.get(path("authors", { with: { [name]: true } }))).body.code).toBe("unknown-relation");
    for (const key of ["table", "model", "as", "extras", "join"])
      expect((await app.get(path("authors", { [key]: "user" }))).status).toBe(400);
  });
});
