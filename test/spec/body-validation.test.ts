import { describe, expect, test } from "bun:test";
import { type } from "arktype";
import { createInsertSchema, createUpdateSchema } from "drizzle-arktype";
import * as v from "valibot";
import { z } from "zod";
import { HttpError } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import { article } from "../support/schema.ts";
import { type Control, DATABASE_NAMES, dump, path, refusal, server } from "../support/write.ts";

const start = server();

type Rule = NonNullable<NonNullable<Control<"article">["POST"]>["writer"]>;

/** Articles whose POST and PATCH are validated as a test wishes. */
const validated = (validateBody: NonNullable<Rule["validateBody"]>, more: object = {}): TestACL => ({
  articles: {
    table: "article",
    control: {
      POST: { writer: { select: true, validateBody, ...more } },
      PATCH: { writer: { select: true, validateBody, ...more } },
    },
  },
});

const me = { injectBody: (body: object, { me }: { me: number }) => ({ ...body, authorId: me }) };
const insert = createInsertSchema(article).pick("title", "body");
const update = createUpdateSchema(article).pick("title", "body");

const VALIDATORS: readonly (readonly [string, NonNullable<Rule["validateBody"]>])[] = [
  [
    "`createInsertSchema(…).pick(…)` called in a function, which answers its errors",
    (body: unknown) => insert(body),
  ],
  [
    "`createInsertSchema(…).pick(…).assert` in a function, which throws",
    (body: unknown) => insert.assert(body),
  ],
  ["an asynchronous function around `assert`", async (body: unknown) => insert.assert(body)],
  ["`createInsertSchema(…).pick(…)` itself", insert],
  ["an ArkType", type({ title: "string <= 50", "body?": "string | null" })],
  ["a Zod schema", z.object({ title: z.string().max(50), body: z.string().nullish() })],
  ["a Zod schema's `parse`", (body: unknown) => z.object({ title: z.string().max(50) }).parse(body)],
  [
    "a Zod schema's `parseAsync`",
    (body: unknown) => z.object({ title: z.string().max(50) }).parseAsync(body),
  ],
  ["a Valibot schema", v.object({ title: v.pipe(v.string(), v.maxLength(50)) })],
  [
    "Valibot's `parse`",
    (body: unknown) => v.parse(v.object({ title: v.pipe(v.string(), v.maxLength(50)) }), body),
  ],
  [
    "an asynchronous Standard Schema",
    {
      "~standard": {
        version: 1,
        vendor: "here",
        validate: async (value: unknown) => {
          await Promise.resolve();
          return typeof (value as { title?: unknown }).title === "string"
            ? { value }
            : { issues: [{ message: "title must be a text", path: [{ key: "title" }] }] };
        },
      },
    },
  ],
];

describe.each(VALIDATORS)("validateBody: %s", (_, validateBody) => {
  test("lets through what is valid", async () => {
    const app = await start(validated(validateBody, me), { on: "libsql memory" });
    const answer = await app.post(
      path("articles", { columns: { title: true, authorId: true } }),
      { title: "ok" },
      { as: 3 },
    );
    expect(answer.body).toEqual({ rowsAffected: 1, count: 1, articles: [{ title: "ok", authorId: 3 }] });
    const many = await app.post("articles", [{ title: "one" }, { title: "two" }], { as: 3 });
    expect(many.body.articles.map(({ title }: { title: string }) => title)).toEqual(["one", "two"]);
  });

  test("answers 400 with the issues as a list, and writes nothing", async () => {
    const app = await start(validated(validateBody, me), { on: "libsql memory" });
    const before = await dump(app.database);
    const answer = await app.post("articles", { title: 5 }, { as: 3 });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-body", path: "title" });
    expect(answer.body.issues).toHaveLength(1);
    expect(answer.body.issues[0]).toEqual({ message: expect.any(String), path: "title" });
    expect(answer.body.issues[0].message.length).toBeGreaterThan(3);
    const missing = await app.patch(path("articles", { where: { title: "Alpha" } }), {}, { as: 3 });
    expect(refusal(missing)).toEqual({ status: 400, code: "invalid-body", path: "title" });
    expect(await dump(app.database)).toBe(before);
    expect(app.errors).toEqual([]);
  });

  test("names the row of an array", async () => {
    const app = await start(validated(validateBody, me), { on: "libsql memory" });
    const before = await dump(app.database);
    const answer = await app.post("articles", [{ title: "fine" }, { title: 5 }], { as: 3 });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-body", path: "1.title" });
    expect(answer.body.issues.map(({ path }: { path: string }) => path)).toEqual(["1.title"]);
    expect(await dump(app.database)).toBe(before);
  });
});

describe("validateBody", () => {
  test("reports every issue of a row", async () => {
    const schema = z.object({ title: z.string(), body: z.string() });
    const app = await start(validated(schema, me));
    const answer = await app.post("articles", { title: 5, body: 6 }, { as: 3 });
    expect(answer.body.issues.map(({ path }: { path: string }) => path)).toEqual(["title", "body"]);
  });

  test("validates every row of an array, not only those before the first that is wrong", async () => {
    const app = await start(validated(z.object({ title: z.string() }), me));
    const answer = await app.post("articles", [{ title: 1 }, { title: "fine" }, { title: 3 }], { as: 3 });
    expect(answer.body.issues.map(({ path }: { path: string }) => path)).toEqual(["0.title", "2.title"]);
  });

  test("names where inside a value it went wrong", async () => {
    const schema = z.object({ title: z.string(), body: z.object({ parts: z.array(z.string()) }) });
    const app = await start(validated(schema, me));
    const answer = await app.post("articles", { title: "t", body: { parts: ["a", 1] } }, { as: 3 });
    expect(answer.body.issues.map(({ path }: { path: string }) => path)).toEqual(["body.parts.1"]);
  });

  test("may change what is written", async () => {
    const app = await start(validated(z.object({ title: z.string().trim().toUpperCase() }), me));
    const answer = await app.post("articles", { title: " soft " }, { as: 3 });
    expect(answer.body.articles[0].title).toBe("SOFT");
  });

  test("may make dates of texts", async () => {
    const schema = z.object({ title: z.string(), createdAt: z.coerce.date() });
    const app = await start(validated(schema, me));
    const answer = await app.post(
      "articles",
      { title: "t", createdAt: "2024-01-02T03:04:05.678Z" },
      { as: 3 },
    );
    expect(answer.body.articles[0].createdAt).toBe("2024-01-02T03:04:05.678Z");
  });

  test("drops a client's key, and then the key is not written and not refused", async () => {
    const app = await start(validated(z.object({ title: z.string() }), me));
    const answer = await app.post(
      "articles",
      { title: "t", id: "forged", views: 1000, nonsense: 1 },
      { as: 3 },
    );
    expect(answer.status).toBe(200);
    expect(answer.body.articles[0].views).toBe(0);
    expect(answer.body.articles[0].id).not.toBe("forged");
  });

  test("lets an undeclared key through, as ArkType does, and then the key is refused", async () => {
    const app = await start(validated((body: unknown) => insert.assert(body), me));
    const before = await dump(app.database);
    const id = await app.post("articles", { title: "t", id: "forged" }, { as: 3 });
    expect(refusal(id)).toEqual({ status: 400, code: "unknown-column", path: "id" });
    const other = await app.post("articles", { title: "t", nonsense: 1 }, { as: 3 });
    expect(refusal(other)).toEqual({ status: 400, code: "unknown-column", path: "nonsense" });
    expect(await dump(app.database)).toBe(before);
  });

  test("cannot be used to write a column the rule does not let write, whatever it lets through", async () => {
    const passing = z.looseObject({ title: z.string(), views: z.coerce.number().optional() });
    const app = await start(validated(passing, { ...me, write: { columns: ["title"] } }));
    const before = await dump(app.database);
    for (const views of [5, "5"]) {
      const answer = await app.post("articles", { title: "t", views }, { as: 3 });
      expect(refusal(answer)).toEqual({ status: 400, code: "unknown-column", path: "views" });
    }
    expect(await dump(app.database)).toBe(before);
  });

  test("is handed the caller's context and may refuse with an HttpError of its own", async () => {
    const app = await start(
      validated(((body: object, { me }: { me: number }) => {
        if (me === 3) throw new HttpError("cleo is on holiday", 423);
        return { ...body, authorId: me };
      }) as never),
    );
    const refused = await app.post("articles", { title: "t" }, { as: 3 });
    expect(refused.status).toBe(423);
    expect(refused.body.error).toBe("cleo is on holiday");
    expect((await app.post("articles", { title: "t" }, { as: 2 })).body.articles[0].authorId).toBe(2);
  });

  test("that fails for a reason of its own is 500 without its text, and the error goes to `onError`", async () => {
    const app = await start(
      validated(() => {
        throw new Error("secret of the server");
      }),
    );
    const answer = await app.post("articles", { title: "t" }, { as: 2 });
    expect(refusal(answer)).toEqual({ status: 500, code: "internal-error" });
    expect(answer.text).not.toContain("secret");
    expect(app.errors).toEqual([new Error("secret of the server")]);
  });

  test("sees the fields of a form as its columns have them", async () => {
    const schema = z.object({ title: z.string(), views: z.number(), published: z.boolean() });
    const app = await start(validated(schema, me));
    const answer = await app.send("POST", "articles", {
      as: 3,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "title=7&views=7&published=on",
    });
    expect(answer.body.articles[0]).toMatchObject({ title: "7", views: 7, published: true });
  });

  test("of a PATCH with an update schema takes some of the columns", async () => {
    const app = await start(validated((body: unknown) => update.assert(body)));
    const answer = await app.patch(
      path("articles", { where: { title: "Alpha" } }),
      { body: "new" },
      { as: 1 },
    );
    expect(answer.body.articles[0]).toMatchObject({ id: "a1", title: "Alpha", body: "new" });
  });
});

describe("injectBody", () => {
  const injecting = (injectBody: (...parameters: never[]) => unknown, more: object = {}): TestACL =>
    ({
      articles: {
        table: "article",
        control: {
          POST: { writer: { select: true, injectBody, ...more } },
          PATCH: { writer: { select: true, injectBody, ...more } },
        },
      },
    }) as unknown as TestACL;

  test("may set any column, also the key and what the client may not write", async () => {
    const app = await start(
      injecting(
        (body: object, { me }: { me: number }) => ({ ...body, id: "given", authorId: me, views: 77 }),
        {
          write: { columns: ["title"] },
        },
      ),
    );
    const answer = await app.post("articles", { title: "t" }, { as: 3 });
    expect(answer.body.articles[0]).toMatchObject({ id: "given", authorId: 3, views: 77, title: "t" });
  });

  test("does not make good what the client may not write: its key is refused, whatever stands in its place", async () => {
    const app = await start(
      injecting((body: object, { me }: { me: number }) => ({ ...body, authorId: me }), {
        write: { columns: ["title"] },
      }),
    );
    const before = await dump(app.database);
    for (const authorId of [1, 3]) {
      const answer = await app.post("articles", { title: "t", authorId }, { as: 3 });
      expect(refusal(answer)).toEqual({ status: 400, code: "unknown-column", path: "authorId" });
    }
    expect(await dump(app.database)).toBe(before);
  });

  test("may change the very object it is handed", async () => {
    const app = await start(
      injecting(
        (body: { views?: number }) => {
          body.views = 5;
          return body;
        },
        { write: { columns: ["title", "authorId"] } },
      ),
    );
    const answer = await app.post("articles", { title: "t", authorId: 2 }, { as: 3 });
    expect(answer.body.articles[0].views).toBe(5);
    const forged = await app.post("articles", { title: "t", authorId: 2, published: true }, { as: 3 });
    expect(refusal(forged)).toEqual({ status: 400, code: "unknown-column", path: "published" });
  });

  test("may be asynchronous, and runs for every row of an array", async () => {
    let calls = 0;
    const app = await start(
      injecting(async (body: object) => {
        await Promise.resolve();
        return { ...body, authorId: 2, views: ++calls };
      }),
    );
    const answer = await app.post(
      path("articles", { columns: { views: true } }),
      [{ title: "a" }, { title: "b" }],
      { as: 3 },
    );
    expect(answer.body.articles).toEqual([{ views: 1 }, { views: 2 }]);
  });

  test("takes a key out, and then it is neither written nor refused", async () => {
    const app = await start(
      injecting((body: { extra?: unknown; title: string }) => ({ title: body.title, authorId: 2 })),
    );
    const answer = await app.post("articles", { title: "t", extra: { any: "thing" } }, { as: 3 });
    expect(answer.status).toBe(200);
  });

  test("is trusted with columns, not with kinds: what does not fit its column is refused before SQL is made", async () => {
    const app = await start(injecting((body: object) => ({ ...body, authorId: 2, views: 2 ** 60 })));
    const before = await dump(app.database);
    const answer = await app.post("articles", { title: "t" }, { as: 3 });
    expect(refusal(answer)).toEqual({ status: 400, code: "invalid-value", path: "views" });
    expect(await dump(app.database)).toBe(before);
  });

  test("runs after validateBody", async () => {
    const order: string[] = [];
    const app = await start(
      injecting(
        (body: object) => {
          order.push("injectBody");
          return { ...body, authorId: 2 };
        },
        {
          validateBody: (body: unknown) => {
            order.push("validateBody");
            return body;
          },
          beforeQuery: () => void order.push("beforeQuery"),
          afterQuery: () => void order.push("afterQuery"),
        },
      ),
    );
    await app.post("articles", { title: "t" }, { as: 3 });
    expect(order).toEqual(["validateBody", "injectBody", "beforeQuery", "afterQuery"]);
  });
});

describe("a value that is undefined was not given", () => {
  const injectBody = (body: object): object => ({ authorId: 1, views: 7, ...body });
  const write = { columns: ["title", "body", "rating"] } as const;
  const rule = {
    writer: { select: { columns: ["authorId", "title", "body", "views"] }, write, injectBody },
  } as const;
  const stripping = {
    ...rule.writer,
    validateBody: ({ title }: { title: string }) => ({ title, authorId: undefined }),
  };
  const acl = {
    articles: { table: "article", control: { POST: rule, PATCH: rule } },
    stripped: { table: "article", control: { POST: { writer: stripping }, PATCH: { writer: stripping } } },
    passed: {
      table: "article",
      control: {
        POST: {
          writer: { ...rule.writer, validateBody: z.looseObject({ authorId: z.number().optional() }) },
        },
      },
    },
  } as unknown as TestACL;
  const headers = { "content-type": "application/rjson" };

  test.each(DATABASE_NAMES)("in a body of RJSON, on %s", async (on) => {
    const app = await start(acl, { on });
    const { database } = app;
    const before = await dump(database);
    const refused = [
      ["POST", "articles", "(title:text,authorId:U)", "authorId"],
      ["POST", "articles", "(title:text,views:U)", "views"],
      ["POST", "articles", "(title:text,secret:U)", "secret"],
      ["POST", "articles", "_((title:text),(title:text,views:U))_", "1.views"],
      ["POST", "passed", "(title:text,authorId:U)", "authorId"],
      ["PATCH", "articles", "(title:text,authorId:U)", "authorId"],
      ["PATCH", "articles", "(id:U,title:text)", "id"],
    ] as const;
    for (const [method, resource, body, path] of refused)
      expect(refusal(await app.send(method, resource, { as: 2, headers, body }))).toEqual({
        status: 400,
        code: "unknown-column",
        path,
      });
    for (const [method, body, code, path] of [
      ["POST", "(title:U)", "invalid-body", "title"],
      ["POST", "U", "invalid-body"],
      ["POST", "_(U)_", "invalid-body", "0"],
    ] as const)
      expect(refusal(await app.send(method, "articles", { as: 2, headers, body }))).toEqual({
        status: 400,
        code,
        ...(path !== undefined && { path }),
      });
    expect(await dump(database)).toBe(before);
    const row = { authorId: 1, title: "text", body: null, views: 7 };
    expect(
      (await app.send("POST", "articles", { as: 2, headers, body: "(title:text,body:U)" })).body.articles,
    ).toEqual([row]);
    expect(
      (await app.send("POST", "stripped", { as: 2, headers, body: "(title:text,authorId:2)" })).body.stripped,
    ).toEqual([row]);
    expect(
      (
        await app.send("PATCH", path("articles", { where: { title: "Alpha" } }), {
          as: 2,
          headers,
          body: "(title:other,body:U)",
        })
      ).body.articles,
    ).toEqual([{ authorId: 1, title: "other", body: "first", views: 7 }]);
  });
});
