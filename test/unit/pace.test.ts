import { describe, expect, test } from "bun:test";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Debts } from "../../src/engine/debts.ts";
import { type Reading, SlowReads } from "../../src/engine/slow-reads.ts";
import { parse } from "../../src/http/parse.ts";
import { planRead } from "../../src/plan/plan.ts";
import { buildRegistry } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";

/** Reads of tables that hold so many rows, on a machine where five milliseconds are slow. */
function slowReads(rows: number) {
  const sizes = { known: true, age: 1, rows: () => rows, group: () => rows, refresh: () => undefined };
  return new SlowReads(sizes as never, { slow: 5, quick: 2 });
}

/** Tells of reads: of a caller, for one shape of statement. */
const asking = (caller: string, remembered: object = {}, plan: object = PLAN): Reading =>
  ({ caller, remembered, plan }) as never;

const thing = sqliteTable("thing", { id: integer("id").primaryKey(), label: text("label") });
const registry = buildRegistry(
  { things: { table: "thing", control: { GET: { all: { select: true } } } } },
  readCatalog({ thing }),
);
/** A filter that no index serves. */
const PLAN = planRead(
  registry.get("things")!.get("GET")!.get("all")!,
  parse("GET", "things", `?select=${encodeURIComponent('(where:(label.contains:"x"))')}`),
);

const took = (milliseconds: number, now: number, apart = false) => ({ milliseconds, apart, now });

describe("which reads are slow", () => {
  test("what may look at few rows is not", () => {
    expect(slowReads(100).has(asking("a"), 0)).toBe(false);
  });

  test("what may look at many is, until it was quick three times, for whomever", () => {
    const reads = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 3; i++) {
      expect(reads.has(asking("a", shape), i)).toBe(true);
      reads.learn(asking("b", shape), took(1, i));
    }
    expect(reads.has(asking("a", shape), 4)).toBe(false);
    expect(reads.has(asking("a", {}), 4)).toBe(true);
  });

  test("what was slow is slow for its caller alone, for a hundred times as long, however quick it is between", () => {
    const reads = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 3; i++) reads.learn(asking("b", shape), took(1, i));
    reads.learn(asking("a", shape), took(40, 10));
    for (let i = 0; i < 20; i++) reads.learn(asking("a", shape), took(1, 11, true));
    expect([reads.has(asking("a", shape), 20), reads.has(asking("b", shape), 20)]).toEqual([true, false]);
    expect([reads.has(asking("a", shape), 4_009), reads.has(asking("a", shape), 4_010)]).toEqual([
      true,
      false,
    ]);
    reads.learn(asking("a", shape), took(60_000, 5_000));
    expect([604_999, 605_000].map((now) => reads.has(asking("a", shape), now))).toEqual([true, false]);
  });

  test("what was quick must show it anew when there is much more to look at", () => {
    let rows = 10_000;
    const sizes = { known: true, age: 1, rows: () => rows, group: () => rows, refresh: () => undefined };
    const reads = new SlowReads(sizes as never, { slow: 5, quick: 2 });
    const shape = {};
    for (let i = 0; i < 3; i++) reads.learn(asking("a", shape), took(1, i));
    expect(reads.has(asking("a", shape), 4)).toBe(false);
    rows *= 3;
    sizes.age++;
    expect(reads.has(asking("a", shape), 5)).toBe(true);
  });

  test("a table that was small may grow", () => {
    let rows = 10;
    const sizes = { known: true, age: 1, rows: () => rows, group: () => rows, refresh: () => undefined };
    const reads = new SlowReads(sizes as never, { slow: 5, quick: 2 });
    expect(reads.has(asking("a"), 0)).toBe(false);
    rows = 100_000;
    sizes.age++;
    expect(reads.has(asking("a"), 1)).toBe(true);
  });

  test("nobody's key is looked at where nobody was slow lately", () => {
    const reads = slowReads(100);
    reads.learn(asking("a"), took(10, 0));
    const secret = { plan: PLAN, remembered: {}, caller: "" };
    Object.defineProperty(secret, "caller", { get: () => expect.unreachable() });
    expect(reads.has(secret as never, 1_001)).toBe(false);
  });

  test("of a caller who was slow, what is not known to be quick is asked apart, though it looks at few rows", () => {
    const few = slowReads(100);
    const [known, anew] = [{}, {}];
    few.learn(asking("a", {}), took(50, 0));
    for (let i = 0; i < 3; i++) few.learn(asking("b", known), took(1, i));
    expect(few.has(asking("a", known), 9)).toBe(false);
    expect(few.has(asking("a", anew), 9)).toBe(true);
    expect(few.has(asking("b", anew), 9)).toBe(false);
  });

  test("what was slow where it held up nobody says nothing of what else its caller asks", () => {
    const reads = slowReads(100);
    const shape = {};
    reads.learn(asking("b"), took(50, 0));
    reads.learn(asking("a", shape), took(50, 0, true));
    expect([reads.has(asking("a", shape), 1), reads.has(asking("a"), 1)]).toEqual([true, false]);
  });

  test("one that is neither slow nor quick proves nothing", () => {
    const reads = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 9; i++) reads.learn(asking("a", shape), took(3, i));
    expect(reads.has(asking("a", shape), 9)).toBe(true);
  });
});

describe("debts", () => {
  test("who takes much is in debt until a share of the time has paid it", () => {
    const debts = new Debts();
    const now = performance.now();
    debts.charge({ caller: "a" }, 10, now);
    expect([debts.any, debts.has("a", now), debts.has("b", now)]).toEqual([true, true, false]);
    expect([debts.has("a", now + 30), debts.has("a", now + 33)]).toEqual([true, false]);
    debts.charge({ caller: "a" }, 1, now + 1_000);
    expect(debts.has("a", now + 1_000)).toBe(false);
  });

  test("nobody is looked for where all is paid", async () => {
    const debts = new Debts();
    expect(debts.any).toBe(false);
    debts.charge({ caller: "a" }, 3, performance.now());
    expect(debts.any).toBe(true);
    await Bun.sleep(20);
    expect(debts.any).toBe(false);
  });

  test("those who are many and have paid are forgotten", () => {
    const debts = new Debts();
    for (let i = 0; i < 5_000; i++) debts.charge({ caller: `${i}` }, 1, i * 10);
    expect(debts.size).toBeLessThan(1_500);
  });
});
