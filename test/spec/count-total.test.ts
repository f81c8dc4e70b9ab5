import { describe, expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { ask, served, STACKS } from "../support/served.ts";

const acl = {
  articles: {
    table: "article",
    control: {
      GET: {
        all: { select: { columns: ["id", "views"] } },
        mine: { select: { columns: ["id"] }, where: ({ me }, t, { eq }) => eq(t.authorId, me!) },
      },
    },
  },
  counted: {
    table: "article",
    countTotal: true,
    maxLimit: 2,
    control: { GET: { all: { select: { columns: ["id"] } } } },
  },
  uncounted: {
    table: "article",
    countTotal: false,
    control: { GET: { all: { select: { columns: ["id"] } } } },
  },
} satisfies TestACL;

describe.each(STACKS)("countTotal on $name", ({ options }) => {
  const app = served(acl, options);
  const both = async (path: string, as?: number): Promise<unknown> => {
    const { body } = await app.get(path, as === undefined ? {} : { as });
    return [body.total, body.count];
  };

  test("counts the rows the rule's filter lets the caller see, without the client's filter", async () => {
    expect(await both("articles?countTotal")).toEqual([6, 6]);
    expect(await both(ask("articles", "(where:(views:20))", "countTotal"))).toEqual([6, 2]);
    expect(await both(ask("articles", "(limit:1)", "countTotal"))).toEqual([6, 1]);
    expect(await both("articles?mine&countTotal", 2)).toEqual([3, 3]);
    expect(await both(ask("articles", "(where:(id:'a2'))", "mine", "countTotal"), 2)).toEqual([3, 1]);
    expect(await both("articles?mine&countTotal", 9)).toEqual([0, 0]);
  });

  test("also on pages without rows", async () => {
    expect((await app.get(ask("articles", "(offset:6)", "countTotal"))).body).toEqual({
      total: 6,
      count: 0,
      articles: [],
    });
    expect((await app.get(ask("articles", "(limit:0)", "countTotal"))).body).toEqual({
      total: 6,
      count: 0,
      articles: [],
    });
    expect((await app.get(ask("articles", "(where:(id:'zz'))", "countTotal"))).body).toEqual({
      total: 6,
      count: 0,
      articles: [],
    });
    expect(await both(ask("articles", "(where:(id:'a1'))", "mine", "countTotal"), 2)).toEqual([3, 0]);
  });

  test("also with `columns:F`", async () => {
    expect((await app.get(ask("articles", "(columns:F)", "countTotal"))).body).toEqual({
      total: 6,
      count: 6,
    });
    expect(
      (await app.get(ask("articles", "(columns:F,where:(views:20),limit:1)", "countTotal"))).body,
    ).toEqual({ total: 6, count: 1 });
    expect((await app.get(ask("articles", "(columns:F,offset:9)", "countTotal"))).body).toEqual({
      total: 6,
      count: 0,
    });
    expect(
      (await app.get(ask("articles", "(columns:F,where:(id:'a1'))", "mine", "countTotal"), { as: 2 })).body,
    ).toEqual({ total: 3, count: 0 });
  });

  test("the client's wish replaces the entry's", async () => {
    expect((await app.get("counted")).body).toEqual({
      total: 6,
      count: 2,
      more: true,
      counted: [{ id: "a1" }, { id: "a2" }],
    });
    expect((await app.get("counted?countTotal=F")).body).toEqual({
      count: 2,
      more: true,
      counted: [{ id: "a1" }, { id: "a2" }],
    });
    expect(await both("uncounted")).toEqual([undefined, 6]);
    expect(await both("uncounted?countTotal")).toEqual([6, 6]);
  });

  test("comes first in the body, then the count, then the rows", async () => {
    expect((await app.get("counted")).text).toBe(
      '{"total":6,"count":2,"more":true,"counted":[{"id":"a1"},{"id":"a2"}]}',
    );
  });
});
