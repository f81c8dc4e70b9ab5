import { beforeEach, describe, expect, test } from "bun:test";
import { ask } from "../../support/served.ts";
import { refusal } from "../../support/write.ts";
import type { Subject } from "../subject.ts";

const FAILED = { status: 403, code: "check-failed" };
const admin = (orgId: number, userId: number): object => ({ orgId, userId, role: "admin" });
const only = (resource: string, id: number, columns = ""): string =>
  ask(resource, `(${columns}where:(id:${id}))`);

/** Chapter 6: what a check sees, what is asked afterwards, and what triggers make of a row. */
export function judging(app: Subject): void {
  beforeEach(app.reset);
  const fails = async (answer: Promise<Awaited<ReturnType<Subject["post"]>>>): Promise<void> => {
    const before = await app.dump();
    expect(refusal(await answer)).toEqual(FAILED);
    expect(await app.dump()).toBe(before);
  };
  const written = async (
    answer: Promise<Awaited<ReturnType<Subject["post"]>>>,
    resource: string,
    rows: readonly unknown[],
  ): Promise<void> => {
    const { status, body } = await answer;
    expect({ status, body }).toEqual({
      status: 200,
      body: { rowsAffected: rows.length, count: rows.length, [resource]: rows },
    });
  };

  describe("a check sees tables as they were:", () => {
    test.each([
      ["a row does not vouch for itself", admin(9, 5)],
      ["nor does it in a list", [admin(9, 5)]],
      ["rows of a list do not vouch for each other", [admin(9, 5), { orgId: 9, userId: 6 }]],
      ["in the other order neither", [{ orgId: 9, userId: 6 }, admin(9, 5)]],
      ["nor among rows that may be written", [{ orgId: 1, userId: 6 }, admin(9, 5)]],
      ["nor before them", [admin(9, 5), { orgId: 1, userId: 6 }]],
    ])("%s", async (_, body) => {
      await fails(app.post("belonging", body, { as: 5 }));
      await fails(app.post("belonging", body, { as: 1 }));
    });

    test("rows that exist vouch for others", async () => {
      await written(app.post("belonging", { orgId: 1, userId: 6 }, { as: 1 }), "belonging", [
        { id: 4, orgId: 1, userId: 6, role: "member" },
      ]);
      await written(app.post("belonging", [admin(1, 7), { orgId: 1, userId: 8 }], { as: 1 }), "belonging", [
        { id: expect.any(Number), ...admin(1, 7) },
        { id: expect.any(Number), orgId: 1, userId: 8, role: "member" },
      ]);
      expect(await app.rows("membership")).toHaveLength(6);
    });

    test("a PATCH moves no row to where its new place alone vouches for it", async () => {
      await fails(app.patch(only("belonging", 1), { orgId: 9 }, { as: 1 }));
      await fails(app.patch("belonging", { orgId: 9 }, { as: 1 }));
      await fails(app.patch(only("belonging", 3), { orgId: 1 }, { as: 2 }));
      await fails(app.patch(only("belonging", 2), admin(9, 3), { as: 3, role: "editor" }));
      // Each of two rows would be vouched for by the other.
      await fails(app.patch("belonging", { orgId: 9, role: "admin" }, { as: 1, role: "editor" }));
    });

    test("a PATCH that takes away what vouched for it is judged by what was there", async () => {
      await written(app.patch(only("belonging", 1), { role: "member" }, { as: 1 }), "belonging", [
        { id: 1, orgId: 1, userId: 1, role: "member" },
      ]);
      expect((await app.patch("belonging", { userId: 4 }, { as: 1 })).body.rowsAffected).toBe(0);
    });

    test("a PATCH of several rows", async () => {
      await written(
        app.patch(ask("belonging", "(columns:(id:T))"), { role: "admin" }, { as: 1 }),
        "belonging",
        [{ id: 1 }, { id: 2 }],
      );
      await written(app.patch(ask("belonging", "(columns:(id:T))"), { userId: 1 }, { as: 1 }), "belonging", [
        { id: 1 },
        { id: 2 },
      ]);
    });

    test("no row counts against itself, or against others of its list", async () => {
      await written(app.post("singles", { orgId: 3, userId: 1 }), "singles", [
        { id: 4, orgId: 3, userId: 1, role: "member" },
      ]);
      await fails(app.post("singles", { orgId: 3, userId: 1 }));
      expect((await app.post("singles", [admin(4, 1), admin(4, 1)])).body.rowsAffected).toBe(2);
      await fails(app.patch(only("singles", 2), { role: "admin" })); // the row itself was there before
      expect((await app.patch(only("singles", 2), { userId: 9 })).body.rowsAffected).toBe(1);
    });

    test("rows of a list that takes several statements do not vouch for each other either", async () => {
      const rows = (f0: number): object[] =>
        Array.from({ length: 500 }, (_, index) => ({ id: index + 1, f0: index === 499 ? f0 : 0 }));
      await fails(app.post("chained", rows(1)));
      expect((await app.post("chained", rows(0))).body.rowsAffected).toBe(500);
      expect((await app.post("chained", { id: 501, f0: 1 })).status).toBe(200);
    });

    test("what a hook wrote before in the transaction is there", async () => {
      expect((await app.post("hookedBelonging", admin(7, 6), { as: 6 })).body.rowsAffected).toBe(1);
      await fails(app.post("hookedBelonging", admin(8, 6), { as: 6 }));
    });
  });

  describe("`ensure` is asked of each row once all are written:", () => {
    test("a quota holds for a row and for a list", async () => {
      expect((await app.post("quota", { orgId: 1, userId: 5 })).status).toBe(200);
      await fails(app.post("quota", { orgId: 1, userId: 6 }));
      await fails(
        app.post(
          "quota",
          [1, 2, 3, 4].map((userId) => ({ orgId: 5, userId })),
        ),
      );
      expect(
        (
          await app.post(
            "quota",
            [1, 2, 3].map((userId) => ({ orgId: 5, userId })),
          )
        ).status,
      ).toBe(200);
    });

    test("a change is judged by what it leaves", async () => {
      await app.post("quota", { orgId: 1, userId: 5 });
      await fails(app.patch(only("quota", 3), { orgId: 1 }));
      await fails(app.patch("quota", { orgId: 6 }));
      expect((await app.patch(only("quota", 3), { orgId: 6 })).body.rowsAffected).toBe(1);
      expect((await app.patch("quota", { orgId: 6 }, { as: 1, role: "editor" })).body.rowsAffected).toBe(4);
    });

    test("the check stands beside it", async () => {
      const as = { as: 1, role: "editor" };
      await fails(app.post("quota", admin(9, 1), as));
      expect((await app.post("quota", { orgId: 1, userId: 5 }, as)).status).toBe(200);
      await fails(app.post("quota", { orgId: 1, userId: 6 }, as));
    });
  });

  describe("a row that a trigger drops or moves away is no row:", () => {
    const labels = async (): Promise<string[]> =>
      (await app.rows("tag"))
        .map(({ label }) => label as string)
        .filter((label) => /^(?:dropped|moved|kept)$/.test(label));
    const trail = (label: string, owner = 1): object => ({ owner, label });

    test.each([
      ["trails", "drop", "dropped"],
      ["ownTrails", "drop", "dropped"],
      ["knownTrails", "drop", "dropped"],
      ["trails", "move", "moved"],
      ["ownTrails", "move", "moved"],
      ["knownTrails", "move", "moved"],
    ])("in a POST to %s (%s)", async (resource, label, trace) => {
      await written(app.post(resource, trail(label), { as: 1 }), resource, []);
      expect(await labels()).toEqual([trace]);
      await app.reset();
      await written(app.post(resource, [trail(label)], { as: 1 }), resource, []);
      expect(await labels()).toEqual([trace]);
      await app.reset();
      const { body } = await app.post(resource, [trail("one"), trail(label), trail("two")], { as: 1 });
      expect(body).toMatchObject({ rowsAffected: 2, [resource]: [{ label: "one" }, { label: "two" }] });
      expect((await app.rows("trail")).map((row) => row.label)).toEqual(["one", "two"]);
      const counted = await app.post(ask(resource, "(columns:F)"), trail("x"), { as: 1 });
      expect(counted.body).toEqual({ rowsAffected: 1, count: 1 });
    });

    test("in a PATCH and a DELETE", async () => {
      for (const label of ["one", "two", "keep"]) await app.post("trails", trail(label));
      await written(app.patch(only("trails", 1), trail("drop")), "trails", []);
      await written(app.patch(only("ownTrails", 2), { label: "move" }, { as: 1 }), "ownTrails", []);
      await written(app.remove("trails"), "trails", [{ id: 1, ...trail("one") }]);
      expect(await labels()).toEqual(["dropped", "moved", "kept"]);
      expect(await app.rows("trail")).toEqual([{ id: 3, ...trail("keep") }]);
    });

    test("and what the trigger wrote goes with what is refused", async () => {
      await fails(app.post("ownTrails", [trail("drop"), trail("other", 2)], { as: 1 }));
      await fails(app.post("ownTrails", [trail("other", 2), trail("move")], { as: 1 }));
      await fails(app.post("knownTrails", [trail("drop"), trail("other", 77)], { as: 1 }));
    });
  });

  describe("a row that a trigger changes is answered and judged as it is stored:", () => {
    test.each(["trails", "ownTrails", "knownTrails"])("in %s", async (resource) => {
      const loud = { id: expect.any(Number), owner: 1, label: "SHOUT" };
      await written(app.post(resource, { label: "shout" }, { as: 1 }), resource, [loud]);
      await written(app.post(resource, [{ label: "shout" }], { as: 1 }), resource, [loud]);
      const [{ id }] = await app.rows("trail");
      await written(app.patch(only(resource, id), { label: "shout" }, { as: 1 }), resource, [loud]);
      await fails(app.post(resource === "trails" ? "ownTrails" : resource, { label: "steal" }, { as: 1 }));
    });

    test("a row that leaves its rule is refused, one that enters it is not", async () => {
      for (const resource of ["ownTrails", "knownTrails"]) {
        await app.reset();
        const as = { as: 2 };
        await fails(app.post(resource, { owner: 2, label: "steal" }, as));
        await fails(app.post(resource, [{ owner: 2, label: "steal" }], as));
        expect((await app.post(resource, { owner: 77, label: "give" }, as)).body[resource]).toEqual([
          { id: expect.any(Number), owner: 2, label: "given" },
        ]);
        const [{ id }] = await app.rows("trail");
        await fails(app.patch(only(resource, id), { label: "steal" }, as));
        await written(app.patch(only(resource, id), { owner: 78, label: "give" }, as), resource, [
          { id, owner: 2, label: "given" },
        ]);
      }
    });

    test("hooks are told the same", async () => {
      expect((await app.post("toldTrails", { label: "shout" })).body.rows).toEqual([
        { id: 1, owner: 1, label: "SHOUT" },
      ]);
      expect((await app.patch("toldTrails", { label: "give" })).body.rows).toEqual([
        { id: 1, owner: 2, label: "given" },
      ]);
    });
  });
}
