import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { jsonPatch } from "@bepalo/query/json-patch";
import { everywhere, type Told } from "../support/everywhere.ts";

// Merge patches (RFC 7396) and JSON Patch (RFC 6902): bodies that say what becomes of what a row is.

const sqlite = {
  page: lite.sqliteTable("pages", {
    id: lite.integer("id").primaryKey(),
    title: lite.text("title").notNull().default("t"),
    note: lite.text("note"),
    views: lite.integer("views").notNull().default(0),
    price: lite.numeric("price").notNull().default("1"),
    at: lite.integer("at", { mode: "timestamp_ms" }),
    data: lite.text("data", { mode: "json" }),
    more: lite.blob("more", { mode: "json" }),
    secret: lite.text("secret", { mode: "json" }),
    owner: lite.text("owner").notNull().default("me"),
    version: lite.integer("version").notNull().default(1),
  }),
};
const postgresql = {
  page: pg.pgTable("pages", {
    id: pg.integer("id").primaryKey(),
    title: pg.text("title").notNull().default("t"),
    note: pg.text("note"),
    views: pg.integer("views").notNull().default(0),
    price: pg.numeric("price").notNull().default("1"),
    at: pg.timestamp("at", { withTimezone: true }),
    data: pg.jsonb("data"),
    more: pg.json("more"),
    secret: pg.jsonb("secret"),
    owner: pg.text("owner").notNull().default("me"),
    version: pg.integer("version").notNull().default(1),
  }),
};

type Any = (...parameters: any[]) => any;
const seen: unknown[] = [];
const patch = (more: object): object => ({
  table: "page",
  control: { GET: { all: { select: true } }, PATCH: { all: { select: true, write: true, ...more } } },
});
const acl = {
  pages: patch({}),
  mine: patch({ where: ((_, t, { eq }) => eq(t.owner, "me")) as Any }),
  judged: patch({
    validateBody: (body: { data?: { size?: unknown } }) => {
      seen.push(structuredClone(body));
      if (typeof body.data?.size === "string")
        throw Object.assign(new Error(), { issues: [{ message: "no" }] });
      return body;
    },
  }),
  hooked: patch({
    beforeQuery: ({ body }: { body: unknown }) => void seen.push(structuredClone(body)),
    afterQuery: ({ result }: any) => (result.rowsAffected === 1 ? Response.json({ hook: true }) : undefined),
  }),
  grows: patch({
    transition: ((_: object, before: any, after: any, { gte }: any) => gte(after.views, before.views)) as Any,
  }),
  hidden: patch({ select: { mode: false, columns: ["secret"] } }),
  masked: patch({
    select: [
      { columns: ["id", "title", "note", "data"] },
      { columns: ["secret"], when: ((_, t, { eq }) => eq(t.owner, "you")) as Any },
    ],
  }),
  some: patch({ write: { columns: ["title", "data"] } }),
};

everywhere({ sqlite, postgresql }, acl, (place) => {
  const { run, handler } = place;
  let handle: QueryHandler | undefined;
  async function ask(type: string, path: string, body: unknown, headers: object = {}): Promise<Told> {
    handle ??= handler(acl, { jsonPatch, tables: { page: { version: "version" } } });
    const response = await handle(
      new Request(`http://local/query/${path}`, {
        method: "PATCH",
        headers: { "content-type": type, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    );
    return { status: response.status, body: await response.json() };
  }
  const merge = (body: unknown, resource = "pages", where = "id:1"): Promise<Told> =>
    ask("application/merge-patch+json; charset=utf-8", `${resource}?select=(where:(${where}))`, body);
  const json = (body: unknown, resource = "pages", where = "id:1"): Promise<Told> =>
    ask("application/json-patch+json", `${resource}?select=(where:(${where}))`, body);
  const stored = async (id = 1): Promise<any> => {
    const response = await handle!(new Request(`http://local/query/pages?select=(where:(id:${id}))`));
    const body: any = await response.json();
    return body.pages[0];
  };

  beforeEach(async () => {
    seen.length = 0;
    handle ??= handler(acl, { jsonPatch, tables: { page: { version: "version" } } });
    await run("delete from pages");
    await run(
      `insert into pages (id, note, data, secret, owner) values (1, 'n', '{"a":{"b":1,"c":[1,2]},"size":1}', '{"k":"v"}', 'me'), (2, null, '{"z":1}', null, 'you'), (3, null, null, null, 'me')`,
    );
  });
  afterEach(() => expect(place.errors.splice(0)).toEqual([]));

  test("no digit of what is stored is lost in silence, and no member by its name", async () => {
    const long = '{"big":12345678901234567890,"a":1}';
    await run(`update pages set data = '${long}' where id = 1`);
    const text = async (): Promise<string> =>
      (await handle!(new Request("http://local/query/pages?select=(where:(id:1),columns:(data:T))"))).text();
    const before = await text();
    expect(before).toContain("12345678901234567890");
    for (const { status, body } of [
      await merge({ data: { z: 1 } }),
      await json([{ op: "add", path: "/data/y", value: 2 }]),
      await json([{ op: "copy", from: "/data/big", path: "/data/more" }]),
    ])
      expect([status, body.code]).toEqual([400, "invalid-value"]);
    expect(await text()).toBe(before);
    const named = '[{"op":"add","path":"/note","value":{"__proto__":{"x":1}}}]';
    const { status, body } = await ask("application/json-patch+json", "pages?select=(where:(id:1))", named);
    expect([status, body.code, body.path]).toEqual([400, "invalid-body", "0.value"]);
  });

  describe("a merge patch", () => {
    test("merges JSON, and sets what is none", async () => {
      expect(
        await merge({ title: "new", note: null, data: { a: { b: null, d: { e: null, f: 2 } }, size: 3 } }),
      ).toMatchObject({ status: 200, body: { rowsAffected: 1 } });
      expect(await stored()).toMatchObject({
        title: "new",
        note: null,
        data: { a: { c: [1, 2], d: { f: 2 } }, size: 3 },
        version: 2,
      });
      expect(await merge({ more: { a: { b: null, c: 1 } } })).toMatchObject({
        body: { pages: [{ more: { a: { c: 1 } } }] },
      });
      expect(await merge({ more: { a: { c: null } } })).toMatchObject({
        body: { pages: [{ more: { a: {} } }] },
      });
    });

    // The examples of RFC 7396, appendix A.
    test.each([
      [{ a: "b" }, { a: "c" }, { a: "c" }],
      [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
      [{ a: "b" }, { a: null }, {}],
      [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
      [{ a: ["b"] }, { a: "c" }, { a: "c" }],
      [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
      [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
      [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
      [
        ["a", "b"],
        ["c", "d"],
        ["c", "d"],
      ],
      [{ a: "b" }, ["c"], ["c"]],
      [{ a: "foo" }, null, null],
      [{ a: "foo" }, "bar", "bar"],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: "b", c: null }, { a: "b" }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ])("%j with %j is %j", async (before, with_, after) => {
      await run(`update pages set data = '${JSON.stringify(before)}' where id = 1`);
      expect((await merge({ data: with_ })).status).toBe(200);
      expect((await stored()).data).toEqual(after);
    });

    test("each of several rows with its own", async () => {
      expect(await merge({ data: { n: 1 }, title: "s" }, "pages", "id.lte:3")).toMatchObject({
        status: 200,
        body: { rowsAffected: 3, count: 3, pages: [{ id: 1 }, { id: 2 }, { id: 3 }] },
      });
      expect((await stored(1)).data).toEqual({ a: { b: 1, c: [1, 2] }, size: 1, n: 1 });
      expect((await stored(2)).data).toEqual({ z: 1, n: 1 });
      expect((await stored(3)).data).toEqual({ n: 1 });
    });

    test("more rows than a client wants are left as they are", async () => {
      const told = await ask(
        "application/merge-patch+json",
        "pages?select=(where:(id.lte:3))",
        { data: { n: 1 } },
        { prefer: "max-affected=2" },
      );
      expect(told).toMatchObject({ status: 400, body: { code: "limit-exceeded" } });
      expect((await stored(2)).data).toEqual({ z: 1 });
    });

    test("of no row there is none", async () => {
      expect(await merge({ data: { n: 1 } }, "mine", "id:2")).toEqual({
        status: 200,
        body: { rowsAffected: 0, count: 0, mine: [] },
      });
    });

    test("a validator sees what it comes to, and hooks as well", async () => {
      expect(await merge({ data: { size: 2 } }, "judged")).toMatchObject({ status: 200 });
      expect(seen).toEqual([{ data: { a: { b: 1, c: [1, 2] }, size: 2 } }]);
      expect(await merge({ data: { size: "x" } }, "judged")).toMatchObject({
        status: 400,
        body: { code: "invalid-body" },
      });
      seen.length = 0;
      expect(await merge({ data: { size: 2 } }, "hooked")).toEqual({ status: 200, body: { hook: true } });
      expect((await stored()).data.size).toBe(2);
    });

    test("a column that is hidden, or masked on the row, is not merged", async () => {
      expect(await merge({ secret: { k: 1 } }, "hidden")).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "secret" },
      });
      expect(await merge({ secret: "all" }, "hidden")).toMatchObject({ status: 200 });
      expect(await merge({ secret: { k: 1 } }, "masked")).toMatchObject({
        status: 403,
        body: { code: "check-failed", path: "secret" },
      });
    });

    test("`$inc` is a name like any other", async () => {
      expect(await merge({ views: { $inc: 1 } })).toMatchObject({ status: 400, body: { path: "views" } });
      expect(await merge({ data: { $inc: 1 } })).toMatchObject({ status: 200 });
      expect((await stored()).data.$inc).toBe(1);
    });

    test("names of JavaScript are names", async () => {
      const body = '{"data":{"__proto__":{"x":1},"constructor":{"prototype":{"y":1}}}}';
      expect(await merge(body)).toMatchObject({ status: 200 });
      expect(({} as any).x).toBeUndefined();
      expect(({} as any).y).toBeUndefined();
    });

    test.each([
      ["a list", []],
      ["a text", '"x"'],
      ["nothing", {}],
    ])("%s is refused", async (_, body) => {
      expect(await merge(body)).toMatchObject({ status: 400, body: { code: "invalid-body" } });
    });
  });

  describe("a JSON Patch", () => {
    test("each operation", async () => {
      expect(
        await json([
          { op: "test", path: "/data/a/b", value: 1 },
          { op: "test", path: "/data", value: { size: 1, a: { c: [1, 2], b: 1 } } },
          { op: "add", path: "/data/a/c/1", value: 9 },
          { op: "add", path: "/data/a/c/-", value: { x: [] } },
          { op: "replace", path: "/data/size", value: 2 },
          { op: "copy", from: "/data/a", path: "/data/copy" },
          { op: "move", from: "/data/size", path: "/data/moved" },
          { op: "remove", path: "/data/a/b" },
          { op: "replace", path: "/title", value: "new" },
          { op: "copy", from: "/title", path: "/note" },
          { op: "add", path: "/data/a~1b~0c", value: null },
        ]),
      ).toMatchObject({ status: 200, body: { rowsAffected: 1, pages: [{ title: "new", version: 2 }] } });
      expect(await stored()).toMatchObject({
        title: "new",
        note: "new",
        data: {
          a: { c: [1, 9, 2, { x: [] }] },
          copy: { b: 1, c: [1, 9, 2, { x: [] }] },
          moved: 2,
          "a/b~c": null,
        },
      });
    });

    test("values are those that are answered, and those that columns take", async () => {
      expect(
        await json([
          { op: "add", path: "/at", value: "2024-01-02T03:04:05.000Z" },
          { op: "replace", path: "/price", value: "2.5" },
          { op: "replace", path: "/views", value: 7 },
        ]),
      ).toMatchObject({ status: 200 });
      expect(
        await json([
          { op: "test", path: "/at", value: "2024-01-02T03:04:05.000Z" },
          { op: "test", path: "/price", value: "2.5" },
          { op: "test", path: "/views", value: 7 },
          { op: "remove", path: "/at" },
        ]),
      ).toMatchObject({ status: 200, body: { pages: [{ at: null }] } });
      expect(await json([{ op: "replace", path: "/views", value: "many" }])).toMatchObject({
        status: 400,
        body: { code: "invalid-value", path: "views" },
      });
      expect(await json([{ op: "remove", path: "/title" }])).toMatchObject({
        status: 400,
        body: { path: "title" },
      });
    });

    test("a test that fails undoes all", async () => {
      const before = await stored();
      expect(
        await json([
          { op: "replace", path: "/title", value: "x" },
          { op: "test", path: "/data/a/b", value: "1" },
        ]),
      ).toMatchObject({ status: 409, body: { code: "conflict", path: "1.path" } });
      expect(await stored()).toEqual(before);
    });

    test.each([
      [{ op: "remove", path: "/data/none" }, "0.path"],
      [{ op: "replace", path: "/data/a/c/2", value: 1 }, "0.path"],
      [{ op: "add", path: "/data/a/c/4", value: 1 }, "0.path"],
      [{ op: "add", path: "/data/a/c/01", value: 1 }, "0.path"],
      [{ op: "add", path: "/data/none/x", value: 1 }, "0.path"],
      [{ op: "add", path: "/title/x", value: 1 }, "0.path"],
      [{ op: "copy", from: "/data/a/c/length", path: "/note" }, "0.from"],
      [{ op: "copy", from: "/data/toString", path: "/note" }, "0.from"],
      [{ op: "move", from: "/data/a", path: "/data/a/x" }, "0.path"],
      [{ op: "test", path: "/data/none", value: null }, "0.path"],
    ])("%j finds nothing to do", async (operation, path) => {
      const operations =
        operation.op === "test" ? [operation, { op: "add", path: "/note", value: "x" }] : [operation];
      expect(await json(operations)).toMatchObject({ status: 409, body: { code: "conflict", path } });
    });

    test.each([
      ["no list", {}],
      ["an empty one", []],
      ["only tests", [{ op: "test", path: "/title", value: "t" }]],
      ["no operation", [1]],
      ["another operation", [{ op: "inc", path: "/views" }]],
      ["one of JavaScript's", [{ op: "toString", path: "/views" }]],
      ["no path", [{ op: "remove" }]],
      ["the whole row", [{ op: "replace", path: "", value: {} }]],
      ["no pointer", [{ op: "remove", path: "note" }]],
      ["a bad escape", [{ op: "remove", path: "/data/~2" }]],
      ["no value", [{ op: "add", path: "/note" }]],
      ["no from", [{ op: "copy", path: "/note" }]],
      ["__proto__", [{ op: "add", path: "/data/__proto__/x", value: 1 }]],
      ["constructor", [{ op: "add", path: "/data/constructor/prototype/x", value: 1 }]],
      ["__proto__ of rows", [{ op: "add", path: "/__proto__", value: 1 }]],
      ["too many", Array.from({ length: 101 }, () => ({ op: "add", path: "/note", value: "x" }))],
    ])("%s is refused", async (_, body) => {
      const before = await stored();
      expect(await json(body)).toMatchObject({ status: 400, body: { code: "invalid-body" } });
      expect(await stored()).toEqual(before);
    });

    test("one row is named by its key", async () => {
      for (const where of ["id.lte:1", "title:t", "_(id:1,(id:2))_"]) {
        const told = await json([{ op: "add", path: "/note", value: "x" }], "pages", where);
        expect(told.status).toBe(400);
      }
      expect(await json([{ op: "add", path: "/note", value: "x" }], "mine", "id:2")).toEqual({
        status: 200,
        body: { rowsAffected: 0, count: 0, mine: [] },
      });
    });

    test("columns are writable, and readable where they are looked at", async () => {
      const unknown = { status: 400, body: { code: "unknown-column" } };
      const note = { op: "add", path: "/note", value: "x" };
      expect(await json([note], "some")).toMatchObject(unknown);
      expect(await json([{ op: "add", path: "/none", value: 1 }])).toMatchObject(unknown);
      for (const operation of [
        { op: "test", path: "/secret", value: 1 },
        { op: "test", path: "/secret/k", value: 1 },
        { op: "copy", from: "/secret", path: "/note" },
        { op: "move", from: "/secret", path: "/note" },
        { op: "add", path: "/secret/x", value: 1 },
      ])
        expect(await json([note, operation], "hidden")).toMatchObject(unknown);
      expect(await json([{ op: "replace", path: "/secret", value: 1 }], "hidden")).toMatchObject({
        status: 200,
      });
      // What may be read and not written may be tested.
      expect(
        await json(
          [
            { op: "test", path: "/note", value: "n" },
            { op: "add", path: "/title", value: "x" },
          ],
          "some",
        ),
      ).toMatchObject({ status: 200 });
    });

    test("what is masked on the row is not looked at", async () => {
      const refused = { status: 403, body: { code: "check-failed", path: "secret" } };
      for (const value of [null, { k: "v" }])
        expect(
          await json(
            [
              { op: "test", path: "/secret", value },
              { op: "add", path: "/note", value: "x" },
            ],
            "masked",
          ),
        ).toMatchObject(refused);
      expect(await json([{ op: "add", path: "/secret", value: 1 }], "masked")).toMatchObject({ status: 200 });
    });

    test("the transition is asked, and the validator of what it comes to", async () => {
      expect(await json([{ op: "replace", path: "/views", value: -1 }], "grows")).toMatchObject({
        status: 403,
      });
      expect(await json([{ op: "replace", path: "/views", value: 1 }], "grows")).toMatchObject({
        status: 200,
      });
      expect(await json([{ op: "replace", path: "/data/size", value: "x" }], "judged")).toMatchObject({
        status: 400,
        body: { code: "invalid-body" },
      });
      expect(await json([{ op: "replace", path: "/note", value: "x" }], "hooked")).toEqual({
        status: 200,
        body: { hook: true },
      });
      expect(seen.at(-1)).toEqual({ note: "x" });
      expect((await stored()).note).toBe("x");
    });

    test("what it copies does not grow without an end", async () => {
      const wide = Array.from({ length: 99 }, () => ({ op: "copy", from: "/data", path: "/data/x" }));
      expect(await json(wide)).toMatchObject({ status: 400, body: { code: "invalid-body" } });
      const big = "x".repeat(400_000);
      expect(
        await json([
          { op: "add", path: "/data", value: { list: [big] } },
          { op: "copy", from: "/data/list/0", path: "/data/list/-" },
          { op: "copy", from: "/data/list", path: "/data/list/-" },
        ]),
      ).toMatchObject({ status: 413, body: { code: "too-large" } });
    });

    test("of many at once none is lost", async () => {
      await run(`update pages set data = '{"list":[]}' where id = 1`);
      const told = await Promise.all(
        Array.from({ length: 10 }, (_, index) => json([{ op: "add", path: "/data/list/-", value: index }])),
      );
      expect(told.map(({ status }) => status)).toEqual(told.map(() => 200));
      expect((await stored()).data.list.toSorted((a: number, b: number) => a - b)).toEqual(
        told.map((_, index) => index),
      );
    });
  });

  test("other methods take neither, and a route without JSON Patch says so", async () => {
    const plain = handler(acl);
    const send = async (method: string, type: string): Promise<any> => {
      const response = await plain(
        new Request("http://local/query/pages?select=(where:(id:1))", {
          method,
          headers: { "content-type": type },
          body: "[]",
        }),
      );
      return { status: response.status, body: await response.json() };
    };
    expect(await send("PATCH", "application/json-patch+json")).toMatchObject({
      status: 415,
      body: {
        code: "unsupported-media-type",
        hint: "send application/json, application/rjson, application/x-www-form-urlencoded, application/merge-patch+json",
      },
    });
  });
});
