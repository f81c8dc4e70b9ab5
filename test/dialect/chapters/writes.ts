import { beforeEach, describe, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

/** Chapter 6: what comes back, what is made by the server, and what tables refuse. */
export function writes(app: Subject): void {
  beforeEach(app.reset);
  const unchanged = async (work: () => Promise<void>): Promise<void> => {
    const before = await app.dump();
    await work();
    expect(await app.dump()).toBe(before);
  };

  describe("a POST", () => {
    test("answers 200 with the row as the database has it, defaults and keys included", async () => {
      const answer = await app.post("notes", { articleId: "a1", authorId: 3, text: "new" });
      expect([answer.status, answer.body]).toEqual([
        200,
        {
          rowsAffected: 1,
          count: 1,
          notes: [{ id: 9, articleId: "a1", authorId: 3, text: "new", hidden: false }],
        },
      ]);
      expect(await app.rows("comment")).toHaveLength(9);
    });

    test("of a list answers its rows in the order they were sent, relations and all", async () => {
      const labels = ["z", "m", "a", "q"].map((text, i) => ({ id: 90 - i, label: `new ${text}` }));
      expect((await app.post("labels", labels)).body).toEqual({ rowsAffected: 4, count: 4, labels });
      const pairs = [
        { articleId: "a6", tagId: 1 },
        { articleId: "a3", tagId: 3 },
        { articleId: "a4", tagId: 2 },
      ];
      expect((await app.post(ask("pairs", "(with:(tag:T))"), pairs)).body.pairs).toEqual([
        { ...pairs[0], tag: { label: "news" } },
        { ...pairs[1], tag: { label: "unused" } },
        { ...pairs[2], tag: { label: "how-to" } },
      ]);
    });

    test("of rows with different columns fills each with its own defaults", async () => {
      const answer = await app.post(ask("told", "(columns:~T(title,views,commentCount)~)"), [
        { authorId: 1, title: "one", views: 3 },
        { authorId: 1, title: "two", body: "b", published: true },
        { authorId: 2, title: "three", rating: null },
      ]);
      expect(answer.body.told).toEqual([
        { title: "one", views: 3, commentCount: 0 },
        { title: "two", views: 0, commentCount: 0 },
        { title: "three", views: 0, commentCount: 0 },
      ]);
      const made = (await app.rows("article")).filter(
        ({ views, title }) => views <= 3 && /^(one|t)/.test(title),
      );
      const told = made.map(({ title, published, createdAt }) => `${title} ${published} ${createdAt}`);
      expect(told.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
        "one false 2023-11-14T22:13:20.000Z",
        "three false 2023-11-14T22:13:20.000Z",
        "two true 2023-11-14T22:13:20.000Z",
      ]);
    });

    test("answers relations and computed fields of what it made", async () => {
      const answer = await app.post(ask("told", "(columns:~T(title,loud)~,with:(author:T,comments:T))"), {
        title: "fresh",
        authorId: 3,
      });
      expect(answer.body.told).toEqual([
        { title: "fresh", loud: "FRESH", author: { name: "Cleo" }, comments: [] },
      ]);
    });

    test("of a list is written as a whole or not at all", async () => {
      await unchanged(async () => {
        const rows = Array.from({ length: 200 }, (_, i) => ({ id: 10 + (i % 199), label: `x${i}` }));
        expect(refusal(await app.post("labels", rows))).toEqual({ status: 409, code: "conflict" });
      });
    });

    if (app.reader === "fast")
      test("may have more values than any protocol binds at once", async () => {
        const fields = Object.fromEntries(Array.from({ length: 70 }, (_, f) => [`f${f}`, f]));
        const rows = Array.from({ length: 1_000 }, (_, i) => ({ id: i + 1, ...fields, f69: i }));
        const made = await app.post("wides", rows);
        expect([made.status, made.body.rowsAffected]).toEqual([200, 1_000]);
        expect(made.body.wides.slice(-1)).toEqual([{ id: 1_000, f69: 999 }]);
      });

    test("under a rule without `select` answers counts", async () => {
      const { body } = await app.post("blindly", { authorId: 1, title: "t" });
      expect(body).toEqual({ total: 0, rowsAffected: 1, count: 1 }); // nobody may read here
    });
  });

  describe("a PATCH", () => {
    test("answers the rows as they are after it, in the order of their keys", async () => {
      const path = ask("told", "(columns:~T(id,views,loud,commentCount)~,where:(id.in:_('a4','a2','a3')_))");
      expect((await app.patch(path, { views: 99, title: "changed" })).body).toEqual({
        rowsAffected: 3,
        count: 3,
        told: [
          { id: "a2", views: 99, loud: "CHANGED", commentCount: 3 },
          { id: "a3", views: 99, loud: "CHANGED", commentCount: 0 },
          { id: "a4", views: 99, loud: "CHANGED", commentCount: 1 },
        ],
      });
    });
    test("answers relations as they are after it, each under its own rule", async () => {
      const path = ask("told", "(columns:~T(id)~,where:(id:'a2'),with:(author:T,comments:T))");
      expect((await app.patch(path, { authorId: 3 })).body.told).toEqual([
        {
          id: "a2",
          author: { name: "Cleo" },
          comments: [
            { id: 3, text: "good" },
            { id: 4, text: "thanks" },
          ],
        },
      ]);
    });
    test("may move a key the rule lets write", async () => {
      expect((await app.patch(ask("labels", "(where:(id:3))"), { id: 33 })).body.labels).toEqual([
        { id: 33, label: "unused" },
      ]);
    });
    test("that matches nothing is 200 with an empty list", async () => {
      await unchanged(async () => {
        const answer = await app.patch(ask("told", "(where:(id:'zz'),with:(comments:T))"), { views: 1 });
        expect(answer.body).toEqual({ rowsAffected: 0, count: 0, told: [] });
      });
    });
  });

  describe("a DELETE", () => {
    test("answers the rows as they were, relations and computed fields too", async () => {
      const path = ask(
        "told",
        "(columns:~T(id,commentCount)~,where:(id.in:_('a6','a5')_),with:(author:T,comments:T))",
      );
      expect((await app.remove(path)).body).toEqual({
        rowsAffected: 2,
        count: 2,
        told: [
          { id: "a5", commentCount: 0, author: { name: "Cleo" }, comments: [] },
          {
            id: "a6",
            commentCount: 2,
            author: { name: "Cleo" },
            comments: [
              { id: 7, text: "long" },
              { id: 8, text: "ok" },
            ],
          },
        ],
      });
      expect((await app.rows("article")).map(({ id }) => id)).toEqual(["a1", "a2", "a3", "a4"]);
      expect(await app.rows("comment")).toHaveLength(6);
    });
    test("without a filter acts on every row the rule admits", async () => {
      expect((await app.patch("blindly", { views: 1 })).body).toEqual({
        total: 3,
        rowsAffected: 3,
        count: 3,
      });
      expect((await app.remove("blindly")).body).toEqual({ total: 0, rowsAffected: 3, count: 3 });
      expect((await app.rows("article")).map(({ id }) => id)).toEqual(["a1", "a5", "a6"]);
    });
  });

  test("`columns:F` answers counts only, and the total counted after the write", async () => {
    const made = await app.post("labels?countTotal&select=(columns:F)", { id: 9, label: "x" });
    expect(made.text).toBe('{"total":0,"rowsAffected":1,"count":1}');
    const gone = await app.remove("notes?countTotal&select=(columns:F,where:(authorId:1))");
    expect(gone.text).toBe('{"total":5,"rowsAffected":3,"count":3}');
    expect((await app.post("countedLabels", { id: 10, label: "y" })).body).toEqual({
      total: 4,
      rowsAffected: 1,
      count: 1,
      countedLabels: [{ id: 10, label: "y" }],
    });
  });

  test("what the rule hides comes back from no write", async () => {
    const { body } = await app.post("people", { name: "Dan", email: "dan@local.dev" });
    expect(body.people).toEqual([
      { id: 4, name: "Dan", email: "dan@local.dev", role: "writer", mentorId: null },
    ]);
    for (const selector of ["(columns:~T(secret)~)", "(columns:~T(comments)~)"])
      expect(
        refusal(await app.post(ask("people", selector), { name: "Eve", email: "eve@local.dev" })),
      ).toEqual({ status: 400, code: "unknown-column", path: "select.columns" });
    expect(refusal(await app.patch(ask("people", "(where:(secret.like:'s%'))"), { name: "x" }))).toEqual({
      status: 400,
      code: "unknown-column",
      path: "select.where",
    });
  });

  describe("columns the server makes", () => {
    test("come back from a write", async () => {
      const made = await app.post("products", { name: "nail", price: 4 });
      expect(made.body.products).toEqual([{ id: 1, name: "nail", price: 4, double: 8, version: 0 }]);
      const changed = await app.patch("products", { price: 5 });
      expect(changed.body.products).toEqual([{ id: 1, name: "nail", price: 5, double: 10, version: 7 }]);
      const injected = await app.patch("products", { price: 6 }, { role: "editor" });
      expect(injected.body.products[0]).toMatchObject({ double: 12, version: 41 });
      expect((await app.get(ask("products", "(where:(double:12))"))).body.count).toBe(1);
    });
    test.each([
      ["products", { name: "nail", id: 5 }, "id"],
      ["products", { name: "nail", double: 5 }, "double"],
      ["products", { name: "nail", version: 5 }, "version"],
      ["people", { name: "Dan", email: "d", role: "editor" }, "role"],
      ["people", { name: "Dan", email: "d", secret: "s" }, "secret"],
      ["notes", { articleId: "a1", authorId: 1, text: "t", id: 50 }, "id"],
      ["notes", { article_id: "a1", authorId: 1, text: "t" }, "article_id"],
      ["notes", { articleId: "a1", authorId: 1, text: "t", constructor: 1 }, "constructor"],
    ])("and others a rule does not let write are refused: %s %j", async (resource, row, path) => {
      expect(refusal(await app.post(resource, row))).toEqual({ status: 400, code: "unknown-column", path });
    });
    test("`injectBody` may set any", async () => {
      const { body } = await app.post("injected", { title: "mine" }, { as: 2 });
      expect(body.injected).toEqual([{ id: "by-2", authorId: 2, title: "mine" }]);
      expect(refusal(await app.post("injected", { title: "x", authorId: 1 }, { as: 2 }))).toEqual({
        status: 400,
        code: "unknown-column",
        path: "authorId",
      });
    });
  });

  describe("what tables refuse is refused, and nothing of it is written", () => {
    const long = Array.from({ length: 3 }, (_, i) => ({ id: 7 + i, label: i === 2 ? "news" : `x${i}` }));
    test.each([
      ["a value that must be unique", "POST", "labels", { id: 9, label: "news" }],
      ["a key that is taken", "POST", "labels", { id: 1, label: "other" }],
      ["one of several rows", "POST", "labels", long],
      ["a composite key that is taken", "POST", "pairs", { articleId: "a1", tagId: 1 }],
      ["a reference to nothing", "POST", "notes", { articleId: "none", authorId: 1, text: "t" }],
      ["a reference to nothing in a list", "POST", "samples", [{ id: 1 }, { id: 2, parentId: 9 }]],
      ["a change to a value that is taken", "PATCH", ask("labels", "(where:(id:2))"), { label: "news" }],
      ["a change that makes rows equal", "PATCH", "labels", { label: "same" }],
      ["a change to a reference to nothing", "PATCH", ask("notes", "(where:(id:1))"), { authorId: 99 }],
      ["a row that others refer to", "DELETE", ask("people", "(where:(id:1))"), undefined],
      ["a condition of the table", "POST", "products", [{ name: "one" }, { name: "two", price: -1 }]],
    ])("%s: 409", async (_, method, path, body) => {
      await unchanged(async () => {
        const answer = await app.send(method, path, {
          ...(body !== undefined && {
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body),
          }),
        });
        expect(refusal(answer)).toEqual({ status: 409, code: "conflict" });
        expect(answer.text).not.toMatch(/constraint|tags|label|foreign|price|_fk|uk_/i);
      });
    });
    test("a null where none may be: 400", async () => {
      await unchanged(async () => {
        expect(refusal(await app.post("labels", { id: 9 }))).toEqual({
          status: 400,
          code: "invalid-body",
          path: "label",
        });
        expect(refusal(await app.patch("labels", { label: null }))).toEqual({
          status: 400,
          code: "invalid-body",
          path: "label",
        });
        expect(refusal(await app.patch("injectedNull", { label: "x" }))).toEqual({
          status: 400,
          code: "invalid-body",
        });
      });
    });
  });

  describe("guards", () => {
    test("`requireWhere` refuses a write that names no filter", async () => {
      await unchanged(async () => {
        for (const answer of [await app.patch("guarded", { views: 1 }), await app.remove("guarded")])
          expect(refusal(answer)).toMatchObject({ status: 400, code: "limit-exceeded" });
      });
    });
    test("`maxAffected` rolls back when more rows would change", async () => {
      await unchanged(async () => {
        const three = ask("guarded", "(where:(id.in:_('a2','a3','a4')_))");
        for (const answer of [await app.patch(three, { views: 1 }), await app.remove(three)])
          expect(refusal(answer)).toMatchObject({ status: 400, code: "limit-exceeded" });
        const one = ask("guarded", "(where:(id:'a1'))");
        expect(refusal(await app.patch(one, { views: 1 }, { role: "editor" }))).toMatchObject({
          code: "limit-exceeded",
        });
      });
      expect((await app.remove(ask("guarded", "(where:(id.in:_('a5','a6')_))"))).body.rowsAffected).toBe(2);
    });
  });
}
