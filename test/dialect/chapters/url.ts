import { describe, expect, test } from "bun:test";
import { ask, ids } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 2: the URL and its parameters. */
export function url(app: Subject): void {
  test.each(["countTotal", "countTotal=", "countTotal=T", "countTotal=true"])(
    "`%s` is true",
    async (flag) => {
      expect((await app.get(`articles?${flag}`)).body.total).toBe(6);
    },
  );
  test.each(["countTotal=F", "countTotal=false"])("`%s` is false", async (flag) => {
    expect((await app.get(`articles?${flag}`)).body.total).toBeUndefined();
  });
  test.each(["countTotal=1", "findFirst=yes", "mine=TRUE", "guest=N", "mine|guest=%20"])(
    "`%s` is neither",
    async (flag) => {
      const name = flag.split("=")[0]!;
      expect(refusal(await app.get(`articles?${flag}`))).toEqual({
        status: 400,
        code: "invalid-value",
        path: name,
      });
    },
  );

  test.each(["countTotl", "constructor", "__proto__", "limit", ""])(
    "the parameter `%s` is unknown",
    async (name) => {
      expect((await app.get(`articles?${name}=T`)).body).toMatchObject({
        error: `unknown parameter \`${name}\``,
        code: "unknown-parameter",
      });
    },
  );
  test.each(["select=(limit:1)&select=(limit:2)", "mine&mine", "countTotal&countTota%6c"])(
    "one given twice is refused: %s",
    async (search) => {
      expect(refusal(await app.get(`articles?${search}`))).toMatchObject({ code: "unknown-parameter" });
    },
  );
  test("two scopes at once are refused", async () => {
    for (const search of ["mine&guest", "mine&mine|guest", "guest=T&mine=true"])
      expect(refusal(await app.get(`articles?${search}`))).toMatchObject({
        status: 400,
        code: "invalid-value",
      });
  });
  test("flags that a method has no use for are unknown", async () => {
    for (const [method, flag] of [
      ["POST", "findFirst"],
      ["DELETE", "findFirst"],
      ["OPTIONS", "countTotal"],
    ] as const)
      expect(refusal(await app.send(method, `labels?${flag}`))).toEqual({
        status: 400,
        code: "unknown-parameter",
        path: flag,
      });
  });

  test("`select` with nothing in it is as if absent", async () => {
    const { text } = await app.get("articles");
    for (const search of ["select=", "select", "&&"])
      expect((await app.get(`articles?${search}`)).text).toBe(text);
  });
  test.each(["N", "T", "5", "'a'", "_()_", "word"])("`select=%s` is no map", async (select) => {
    expect(refusal(await app.get(ask("articles", select)))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "select",
    });
  });
  test.each([
    ["GET", "articles", "nope"],
    ["POST", "labels", "where"],
    ["POST", "labels", "limit"],
    ["PATCH", "labels", "orderBy"],
    ["PATCH", "labels", "offset"],
    ["DELETE", "labels", "limit"],
    ["GET", "articles", "constructor"],
  ])("%s %s does not take the key `%s`", async (method, resource, key) => {
    expect(refusal(await app.send(method, ask(resource, `(${key}:(a:1))`)))).toEqual({
      status: 400,
      code: "invalid-value",
      path: `select.${key}`,
    });
  });
  test.each(["(", "(limit:1", "(where:(title:'a)", "(a b:1)", "(limit=1)", '{"limit":1}', "(__proto__:1)"])(
    "`%s` is no RJSON",
    async (select) => {
      expect(refusal(await app.get(ask("articles", select)))).toEqual({
        status: 400,
        code: "invalid-syntax",
        path: "select",
      });
    },
  );

  test("is read as it is written in the manual: bare words, mapped lists, percent signs, pluses", async () => {
    expect(ids(await app.get("articles?select=(orderBy:(views:desc),where:(title:Beta))"))).toEqual(["a2"]);
    expect((await app.get("articles?select=(columns:~T(id,title)~,limit:1)")).body.articles).toEqual([
      { id: "a1", title: "Alpha" },
    ]);
    expect(ids(await app.get("articles?select=(where:(body:'100%25+sure'))"))).toEqual(["a3"]);
    expect(ids(await app.get("articles?select=(where:(body.like:'100%% sure'))"))).toEqual(["a3"]);
    expect(ids(await app.get("articles?select=(where:(body.endsWith:'%'))"))).toEqual([]);
  });
  test.each(["%ff", "%c3%28", "%ed%a0%80", "%00", "%"])(
    "bytes that are no text are refused: %s",
    async (bytes) => {
      for (const path of [`articles?${bytes}`, `articles?select=${bytes}`, `articles?countTotal=${bytes}`])
        expect((await app.get(path)).status).toBe(400);
      expect((await app.get(bytes)).status).toBe(404);
      expect((await app.get(`articles?select=(where:(title:'${bytes}'))`)).status).toBeLessThan(500);
    },
  );

  describe("names of nothing", () => {
    test.each([
      "constructor",
      "__defineGetter__",
      "toString",
      "hasOwnProperty",
      "getSQL",
      "_",
      "$inferSelect",
      "enableRLS",
      "ctid",
      "xmin",
      "oid",
      "rowid",
      "author_id",
      "articles",
    ])("`%s` is no column, relation or operator", async (name) => {
      const quoted = JSON.stringify(name);
      for (const [select, code, path] of [
        [`(columns:(${quoted}:T))`, "unknown-column", "select.columns"],
        [`(where:(${quoted}:1))`, "unknown-column", "select.where"],
        [`(where:(NOT:(${JSON.stringify(`${name}.eq`)}:1)))`, "unknown-column", "select.where.NOT"],
        [`(orderBy:(${quoted}:asc))`, "unknown-column", "select.orderBy"],
        [`(with:(${quoted}:T))`, "unknown-relation", "select.with"],
        [`(where:(${JSON.stringify(`title.${name}`)}:1))`, "unknown-operator", "select.where"],
      ] as const)
        expect([select, refusal(await app.get(ask("articles", select)))]).toEqual([
          select,
          { status: 400, code, path },
        ]);
      if (name !== "articles") expect((await app.get(name)).status).toBe(404);
    });

    test.each([
      `id"; drop table articles; --`,
      "id' or '1'='1",
      "id) union all (values (1)) --",
      `authors"."secret`,
      "$1",
      ":id",
      "id::text",
    ])("SQL in the place of a name is one: %s", async (name) => {
      const quoted = JSON.stringify(name);
      for (const select of [
        `(columns:(${quoted}:T))`,
        `(where:(${quoted}:1))`,
        `(orderBy:(${quoted}:asc))`,
        `(with:(${quoted}:T))`,
      ])
        expect((await app.get(ask("articles", select))).status).toBe(400);
      expect((await app.get("articles")).body.count).toBe(6);
    });
  });
}
