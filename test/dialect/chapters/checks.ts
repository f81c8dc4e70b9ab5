import { beforeEach, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

const FAILED = { status: 403, code: "check-failed" };

/** Chapter 6: which rows a caller may touch, and which he may leave behind. */
export function checks(app: Subject): void {
  beforeEach(app.reset);
  const only = (resource: string, id: string): string =>
    ask(resource, `(columns:~T(id)~,where:(id:'${id}'))`);
  const fails = async (
    ...answers: (() => Promise<Awaited<ReturnType<Subject["post"]>>>)[]
  ): Promise<void> => {
    const before = await app.dump();
    for (const answer of answers) expect(refusal(await answer())).toEqual(FAILED);
    expect(await app.dump()).toBe(before);
  };

  test("a rule's `where` holds afterwards too: no row is moved out, or made for somebody else", async () => {
    const mine = { as: 2 };
    await fails(
      () => app.patch(only("own", "a2"), { authorId: 1 }, mine),
      () => app.patch("own", { authorId: 1, views: 3 }, mine),
      () => app.post("own", { authorId: 1, title: "t" }, mine),
      () =>
        app.post(
          "own",
          [2, 2, 1].map((authorId) => ({ authorId, title: "t" })),
          mine,
        ),
    );
    expect((await app.patch(only("own", "a2"), { authorId: 2, views: 8 }, mine)).body.own).toEqual([
      { id: "a2" },
    ]);
    expect((await app.post("own", { authorId: 2, title: "t" }, mine)).status).toBe(200);
  });

  test("somebody else's row is as if it were not there", async () => {
    const before = await app.dump();
    for (const answer of [
      await app.patch(only("own", "a1"), { views: 2 }, { as: 2 }),
      await app.remove(only("own", "a1"), { as: 2 }),
      await app.patch("own", { views: 2 }, { as: 9 }),
      await app.remove("own", { as: 9 }),
    ])
      expect(answer.body).toEqual({ rowsAffected: 0, count: 0, own: [] });
    expect(await app.dump()).toBe(before);
  });

  test("a caller without an identity writes nothing: null equals nothing", async () => {
    const before = await app.dump();
    expect((await app.patch("own", { views: 1 }, { role: "writer" })).body.rowsAffected).toBe(0);
    expect(refusal(await app.post("own", { authorId: 2, title: "t" }, { role: "writer" }))).toEqual(FAILED);
    expect(await app.dump()).toBe(before);
  });

  test("a client's filter reaches only the rule's own rows", async () => {
    const everything = "(columns:~T(id)~,where:_((authorId:1),(authorId:2),(NOT:(authorId:9)))_)";
    expect((await app.patch(ask("own", everything), { views: 5 }, { as: 2 })).body.own).toEqual([
      { id: "a2" },
      { id: "a3" },
      { id: "a4" },
    ]);
    expect((await app.remove(ask("own", everything), { as: 3 })).body.own).toEqual([
      { id: "a5" },
      { id: "a6" },
    ]);
    expect(await app.rows("article")).toHaveLength(4);
  });

  test("`check` replaces what a row must satisfy, never which rows are reached", async () => {
    await fails(() => app.patch(only("lent", "a2"), { authorId: 3 }, { as: 2 }));
    expect((await app.patch(only("lent", "a2"), { authorId: 1 }, { as: 2 })).body.lent).toEqual([
      { id: "a2" },
    ]);
    expect((await app.patch(only("lent", "a2"), { authorId: 2 }, { as: 2 })).body.rowsAffected).toBe(0);
    expect((await app.post("lent", { authorId: 1, title: "gift" }, { as: 2 })).status).toBe(200);
    const editor = { as: 2, role: "editor" };
    expect((await app.patch(only("lent", "a3"), { authorId: 3 }, editor)).body.lent).toEqual([{ id: "a3" }]);
  });

  test("a check that is neither true nor false, or answers nothing, fails", async () => {
    await fails(
      () => app.patch(only("unknown", "a1"), { rating: null }),
      () => app.post("unknown", { authorId: 1, title: "t" }),
      () => app.patch(only("unknown", "a1"), { views: 1 }, { role: "editor" }),
      () => app.patch(only("unknown", "a1"), { views: 1 }, { role: "writer" }),
    );
    expect((await app.patch(only("unknown", "a1"), { rating: 4 })).body.unknown).toEqual([{ id: "a1" }]);
  });

  test("who may leave no row behind hears 403 whatever is taken, and nothing of it", async () => {
    const editor = { role: "editor" };
    const [taken, free] = [
      { id: 8, label: "news" },
      { id: 9, label: "free" },
    ];
    const to = (id: number): string => ask("closedLabels", `(where:(id:${id}))`);
    await fails(
      ...[{}, editor, { role: "writer" }].flatMap((caller) =>
        [taken, free, { id: 1, label: "free" }, [free, taken]].map(
          (body) => () => app.post("closedLabels", body, caller),
        ),
      ),
      () => app.post("closedPairs", { articleId: "a1", tagId: 1 }),
      () => app.post("closedPairs", { articleId: "nowhere", tagId: 99 }),
      () => app.patch(to(2), { label: "news" }, editor),
      () => app.patch("closedLabels", { label: "news" }, editor),
      () => app.patch(to(2), { label: "free" }, editor),
    );
    const none = { rowsAffected: 0, count: 0, closedLabels: [] };
    expect((await app.patch(to(1), { label: "news" }, editor)).body).toEqual(none);
    expect((await app.patch(to(2), { label: "news" })).body).toEqual(none);
  });

  test("a filter may look at other tables, in every method", async () => {
    expect((await app.patch("argued?countTotal", { views: 1 })).body).toEqual({
      total: 3,
      rowsAffected: 3,
      count: 3,
      argued: [{ id: "a1" }, { id: "a2" }, { id: "a6" }],
    });
    // The comments that the rule looks at go with the articles.
    expect((await app.remove("argued")).body.argued).toEqual([{ id: "a1" }, { id: "a2" }]);
    expect(await app.rows("comment")).toHaveLength(3);
  });

  test("a check may look at other tables, and speaks of the new row", async () => {
    await fails(
      () => app.patch(only("argued", "a4"), { views: 1 }, { role: "editor" }),
      () => app.patch("argued", { views: 1 }, { role: "editor" }),
      () => app.post("edited", { authorId: 2, title: "t" }),
      () =>
        app.post(
          "edited",
          [1, 2].map((authorId) => ({ authorId, title: "t" })),
        ),
    );
    expect(
      (
        await app.post(
          "edited",
          [1, 1].map((authorId) => ({ authorId, title: "t" })),
        )
      ).status,
    ).toBe(200);
  });

  test("`ensure` looks at its own table as it is after the whole write", async () => {
    await fails(
      () => app.post("distinct", { authorId: 2, title: "Beta" }),
      () =>
        app.post(
          "distinct",
          [1, 1].map((authorId) => ({ authorId, title: "x" })),
        ),
      () => app.patch(ask("distinct", "(where:(title.in:_('Beta','Gamma')_))"), { title: "same" }),
    );
    expect((await app.post("distinct", { authorId: 3, title: "Beta" })).status).toBe(200);
  });

  test("columns of equal names in two tables do not fall together", async () => {
    expect((await app.patch("sameNames", { text: "x" })).body.sameNames).toEqual([{ id: 1 }, { id: 3 }]);
    expect(refusal(await app.post("sameNames", { id: 50, articleId: "a1", authorId: 1, text: "t" }))).toEqual(
      FAILED,
    );
    expect((await app.remove("sameNames")).body.sameNames).toEqual([{ id: 1 }, { id: 3 }]);
  });

  test("a rule's filter sees columns it hides", async () => {
    expect((await app.patch("people", { name: "Benno" })).body.people).toEqual([{ id: 2, name: "Benno" }]);
    await fails(() => app.patch("people", { secret: "new" }));
  });
}
