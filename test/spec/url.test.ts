import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, ids, served } from "../support/served.ts";

const acl = {
  articles: {
    table: "article",
    control: {
      GET: { all: { select: { columns: ["id", "title", "views", "body"] } } },
      POST: { all: { select: true } },
      PATCH: { all: { select: true } },
      DELETE: { all: { select: true } },
    },
  },
} satisfies TestACL;

const app = served(acl);

describe("a flag", () => {
  test.each(["countTotal", "countTotal=", "countTotal=T", "countTotal=true"])(
    "`%s` is true",
    async (flag) => {
      expect((await app.get(`articles?${flag}`)).body.total).toBe(6);
    },
  );
  test.each(["countTotal=F", "countTotal=false"])("`%s` is false", async (flag) => {
    expect((await app.get(`articles?${flag}`)).body.total).toBeUndefined();
  });
  test.each(["t", "1", "0", "TRUE", "yes", "N", "%20", "'T'", "T&"])("`%s` is neither", async (value) => {
    for (const name of ["countTotal", "findFirst", "mine", "guest", "mine|guest"]) {
      const answer = await app.get(`articles?${name}=${value.replace("&", "%26")}`);
      expect([name, answer.status, answer.body.code, answer.body.path]).toEqual([
        name,
        400,
        "invalid-value",
        name,
      ]);
    }
  });
});

describe("parameters", () => {
  test("an unknown one is 400 with a hint", async () => {
    expect((await app.get("articles?countTotl")).body).toEqual({
      error: "unknown parameter `countTotl`",
      code: "unknown-parameter",
      path: "countTotl",
      hint: "did you mean `countTotal`?",
    });
  });

  test.each([
    "constructor",
    "__proto__",
    "toString",
    "hasOwnProperty",
    "getSQL",
    "_",
    "$inferSelect",
    "",
    "limit",
  ])("`%s` is an unknown one", async (name) => {
    const answer = await app.get(`articles?${name}=T`);
    expect([answer.status, answer.body.code, answer.body.error]).toEqual([
      400,
      "unknown-parameter",
      `unknown parameter \`${name}\``,
    ]);
  });

  test.each([
    "select=(limit:1)&select=(limit:2)",
    "mine&mine",
    "guest=F&guest=T",
    "findFirst&findFirst",
    "countTotal&countTota%6c",
  ])("one given twice is 400: %s", async (search) => {
    const answer = await app.get(`articles?${search}`);
    expect([answer.status, answer.body.code]).toEqual([400, "unknown-parameter"]);
  });

  test.each(["mine&guest", "mine&mine|guest", "guest&mine|guest", "guest=T&mine=true"])(
    "two scopes at once are 400: %s",
    async (search) => {
      const answer = await app.get(`articles?${search}`);
      expect([answer.status, answer.body.code]).toEqual([400, "invalid-value"]);
    },
  );

  test("empty parts between ampersands are nothing", async () => {
    expect((await app.get("articles?&&countTotal&&")).body.total).toBe(6);
    expect((await app.get("articles?")).status).toBe(200);
  });

  test.each([
    ["POST", "findFirst"],
    ["PATCH", "findFirst"],
    ["DELETE", "findFirst"],
    ["OPTIONS", "findFirst"],
    ["OPTIONS", "countTotal"],
  ])("%s has no use for `%s`", async (method, name) => {
    const answer = await app.send(method, `articles?${name}`);
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([400, "unknown-parameter", name]);
  });
});

describe("select", () => {
  test.each(["select=", "select"])("`%s` is as if absent", async (search) => {
    expect((await app.get(`articles?${search}`)).body).toEqual((await app.get("articles")).body);
  });

  test.each(["N", "T", "5", "'a'", "_()_", "X", "word"])("`%s` is no map: 400", async (text) => {
    const answer = await app.get(ask("articles", text));
    expect([answer.status, answer.body.code, answer.body.path]).toEqual([400, "invalid-value", "select"]);
  });

  test.each([
    ["GET", "nope"],
    ["HEAD", "nope"],
    ["POST", "where"],
    ["POST", "limit"],
    ["POST", "orderBy"],
    ["PATCH", "limit"],
    ["PATCH", "offset"],
    ["PATCH", "orderBy"],
    ["DELETE", "limit"],
    ["DELETE", "orderBy"],
    ["GET", "constructor"],
    ["GET", "toString"],
    ["GET", "Limit"],
  ])("%s does not take the key `%s`", async (method, key) => {
    const path = ask("articles", `(${key}:(a:1))`);
    const answer = await app.send(method, path, { ...(method === "POST" && { body: "{}" }) });
    expect(answer.status).toBe(400);
    if (method !== "HEAD")
      expect([answer.body.code, answer.body.path]).toEqual(["invalid-value", `select.${key}`]);
  });

  test("a bare word of two or more letters is a text, as the manual writes it", async () => {
    expect(ids(await app.get("articles?select=(orderBy:(views:desc),where:(title:Beta))"))).toEqual(["a2"]);
  });

  test("a mapped array names columns, as the manual writes it", async () => {
    expect((await app.get("articles?select=(columns:~T(id,title)~,limit:1)")).body).toEqual({
      count: 1,
      articles: [{ id: "a1", title: "Alpha" }],
    });
  });
});

describe("percent-decoding is the platform's", () => {
  test("a `+` is a space", async () => {
    expect(ids(await app.get("articles?select=(where:(body:'100%25+sure'))"))).toEqual(["a3"]);
  });
  test("a `%2B` is a plus", async () => {
    expect(ids(await app.get("articles?select=(where:(body:'100%25%2Bsure'))"))).toEqual([]);
  });
  test("a `%` that starts no escape stays as it is", async () => {
    expect(ids(await app.get("articles?select=(where:(body.like:'100%% sure'))"))).toEqual(["a3"]);
    expect(ids(await app.get("articles?select=(where:(body.like:'100%zz'))"))).toEqual([]);
    expect(ids(await app.get("articles?select=(where:(body.endsWith:'%'))"))).toEqual([]);
  });
  test.each(["%ff", "%c3%28", "%ed%a0%80", "%f8%88%80%80%80", "%00", "%"])(
    "bytes that are no text never fail on the server: %s",
    async (bytes) => {
      expect((await app.get(`articles?${bytes}`)).status).toBe(400);
      expect((await app.get(`articles?select=${bytes}`)).status).toBe(400);
      expect((await app.get(`articles?countTotal=${bytes}`)).status).toBe(400);
      expect((await app.get(bytes)).status).toBe(404);
      expect((await app.get(`${bytes}?countTotal`)).status).toBe(404);
    },
  );
  test("bytes that are no UTF-8 become U+FFFD", async () => {
    expect((await app.get("articles?select=(where:(title:'%ff'))")).body).toEqual({ count: 0, articles: [] });
    expect((await app.get("articles?select=(where:('%ff':1))")).body.error).toBe("unknown column `\uFFFD`");
  });
  test("the `=` of a value is the value's", async () => {
    expect((await app.get("articles?select=(where:(title:'a=b'))")).body.count).toBe(0);
  });
  test("a resource may be percent-encoded", async () => {
    expect((await app.get("%61rticles")).status).toBe(200);
  });
});
