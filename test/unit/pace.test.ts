import { describe, expect, test } from "bun:test";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Debts } from "../../src/engine/debts.ts";
import { type Reading, SlowReads } from "../../src/engine/slow-reads.ts";
import { TableSizes } from "../../src/execute/execute.ts";
import { parse } from "../../src/http/parse.ts";
import { planRead } from "../../src/plan/plan.ts";
import { buildRegistry } from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";

/** Reads of tables that hold so many rows, on a machine where five milliseconds are slow, and a clock. */
function slowReads(rows: number) {
  const sizes = { known: true, age: 1, rows: () => rows, group: () => rows, refresh: () => undefined };
  let now = 0;
  const reads = new SlowReads(sizes as never, { slow: 5, quick: 2 }, () => now);
  const grow = (to: number): void => {
    rows = to;
    sizes.age++;
  };
  return { reads, at: (time: number) => (now = time), grow };
}

/** Tells of reads: of a caller, for one shape of statement. */
const asking = (caller: string, remembered: object = {}, plan: object = PLAN): Reading =>
  ({ caller, remembered, plan }) as never;

const thing = sqliteTable("thing", { id: integer("id").primaryKey(), label: text("label") });
const registry = buildRegistry(
  { things: { table: "thing", control: { GET: { all: { select: true } } } } },
  readCatalog({ thing }),
);
const plan = (where: string) =>
  planRead(
    registry.get("things")!.get("GET")!.get("all")!,
    parse("GET", "things", `?select=${encodeURIComponent(`(where:(${where}))`)}`),
  );
/** A filter that no index serves. */
const PLAN = plan('label:"x"');

describe("which reads are slow", () => {
  test("what may look at few rows is not", () => {
    expect(slowReads(100).reads.has(asking("a"))).toBe(false);
  });

  test("what may look at many is, until it was quick three times, for whomever", () => {
    const { reads } = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 3; i++) {
      expect(reads.has(asking("a", shape))).toBe(true);
      reads.learn(asking("b", shape), 1, true);
    }
    expect(reads.has(asking("a", shape))).toBe(false);
    expect(reads.has(asking("a", {}))).toBe(true);
  });

  test("what was slow is slow for its caller alone, for a hundred times as long, however quick it is between", () => {
    const { reads, at } = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 3; i++) reads.learn(asking("b", shape), 1, true);
    reads.learn(asking("a", shape), 40, true);
    for (let i = 0; i < 20; i++) reads.learn(asking("a", shape), 1, true);
    expect([reads.has(asking("a", shape)), reads.has(asking("b", shape))]).toEqual([true, false]);
    at(3_999);
    expect(reads.has(asking("a", shape))).toBe(true);
    at(4_000);
    expect(reads.has(asking("a", shape))).toBe(false);
    reads.learn(asking("a", shape), 60_000, true);
    at(603_999);
    expect(reads.has(asking("a", shape))).toBe(true);
    at(604_000);
    expect(reads.has(asking("a", shape))).toBe(false);
  });

  test("what was quick must show it anew when there is much more to look at", () => {
    const { reads, grow } = slowReads(10_000);
    const shape = {};
    for (let i = 0; i < 3; i++) reads.learn(asking("a", shape), 1, true);
    grow(12_000);
    expect(reads.has(asking("a", shape))).toBe(false);
    grow(30_000);
    expect(reads.has(asking("a", shape))).toBe(true);
  });

  test("a table that was small may grow", () => {
    const { reads, grow } = slowReads(10);
    const shape = {};
    for (let i = 0; i < 3; i++) reads.learn(asking("a", shape), 1, false);
    expect(reads.has(asking("a", shape))).toBe(false);
    grow(100_000);
    expect(reads.has(asking("a", shape))).toBe(true);
    expect(reads.has(asking("a"))).toBe(true);
  });

  test("nobody's key is looked at where nobody was slow lately", () => {
    const { reads, at } = slowReads(100);
    reads.learn(asking("a"), 10, false);
    const secret = { plan: PLAN, remembered: {}, caller: "" };
    Object.defineProperty(secret, "caller", { get: () => expect.unreachable() });
    at(1_000);
    expect(reads.has(secret as never)).toBe(false);
  });

  test("of a caller who was slow, what is not known to be quick is asked apart, though it looks at few rows", () => {
    const { reads } = slowReads(100);
    const [known, anew] = [{}, {}];
    reads.learn(asking("a", {}), 50, false);
    for (let i = 0; i < 3; i++) reads.learn(asking("b", known), 1, false);
    expect(reads.has(asking("a", known))).toBe(false);
    expect(reads.has(asking("a", anew))).toBe(true);
    expect(reads.has(asking("b", anew))).toBe(false);
  });

  test("what was slow where it held up nobody says nothing of what else its caller asks", () => {
    const { reads } = slowReads(100);
    const shape = {};
    reads.learn(asking("a", shape), 50, true);
    expect([reads.has(asking("a", shape)), reads.has(asking("a"))]).toEqual([true, false]);
  });

  test("what looks for texts is to be shown quick, however few rows it looks at: texts may be long", () => {
    const { reads } = slowReads(100);
    expect(reads.has(asking("a", {}, plan('id:7,OR:_((label.contains:"x"),(label:"y"))_')))).toBe(true);
    expect(reads.has(asking("a", {}, plan("id.in:_(1,2)_")))).toBe(false);
  });

  test("what may look at many rows and was slow for anybody is to be shown quick again, and longer", () => {
    const { reads, at } = slowReads(100_000);
    const shape = {};
    const times = (count: number): void => {
      for (let i = 0; i < count; i++) reads.learn(asking("b", shape), 1, true);
    };
    times(3);
    expect(reads.has(asking("c", shape))).toBe(false);
    reads.learn(asking("a", shape), 10, false);
    at(5_000);
    times(11);
    expect(reads.has(asking("c", shape))).toBe(true);
    times(1);
    expect(reads.has(asking("c", shape))).toBe(false);
  });

  test("one that is neither slow nor quick proves nothing", () => {
    const { reads } = slowReads(100_000);
    const shape = {};
    for (let i = 0; i < 9; i++) reads.learn(asking("a", shape), 3, false);
    expect(reads.has(asking("a", shape))).toBe(true);
  });
});

test("sizes are those of tables however often the schema is read", async () => {
  const dialect = {
    speaks: "sqlite",
    remote: false,
    retryable: () => false,
    read: (work: (database: object) => unknown) => work({}),
    query: async () => [['"thing"', 7]],
  };
  const [first, second] = [readCatalog({ thing }), readCatalog({ thing })];
  const sizes = new TableSizes(dialect as never, first.values(), 1_000);
  await sizes.unknown();
  expect([first, second].map((catalog) => sizes.rows(catalog.get("thing")!))).toEqual([7, 7]);
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
