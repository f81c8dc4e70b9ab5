import { describe, expect, test } from "bun:test";
import { ask, ids } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 4: which rows come, in which order, and how many. */
export function rows(app: Subject): void {
  describe("a rule's filter", () => {
    test.each(["admitsFalse", "admitsNull", "admitsNothing", "admitsUnknown"])(
      "that admits nothing: %s",
      async (resource) => {
        expect((await app.get(`${resource}?countTotal`)).body).toEqual({
          total: 0,
          count: 0,
          [resource]: [],
        });
      },
    );
    test("is ANDed with the client's, and its `or` stays inside", async () => {
      expect(ids(await app.get("admitsEither"), "admitsEither")).toEqual(["a1", "a5", "a6"]);
      const where = "(where:_((views:20),(views:10))_)";
      expect((await app.get(ask("admitsEither", where, "countTotal"))).body).toEqual({
        total: 3,
        count: 1,
        admitsEither: [{ id: "a1", views: 10 }],
      });
      const nested = "(columns:~T(id)~,with:(comments:(where:(NOT:(id:7))),author:T))";
      expect((await app.get(ask("admitsEither", nested))).body.admitsEither).toEqual([
        { id: "a1", comments: [{ id: 1 }], author: { id: 1 } },
        { id: "a5", comments: [], author: null },
        { id: "a6", comments: [{ id: 8 }], author: null },
      ]);
    });
    test("is the caller's own, also for those who ask the same", async () => {
      for (const [as, rows] of [
        [1, ["a1"]],
        [2, ["a2", "a3", "a4"]],
        [3, ["a5", "a6"]],
        [9, []],
      ] as const)
        expect(ids(await app.get("ownRows?mine", { as }), "ownRows")).toEqual([...rows]);
    });
    test("that compares with what the session does not have admits nothing", async () => {
      expect((await app.get("ownRows?countTotal")).body).toEqual({ total: 0, count: 0, ownRows: [] });
    });
    test("may look at other tables, at the top and in relations", async () => {
      const { body } = await app.get(ask("discussed", "(with:(tags:T))", "countTotal"), {
        as: 3,
        role: null,
      });
      expect(body).toEqual({
        total: 2,
        count: 2,
        discussed: [
          { id: "a1", tags: [{ tagId: 1 }] },
          { id: "a2", tags: [{ tagId: 1 }] },
        ],
      });
    });
    test("sees columns that the rule hides", async () => {
      expect((await app.get("seesHidden")).body.seesHidden).toEqual([{ id: 2 }]);
    });
  });

  describe("an order", () => {
    test.each([
      ["(id:desc)", ["a6", "a5", "a4", "a3", "a2", "a1"]],
      ["(views:asc)", ["a5", "a4", "a6", "a1", "a2", "a3"]],
      ["(views:-1)", ["a2", "a3", "a1", "a6", "a4", "a5"]],
      ["(views:'desc',id:desc)", ["a3", "a2", "a1", "a6", "a4", "a5"]],
      ["(authorId:asc,views:desc)", ["a1", "a2", "a3", "a4", "a6", "a5"]],
      ["(rating:asc)", ["a2", "a4", "a3", "a6", "a5", "a1"]],
      ["(rating:desc)", ["a1", "a5", "a6", "a3", "a4", "a2"]],
      ["(reviewerId:asc)", ["a1", "a4", "a6", "a2", "a5", "a3"]],
      ["(reviewerId:desc)", ["a3", "a5", "a2", "a1", "a4", "a6"]],
      ["(createdAt:1)", ["a5", "a1", "a2", "a3", "a4", "a6"]],
      ["(published:desc)", ["a1", "a2", "a4", "a6", "a3", "a5"]],
      ["(published:asc,rating:desc)", ["a5", "a3", "a1", "a6", "a4", "a2"]],
    ])("%s: nulls first ascending, last descending, ties by the key", async (orderBy, rows) => {
      expect(ids(await app.get(ask("articles", `(orderBy:${orderBy})`)))).toEqual(rows);
    });
    test("by a composite key where there is one", async () => {
      expect((await app.get(ask("links", "(orderBy:(tagId:desc))"))).body.links).toEqual([
        { articleId: "a2", tagId: 2 },
        { articleId: "a1", tagId: 1 },
        { articleId: "a2", tagId: 1 },
      ]);
    });
    test("of the rule holds where the client names none, and may name hidden columns", async () => {
      expect(ids(await app.get("newest"), "newest")).toEqual(["a6", "a4", "a3", "a2", "a1", "a5"]);
      expect(ids(await app.get(ask("newest", "(orderBy:(id:asc))")), "newest")).toEqual([
        "a1",
        "a2",
        "a3",
        "a4",
        "a5",
        "a6",
      ]);
      expect(refusal(await app.get(ask("newest", "(orderBy:(createdAt:asc))")))).toMatchObject({
        code: "unknown-column",
      });
    });
    test("holds in relations too", async () => {
      const nested = async (orderBy: string): Promise<unknown> =>
        (
          await app.get(
            ask("authors", `(columns:~T(id)~,with:(articles:(columns:~T(id)~,orderBy:${orderBy})))`),
          )
        ).body.authors.map(({ articles }: { articles: { id: string }[] }) => articles.map(({ id }) => id));
      expect(await nested("(views:desc)")).toEqual([["a1"], ["a2", "a3", "a4"], ["a6", "a5"]]);
      expect(await nested("(rating:asc)")).toEqual([["a1"], ["a2", "a4", "a3"], ["a6", "a5"]]);
      expect(await nested("(rating:desc)")).toEqual([["a1"], ["a3", "a4", "a2"], ["a5", "a6"]]);
    });
    test.each(["ASC", "'up'", "0", "T", "N", "(a:1)"])("has no direction %s", async (direction) => {
      expect(refusal(await app.get(ask("articles", `(orderBy:(title:${direction}))`)))).toEqual({
        status: 400,
        code: "invalid-value",
        path: "select.orderBy.title",
      });
    });
  });

  describe("pages", () => {
    test.each([
      ["(limit:2)", ["a1", "a2"]],
      ["(limit:2,offset:2)", ["a3", "a4"]],
      ["(offset:5,limit:5)", ["a6"]],
      ["(offset:6)", []],
      ["(offset:10000)", []],
      ["(limit:0)", []],
      ["(where:(authorId:2),limit:1,offset:1)", ["a3"]],
      ["(orderBy:(views:desc),limit:2,offset:1)", ["a3", "a1"]],
    ])("%s", async (selector, rows) => {
      const answer = await app.get(ask("articles", selector));
      expect([ids(answer), answer.body.count]).toEqual([rows, rows.length]);
    });
    test("with ties never overlap and miss nothing", async () => {
      const all: unknown[] = [];
      for (let offset = 0; offset < 7; offset++)
        all.push(
          ...ids(await app.get(ask("articles", `(orderBy:(published:desc),limit:1,offset:${offset})`))),
        );
      expect(all).toEqual(["a1", "a2", "a4", "a6", "a3", "a5"]);
    });
    test("of relations are their own", async () => {
      const nested = async (selector: string): Promise<unknown> =>
        (await app.get(ask("authors", `(columns:~T(id)~,with:(articles:${selector}))`))).body.authors.map(
          ({ articles }: { articles: { id: string }[] }) => articles.map(({ id }) => id),
        );
      expect(await nested("(limit:1)")).toEqual([["a1"], ["a2"], ["a5"]]);
      expect(await nested("(limit:1,offset:1)")).toEqual([[], ["a3"], ["a6"]]);
      expect(await nested("(offset:10000)")).toEqual([[], [], []]);
      expect(await nested("(limit:0)")).toEqual([[], [], []]);
      expect(await nested("(limit:2,orderBy:(views:desc))")).toEqual([["a1"], ["a2", "a3"], ["a6", "a5"]]);
      expect(await nested("(limit:1,where:(views.lt:10))")).toEqual([[], ["a4"], ["a5"]]);
    });
    test.each(["-1", "1.5", "I", "X", "N", "T", "'5'", "9007199254740992", "1e400"])(
      "`%s` is neither a limit nor an offset",
      async (value) => {
        for (const key of ["limit", "offset"]) {
          const refused = { status: 400, code: "invalid-value" };
          expect(refusal(await app.get(ask("articles", `(${key}:${value})`)))).toEqual({
            ...refused,
            path: `select.${key}`,
          });
          expect(refusal(await app.get(ask("authors", `(with:(articles:(${key}:${value})))`)))).toEqual({
            ...refused,
            path: `select.with.articles.${key}`,
          });
        }
      },
    );
  });

  describe("findFirst", () => {
    test("answers one row or null", async () => {
      expect((await app.get(ask("articles", "(columns:~T(id)~)", "findFirst"))).body).toEqual({
        articles: { id: "a1" },
      });
      expect((await app.get("one")).body).toEqual({ one: { id: "a1", views: 10 } });
      expect((await app.get(ask("one", "(orderBy:(views:desc),offset:1)"))).body).toEqual({
        one: { id: "a3", views: 20 },
      });
      expect((await app.get(ask("one", "(where:(id:'zz'))"))).body).toEqual({ one: null });
      expect((await app.get(ask("one", "(limit:0)"))).body).toEqual({ one: null });
      expect((await app.get(ask("one", "(where:(id:'zz'))", "countTotal"))).body).toEqual({
        total: 6,
        one: null,
      });
      expect((await app.get(ask("one", "(with:(comments:T))"))).body).toEqual({
        one: { id: "a1", views: 10, comments: [{ id: 1 }, { id: 2 }] },
      });
      expect((await app.get(ask("one", "(columns:F)"))).body).toEqual({ count: 1 });
      expect((await app.get(ask("one", "(columns:F,where:(id:'zz'))", "countTotal"))).body).toEqual({
        total: 6,
        count: 0,
      });
    });
    test("may not contradict the entry", async () => {
      for (const path of ["one?findFirst=F", "list?findFirst"])
        expect(refusal(await app.get(path))).toEqual({ status: 403, code: "forbidden", path: "findFirst" });
    });
  });

  describe("countTotal", () => {
    test("counts the rows the rule admits, without the client's filter", async () => {
      const both = async (path: string, as?: number): Promise<unknown> => {
        const { body } = await app.get(path, as === undefined ? {} : { as });
        return [body.total, body.count];
      };
      expect(await both("counted")).toEqual([6, 2]);
      expect(await both("counted?countTotal=F")).toEqual([undefined, 2]);
      expect(await both(ask("counted", "(where:(id:'a2'))"))).toEqual([6, 1]);
      expect(await both(ask("counted", "(where:(id:'a2'))", "mine"), 2)).toEqual([3, 1]);
      expect(await both(ask("counted", "(where:(id:'a1'))", "mine"), 2)).toEqual([3, 0]);
      expect(await both("counted?mine", 9)).toEqual([0, 0]);
      expect(await both(ask("counted", "(offset:6)"))).toEqual([6, 0]);
      expect(await both(ask("counted", "(limit:0)"))).toEqual([6, 0]);
      expect((await app.get(ask("counted", "(columns:F,offset:5)"))).body).toEqual({ total: 6, count: 1 });
    });
    test("comes first, then the count, then the rows", async () => {
      const text = '{"total":6,"count":2,"more":true,"counted":[{"id":"a1"},{"id":"a2"}]}';
      expect(JSON.stringify((await app.get("counted")).body)).toBe(text);
    });
  });
}
