import { beforeEach, describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { everywhere } from "../support/everywhere.ts";
import { tables } from "./world/tables.ts";

const open = { select: true, write: true } as const;
const acl = {
  places: {
    table: "place",
    control: { GET: { all: open }, POST: { all: open }, PATCH: { all: open }, DELETE: { all: open } },
  },
  stamps: {
    table: "stamped",
    control: { GET: { all: open }, POST: { all: { select: true } }, PATCH: { all: { select: true } } },
  },
  lengths: {
    table: "stamped",
    control: { POST: { all: { select: true, extras: { length: sql<number>`length(label)`.as("length") } } } },
  },
  raw: {
    table: "stamped",
    control: { POST: { all: { select: true, injectBody: () => ({ label: sql`lower('A')` }) } } },
  },
};

everywhere(tables, acl, ({ ask, errors, run }) => {
  beforeEach(() => void errors.splice(0));
  const select = (text: string): string => `select=${encodeURIComponent(text)}`;

  describe("a key declared in another order than its columns", () => {
    const rows = [
      { x: 1, y: "b", note: null },
      { x: 2, y: "a", note: null },
      { x: 1, y: "a", note: null },
      { x: 2, y: "b", note: null },
    ];
    const inOrder = ["a1", "a2", "b1", "b2"];
    const named = (list: readonly { x: number; y: string }[]): string[] => list.map(({ x, y }) => y + x);
    beforeEach(async () => {
      await run("delete from places");
      expect(named((await ask("POST", "places", rows)).body.places)).toEqual(["b1", "a2", "a1", "b2"]);
    });

    test("orders rows as it declares", async () => {
      expect(named((await ask("GET", "places")).body.places)).toEqual(inOrder);
      const page = await ask("GET", `places?${select("(limit:2,offset:1)")}`);
      expect(named(page.body.places)).toEqual(["a2", "b1"]);
    });
    test.each([
      ["(y:desc)", ["b1", "b2", "a1", "a2"]],
      ["(x:desc)", ["a2", "b2", "a1", "b1"]],
      ["(note:asc)", inOrder],
      ["(x:asc,y:desc)", ["b1", "a1", "b2", "a2"]],
    ])("breaks the ties of %s as it declares", async (order, wanted) => {
      expect(named((await ask("GET", `places?${select(`(orderBy:${order})`)}`)).body.places)).toEqual(wanted);
    });
    test("orders what a PATCH and a DELETE answer", async () => {
      expect(named((await ask("PATCH", "places", { note: "n" })).body.places)).toEqual(inOrder);
      expect(named((await ask("DELETE", "places")).body.places)).toEqual(inOrder);
    });
  });

  describe("`$onUpdate`", () => {
    const made = {
      required: "made",
      nullable: "made",
      zero: 0,
      first: "first",
      at: "2023-11-14T22:13:20.000Z",
      inSQL: "SQL",
      json: { made: ["a", 1] },
      madeJSON: { made: true },
      empty: null,
    };
    beforeEach(() => run("delete from stamped"));

    test.each([
      ["one row", "stamps", { label: "a" }],
      ["a list", "stamps", [{ label: "a" }, { label: "b" }]],
      ["a row with a computed field", "lengths", { label: "a" }],
      ["a row with SQL in it", "raw", { label: "a" }],
    ])("gives %s what it gives where there is no default", async (_, resource, body) => {
      const answer = await ask("POST", resource, body);
      expect([answer.status, errors]).toEqual([200, []]);
      for (const row of answer.body[resource]) expect(row).toMatchObject(made);
      const stored = (await ask("GET", "stamps")).body.stamps;
      expect(stored).toHaveLength(Array.isArray(body) ? 2 : 1);
      for (const row of stored) expect(row).toMatchObject(made);
    });
    test("gives a changed row what it gives", async () => {
      await ask("POST", "stamps", { label: "a" });
      const { body } = await ask("PATCH", "stamps", { label: "b" });
      const { madeJSON, ...rest } = made;
      const changed = { ...rest, label: "b", zero: 7, first: "later", madeJSON };
      expect(body.stamps).toMatchObject([changed]);
      expect((await ask("GET", "stamps")).body.stamps).toMatchObject([changed]);
    });
  });
});
