import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, served, STACKS } from "../support/served.ts";

const rule = {
  select: { columns: ["id", "views"] },
  with: { comments: { select: { columns: ["id"] } } },
} as const;
const acl = {
  articles: { table: "article", control: { GET: { all: rule, writer: { ...rule, where: () => false } } } },
  one: {
    table: "article",
    findFirst: true,
    control: { GET: { all: rule, writer: { ...rule, where: () => false } } },
  },
  list: { table: "article", findFirst: false, control: { GET: { all: rule } } },
} satisfies TestACL;

describe.each(STACKS)("findFirst on $name", ({ options }) => {
  const app = served(acl, options);

  test.each([
    ["articles?findFirst", "articles"],
    ["articles?findFirst=T", "articles"],
    ["one", "one"],
    ["one?findFirst", "one"],
    ["one?findFirst=true", "one"],
  ])("%s answers one row instead of a list", async (path, resource) => {
    expect((await app.get(path)).body).toEqual({ [resource]: { id: "a1", views: 10 } });
  });

  test.each(["articles", "articles?findFirst=F", "articles?findFirst=false", "list", "list?findFirst=F"])(
    "%s answers a list",
    async (path) => {
      const resource = path.split("?")[0]!;
      expect((await app.get(path)).body).toMatchObject({
        count: 6,
        [resource]: [{ id: "a1" }, {}, {}, {}, {}, {}],
      });
    },
  );

  test.each([
    ["one?findFirst=F", "`one` answers one row"],
    ["one?findFirst=false", "`one` answers one row"],
    ["list?findFirst", "`list` answers a list"],
    ["list?findFirst=T", "`list` answers a list"],
  ])("%s contradicts the entry: 403", async (path, error) => {
    const answer = await app.get(path);
    expect([answer.status, answer.body]).toEqual([
      403,
      { error, code: "forbidden", path: "findFirst", hint: "leave `findFirst` out" },
    ]);
  });

  test("no match answers null", async () => {
    expect((await app.get(ask("articles", "(where:(id:'zz'))", "findFirst"))).body).toEqual({
      articles: null,
    });
    expect((await app.get("articles?findFirst", { as: 1 })).body).toEqual({ articles: null });
    expect((await app.get("one", { as: 1 })).body).toEqual({ one: null });
    expect((await app.get(ask("one", "(offset:6)"))).body).toEqual({ one: null });
    expect((await app.get(ask("one", "(limit:0)"))).body).toEqual({ one: null });
    expect((await app.get("articles?findFirst&countTotal", { as: 1 })).body).toEqual({
      total: 0,
      articles: null,
    });
  });

  test("takes order, offset, limit, columns and relations", async () => {
    expect((await app.get(ask("one", "(orderBy:(views:desc))"))).body).toEqual({
      one: { id: "a2", views: 20 },
    });
    expect((await app.get(ask("one", "(orderBy:(views:desc),offset:1)"))).body).toEqual({
      one: { id: "a3", views: 20 },
    });
    expect((await app.get(ask("one", "(limit:5,columns:~T(id)~)"))).body).toEqual({ one: { id: "a1" } });
    expect((await app.get(ask("one", "(with:(comments:T))"))).body).toEqual({
      one: { id: "a1", views: 10, comments: [{ id: 1 }, { id: 2 }] },
    });
  });

  test("goes with a total, which counts every row", async () => {
    expect((await app.get("one?countTotal")).body).toEqual({ total: 6, one: { id: "a1", views: 10 } });
    expect((await app.get(ask("one", "(where:(views:20))", "countTotal"))).body).toEqual({
      total: 6,
      one: { id: "a2", views: 20 },
    });
  });

  test("with `columns:F` answers counts only: one row or none", async () => {
    expect((await app.get(ask("one", "(columns:F)"))).body).toEqual({ count: 1 });
    expect((await app.get(ask("one", "(columns:F,where:(id:'zz'))"))).body).toEqual({ count: 0 });
    expect((await app.get(ask("one", "(columns:F)", "countTotal"))).body).toEqual({ total: 6, count: 1 });
  });
});
