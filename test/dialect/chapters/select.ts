import { describe, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

const A1 = {
  id: "a1",
  authorId: 1,
  reviewerId: null,
  title: "Alpha",
  body: "first",
  rating: 4.5,
  views: 10,
  published: true,
  createdAt: "2023-11-14T22:13:20.000Z",
};

/** The computed fields of the first article. */
const EXTRAS = {
  twice: 20,
  shout: "ALPHA",
  missing: null,
  quoted: "it's",
  bound: 15,
  raw: 5,
  hidden: 4.5,
  date: "2023-11-14T22:13:20.000Z",
  flag: true,
  loud: "Alpha!",
  replies: 2,
  mapped: 2,
  writer: "Ada",
  siblings: 1,
};

/** Chapter 4: what a rule lets out, what a client picks of it, and what is computed. */
export function select(app: Subject): void {
  test.each([
    ["articles", undefined, A1],
    ["articles", "T", A1],
    ["articles", "~T(title,id)~", { id: "a1", title: "Alpha" }],
    ["articles", "(id:F,title:T,body:F)", { title: "Alpha" }],
    ["listed", undefined, { id: "a1", title: "Alpha", views: 10 }],
    ["listed", "T", { id: "a1", title: "Alpha", views: 10 }],
    ["listed", "(id:F,title:F)", { views: 10 }],
    ["unlisted", undefined, { id: "a1", authorId: 1, title: "Alpha", views: 10, published: true }],
    ["unlisted", "~F(id,title,views)~", { authorId: 1, published: true }],
    ["computed", "~T(twice,id)~", { id: "a1", twice: 20 }],
  ])("%s with columns:%s", async (resource, columns, row) => {
    const selector = columns === undefined ? "(limit:1)" : `(limit:1,columns:${columns})`;
    expect((await app.get(ask(resource, selector))).body).toEqual({ count: 1, [resource]: [row] });
  });

  test("columns come in the order of the schema, whatever the client's", async () => {
    const { body } = await app.get(ask("articles", "(limit:1,columns:~T(views,title,id)~)"));
    expect(JSON.stringify(body)).toBe('{"count":1,"articles":[{"id":"a1","title":"Alpha","views":10}]}');
  });

  test.each([
    ["articles", "columns:F", 6],
    ["articles", "columns:F,limit:2", 2],
    ["articles", "columns:F,offset:4", 2],
    ["articles", "columns:F,offset:9", 0],
    ["articles", "columns:F,where:(authorId:2),offset:1", 2],
    ["articles", "columns:F,orderBy:(views:desc),limit:4", 4],
    ["listed", "columns:~F(id,title,views)~", 6],
    ["none", "", 6],
    ["none", "columns:T,limit:1", 1],
  ])("nothing selected is a count: %s (%s)", async (resource, selector, count) => {
    expect((await app.get(ask(resource, `(${selector})`))).body).toEqual({ count });
  });

  test.each(["()", "N", "5", "'T'", "_(id)_", "id"])("`columns:%s` is no choice", async (columns) => {
    expect(refusal(await app.get(ask("articles", `(columns:${columns})`)))).toEqual({
      status: 400,
      code: "invalid-value",
      path: "select.columns",
    });
  });

  test("a hidden column is refused in the words for one that does not exist", async () => {
    for (const choice of ["T", "F"])
      for (const [name, hint] of [
        ["rating", undefined],
        ["ratinh", undefined],
        ["viewz", "did you mean `views`?"],
      ])
        expect((await app.get(ask("listed", `(columns:(${name}:${choice}))`))).body).toEqual({
          error: `unknown column \`${name}\``,
          code: "unknown-column",
          path: "select.columns",
          ...(hint !== undefined && { hint }),
        });
  });

  describe("computed fields", () => {
    test("at the top", async () => {
      expect((await app.get(ask("computed", "(limit:1)"))).body.computed).toEqual([{ id: "a1", ...EXTRAS }]);
    });
    test("in a list of a relation", async () => {
      const { body } = await app.get(ask("computedWithin", "(limit:1,with:(articles:T))"));
      expect(body.computedWithin).toEqual([{ id: 1, articles: [{ id: "a1", ...EXTRAS }] }]);
    });
    test("in a one-relation", async () => {
      const { body } = await app.get(ask("computedBeside", "(limit:1,with:(article:T))"));
      expect(body.computedBeside).toEqual([{ id: 1, article: { id: "a1", ...EXTRAS } }]);
    });
    test("of every row, one row each", async () => {
      const { body } = await app.get(ask("computed", "(columns:~T(id,twice,replies,siblings,loud)~)"));
      expect(body.computed).toEqual([
        { id: "a1", twice: 20, loud: "Alpha!", replies: 2, siblings: 1 },
        { id: "a2", twice: 40, loud: "Beta!", replies: 3, siblings: 3 },
        { id: "a3", twice: 40, loud: "Gamma!", replies: 0, siblings: 3 },
        { id: "a4", twice: 10, loud: "alphabet!", replies: 1, siblings: 3 },
        { id: "a5", twice: 0, loud: "Delta!", replies: 0, siblings: 2 },
        { id: "a6", twice: 14, loud: "Epsilon!", replies: 2, siblings: 2 },
      ]);
    });
    test("are named and dropped like columns, and neither filtered nor sorted by", async () => {
      const { body } = await app.get(ask("computed", "(where:(id:'a1'),columns:F)"));
      expect(body.computed).toEqual([EXTRAS]);
      for (const part of ["where:(twice:20)", "where:(NOT:(twice.gt:1))", "orderBy:(twice:desc)"])
        expect(refusal(await app.get(ask("computed", `(${part})`)))).toMatchObject({
          status: 400,
          code: "unknown-column",
        });
    });
    test("may be aggregates: one row of the rows a rule admits", async () => {
      expect((await app.get("figures")).body).toEqual({ count: 1, figures: [{ count: 6 }] });
      expect((await app.get("figures?findFirst")).body).toEqual({ figures: { count: 6 } });
      expect((await app.get(ask("figures", "(where:(id:'a1'))"))).status).toBe(400);
      expect((await app.get("figures?countTotal", { role: "editor" })).body).toEqual({
        total: 4,
        count: 1,
        figures: [{ count: 4, most: 20, mean: 10.5 }],
      });
      expect((await app.get(ask("figures", "(columns:~T(most)~)"), { role: "editor" })).body.figures).toEqual(
        [{ most: 20 }],
      );
    });
  });
}
