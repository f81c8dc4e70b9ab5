import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, served } from "../support/served.ts";

const readable = { select: true } as const;
const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: {
          ...readable,
          aggregate: true,
          with: { author: readable, comments: { ...readable, with: { author: readable } } },
        },
      },
      POST: { all: {} },
    },
  },
  // Who may read nothing but titles hears of nothing else.
  titles: {
    table: "article",
    control: { GET: { all: { select: { columns: ["title"] } } } },
  },
} satisfies TestACL;
const app = served(acl);

const CONSTANTS = "write N for null, T or F for true and false";

describe("a hint tells beginners how it is written", () => {
  const FILTERS: readonly [string, string | undefined][] = [
    ["createdAt:null", CONSTANTS],
    ["views:true", CONSTANTS],
    ["published:false", CONSTANTS],
    ["author.id:null", CONSTANTS],
    ["views.isNull:true", CONSTANTS],
    ["createdAt:soon", "write an ISO 8601 text or milliseconds since 1970"],
    ["title:(eq:open)", "an operator is part of the key: `title.eq`"],
    ["title:(equals:open)", "an operator is part of the key: `title.eq`"],
    ["createdAt:(lt:'2026-01-01')", "an operator is part of the key: `createdAt.lt`"],
    ["createdAt.lt:(gte:'2026-01-01')", "an operator is part of the key: `createdAt.gte`"],
    ["author.name:(ne:Ann)", "an operator is part of the key: `author.name.ne`"],
    ["title:_(open,done)_", "for one of several: `title.in`"],
    ["title.ne:_(open,done)_", "for one of several: `title.notIn`"],
    ["views.gt:_(1,2)_", undefined],
    ["comments:(some:(text:hi))", "write `comments.some`"],
    ["comments:(count:(gt:1))", "write `comments.count`"],
    ["author:(is:(name:Ann))", "write `author.is`"],
    ["author:(some:(name:Ann))", undefined],
    ["comments:(author.some:(name:Ann))", undefined],
    ["comments:hi", "a filter is written (column:value)"],
    ["author:Ann", "a filter is written (column:value)"],
    ["NOT:hi", "a filter is written (column:value)"],
    ["published.equals:T", "it takes `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `inArray`, `in`, `notInArray`"],
    ["createdAt.month:5", "it takes `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `inArray`, `in`, `notInArray`"],
    ["comments.any:(text:hi)", "it takes `some`, `none`, `every`, `count`"],
    ["or:_((views:1),(views:2))_", "did you mean `OR`?"],
    ["and:_((views:1),(views:2))_", "did you mean `AND`?"],
    ["not:(views:1)", "did you mean `NOT`?"],
  ];
  test.each(FILTERS)("where:(%s)", async (filter, hint) => {
    const { status, body } = await app.get(ask("articles", `(where:(${filter}))`));
    expect(status).toBe(400);
    if (hint === undefined) expect(body.hint ?? "").not.toMatch(/^write|^for one/);
    else expect(body.hint).toStartWith(hint);
  });

  const SELECTS: readonly [string, string][] = [
    ["(search:())", "write search:'two words'"],
    ["(search:N)", "write search:'two words'"],
    ["(with:(open:(where:(hidden:F))))", "a name of your own needs `relation:`"],
    ["(count:(open:(where:(hidden:F))))", "a name of your own needs `relation:`"],
    ["(with:(autor:(limit:1)))", "did you mean `author`?"],
    ["(where:(title:a))", "quote texts: `'a'`"],
    ["(where:(title:a%))", "quote texts: `'a%'`"],
    ["(where:(createdAt.lt:2026-01-01))", "quote texts: `'2026-01-01'`"],
    ["(where:(createdAt.lt:2026-01-01T10:00,views:1))", "quote texts: `'2026-01-01T10:00'`"],
    ["(search:fix bell,limit:1)", "quote texts: `'fix bell'`"],
    ["(where:(title.in:_(ab,c)_))", "quote texts: `'c'`"],
    ["(where:(title.in:_(a,bc)_))", "quote texts: `'a'`"],
    ["(where:(title:http://a.b))", "quote texts: `'http://a.b'`"],
    ["(search:bell limit:1)", "unexpected `l` at index 13"],
    ["(limit:1,order by:1)", "unexpected `b` at index 15"],
    ["(where:(title:O'Brien))", "unexpected `O` at index 14"],
    ["{limit:5}", "a map is written (limit:5)"],
    ["(where:{title:'a'})", "a map is written (limit:5)"],
    ["(where:(views.in:[1,2]))", "a list is written _(a,b)_"],
  ];
  test.each(SELECTS)("select=%s", async (select, hint) => {
    const { status, body } = await app.get(ask("articles", select));
    expect([status, body.hint]).toEqual([400, hint]);
  });

  test.each([
    ["articles?limit=5", "write select=(limit:…)"],
    ["articles?where=(views:1)", "write select=(where:…)"],
    [
      "articles?aggregate=(count:T,groupBy:_(title)_,having:(count:(gt:1)))",
      "an operator is part of the key: `count.gt`",
    ],
  ])("%s", async (path, hint) => {
    const { status, body } = await app.get(path);
    expect([status, body.hint]).toEqual([400, hint]);
  });

  test("a method that takes no such part does not tell of it", async () => {
    const { status, body } = await app.post("articles?limit=5", {});
    expect([status, body.code]).toEqual([400, "unknown-parameter"]);
    expect(body.hint).toStartWith("known are ");
  });
});

describe("no hint tells of what is hidden", () => {
  test.each(["views", "nothing"])("%s is answered as what is not there", async (name) => {
    for (const value of ["null", "(eq:1)", "_(1,2)_"]) {
      const { body } = await app.get(ask("titles", `(where:(${name}:${value}))`));
      expect(body).toEqual({
        error: `unknown column \`${name}\``,
        code: "unknown-column",
        path: "select.where",
      });
    }
  });

  test.each(["comments", "nothing"])("nor of a relation: %s", async (name) => {
    const { body } = await app.get(ask("titles", `(where:(${name}:(some:(id:1))))`));
    expect(body).toEqual({
      error: `unknown column \`${name}\``,
      code: "unknown-column",
      path: "select.where",
    });
  });
});
