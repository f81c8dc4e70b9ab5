import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, served } from "../support/served.ts";

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          select: { columns: ["id", "title", "views"] },
          with: {
            author: { select: { columns: ["id", "name"] } },
            comments: { select: { columns: ["id"] }, forbidQuery: { where: true } },
          },
        },
      },
      POST: { writer: {} },
    },
  },
} satisfies TestACL;
const app = served(acl);

/** What is asked, and the whole answer. */
const CASES: readonly [string, string, number, object][] = [
  [
    "GET",
    "articles?nosuch",
    400,
    {
      error: "unknown parameter `nosuch`",
      code: "unknown-parameter",
      path: "nosuch",
      hint: "known are `mine`, `guest`, `mine|guest`, `select`, `findFirst`, `countTotal`, `can`, `cursor`, `countFiltered`, `aggregate`",
    },
  ],
  [
    "GET",
    "articles?mine&mine",
    400,
    {
      error: "parameter `mine` is written twice",
      code: "unknown-parameter",
      path: "mine",
      hint: "write it once",
    },
  ],
  [
    "GET",
    "articles?mine&guest",
    400,
    {
      error: "only one scope can be asked for",
      code: "invalid-value",
      path: "guest",
      hint: "write `mine|guest` for both",
    },
  ],
  [
    "GET",
    "articles?findFirst=1",
    400,
    { error: "`findFirst` is a flag: it takes T, F or nothing", code: "invalid-value", path: "findFirst" },
  ],
  [
    "GET",
    ask("articles", "(limt:1)"),
    400,
    { error: "`limt` is unknown", code: "invalid-value", path: "select.limt", hint: "did you mean `limit`?" },
  ],
  [
    "GET",
    ask("articles", "(where:(titel:'a'))"),
    400,
    {
      error: "unknown column `titel`",
      code: "unknown-column",
      path: "select.where",
      hint: "did you mean `title`?",
    },
  ],
  [
    "GET",
    ask("articles", "(where:(title.lik:'a'))"),
    400,
    {
      error: "unknown operator `lik`",
      code: "unknown-operator",
      path: "select.where",
      hint: "did you mean `like`?",
    },
  ],
  [
    "GET",
    ask("articles", "(where:(views:'5'))"),
    400,
    { error: "expected a whole number", code: "invalid-value", path: "select.where.views" },
  ],
  [
    "GET",
    ask("articles", "(with:(autor:T))"),
    400,
    {
      error: "unknown relation `autor`",
      code: "unknown-relation",
      path: "select.with",
      hint: "did you mean `author`?",
    },
  ],
  [
    "GET",
    ask("articles", "(with:(author:(columns:~T(nam)~)))"),
    400,
    {
      error: "unknown column `nam`",
      code: "unknown-column",
      path: "select.with.author.columns",
      hint: "did you mean `name`?",
    },
  ],
  [
    "GET",
    ask("articles", "(with:(comments:(where:(id:1))))"),
    400,
    {
      error: "filtering `comments` is not allowed",
      code: "capability-forbidden",
      path: "select.with.comments.where",
    },
  ],
  [
    "GET",
    ask("articles", "(limit:5000)"),
    400,
    { error: "limit 5000 exceeds 100", code: "limit-exceeded", path: "select.limit" },
  ],
  [
    "GET",
    "article",
    404,
    { error: "unknown resource `article`", code: "unknown-resource", hint: "did you mean `articles`?" },
  ],
  ["GET", "articles?mine", 200, {}],
  ["POST", "articles", 401, { error: "sign in to use `articles`", code: "unauthenticated" }],
  [
    "PATCH",
    "articles",
    405,
    { error: "method `PATCH` is not allowed on `articles`", code: "method-not-allowed" },
  ],
];

describe("a refusal says what, where and what to do", () => {
  test.each(CASES.filter(([, , status]) => status !== 200))(
    "%s %s is %i",
    async (method, path, status, body) => {
      const answer = await app.send(method, path);
      expect([answer.status, answer.body]).toEqual([status, body]);
      expect(answer.headers.get("content-type")).toBe("application/json;charset=utf-8");
      expect(answer.body.error[0]).not.toMatch(/[A-Z]/);
      expect(answer.body.error).not.toMatch(/\.$/);
    },
  );
});

describe("what is no RJSON", () => {
  const SYNTAX: readonly [string, number][] = [
    ["(", 1],
    ["(limit:1", 8],
    ["(limit:1))", 9],
    ["(where:(title:'a)", 17],
    ["'", 1],
    ["(a b:1)", 3],
    ["(limit:1 2)", 9],
    ["(columns:~T(id)", 15],
    ["(columns:~T(id)~", 16],
    ["_(1", 3],
    ["(limit=1)", 6],
    ['{"limit":1}', 0],
    ["(limit:+)", 8],
    ["(limit:1e)", 9],
    ["(limit::1)", 7],
    ["\u00A0()", 0],
    ["(__proto__:(limit:1))", 1],
    ["('__proto__':1)", 1],
    ["(where:(__proto__:1))", 8],
    ["(columns:~T(__proto__)~)", 12],
    ["(with:(author:(with:(__proto__:T))))", 21],
  ];
  test.each(SYNTAX)("%s stops being so at character %i", async (text, index) => {
    const answer = await app.get(ask("articles", text));
    expect([answer.status, answer.body.code, answer.body.path, answer.body.error]).toEqual([
      400,
      "invalid-syntax",
      "select",
      `\`select\` is not RJSON at character ${index + 1}`,
    ]);
  });

  test("nesting deeper than 64 is refused, 64 is not", async () => {
    const nest = (levels: number): string =>
      `(where:${"(NOT:".repeat(levels - 2)}(views:1)${")".repeat(levels - 1)}`;
    // 64 levels are RJSON, though too many for a filter.
    expect((await app.get(ask("articles", nest(64)))).body).toMatchObject({ code: "too-complex" });
    app.faults();
    expect((await app.get(ask("articles", nest(65)))).body).toMatchObject({
      code: "invalid-syntax",
      path: "select",
    });
    for (const text of ["(".repeat(5_000), "_(".repeat(5_000), "~".repeat(9_000), "(a:".repeat(3_000)])
      expect((await app.get(ask("articles", text).slice(0, 15_000))).body.code).toBe("invalid-syntax");
  });

  test("a text that stands for very many values is refused", async () => {
    const bomb = `(where:(views.in:${"~".repeat(30)}T${"(a,b)~".repeat(30)}))`;
    expect((await app.get(ask("articles", bomb))).body.code).toBe("invalid-syntax");
  });

  test("keys of the rest of `Object.prototype` are simply unknown", async () => {
    for (const key of ["constructor", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"])
      expect((await app.get(ask("articles", `(${key}:1)`))).body).toMatchObject({
        code: "invalid-value",
        path: `select.${key}`,
      });
  });
});

describe("an answer never echoes a whole request", () => {
  test("long names are shortened in sentence and path", async () => {
    const name = "x".repeat(3_000);
    for (const path of [
      `articles?${name}`,
      ask("articles", `(${name}:1)`),
      ask("articles", `(columns:(${name}:T))`),
      ask("articles", `(where:(${name}:1))`),
      ask("articles", `(where:(title.${name}:1))`),
      ask("articles", `(orderBy:(${name}:asc))`),
      ask("articles", `(orderBy:(${name}:up))`),
      ask("articles", `(columns:(${name}:5))`),
      ask("articles", `(with:(${name}:T))`),
      ask("articles", `(with:(${name}:5))`),
      name,
    ]) {
      const { status, text } = await app.get(path);
      expect(status).toBe(path === name ? 404 : 400);
      expect(text.length).toBeLessThan(500);
    }
  });
});

describe("Bun's own limit", () => {
  test("a request line over 16 KiB is 431 before the engine sees it", async () => {
    expect((await app.send("GET", ask("articles", `(where:(title:'${"a".repeat(17_000)}'))`))).status).toBe(
      431,
    );
  });
});
