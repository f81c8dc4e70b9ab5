import { beforeAll, describe, expect, test } from "bun:test";
import { relations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import type { QueryHandler } from "@bepalo/query";
import { stringify } from "@bepalo/query/rjson";
import { asked, everywhere, type Tables, type Told } from "../support/everywhere.ts";

// Every kind of value in a group, as large as columns hold them; and questions that go as far as questions may.

/** Columns that hold next to nothing, so that there are many. */
const WIDE = Array.from({ length: 90 }, (_, index) => `c${index}`);

const sqlite = (() => {
  const sale = lite.sqliteTable("sales", {
    id: lite.integer().primaryKey(),
    kind: lite.text().notNull(),
    word: lite.text(),
    whole: lite.integer(),
    real: lite.real(),
    decimal: lite.numeric(),
    big: lite.numeric({ mode: "bigint" }),
    digits: lite.blob({ mode: "bigint" }),
    paid: lite.integer({ mode: "boolean" }),
    at: lite.integer({ mode: "timestamp" }),
    extra: lite.text({ mode: "json" }),
    bytes: lite.blob({ mode: "buffer" }),
    parentId: lite.integer("parent_id"),
  });
  const wide = lite.sqliteTable("wides", {
    id: lite.integer().primaryKey(),
    ...Object.fromEntries(WIDE.map((name) => [name, lite.integer(name)])),
  });
  return { sale, wide };
})();

const postgresql = (() => {
  const bytea = pg.customType<{ data: Uint8Array }>({ dataType: () => "bytea" });
  const sale = pg.pgTable("sales", {
    id: pg.integer().primaryKey(),
    kind: pg.text().notNull(),
    word: pg.text(),
    whole: pg.bigint({ mode: "number" }),
    real: pg.doublePrecision(),
    decimal: pg.numeric(),
    big: pg.bigint({ mode: "bigint" }),
    digits: pg.numeric({ mode: "bigint" }),
    paid: pg.boolean(),
    at: pg.timestamp({ withTimezone: true }),
    extra: pg.jsonb(),
    bytes: bytea(),
    parentId: pg.integer("parent_id"),
  });
  const wide = pg.pgTable("wides", {
    id: pg.integer().primaryKey(),
    ...Object.fromEntries(WIDE.map((name) => [name, pg.integer(name)])),
  });
  return { sale, wide };
})();

// oxlint-disable-next-line typescript/no-explicit-any -- the same relations over tables of two databases
const related = ({ sale }: any) => ({
  saleRelations: relations(sale, ({ one }) => ({
    parent: one(sale, { fields: [sale.parentId], references: [sale.id] }),
  })),
});
const TABLES: Tables = {
  sqlite: { ...sqlite, ...related(sqlite) },
  postgresql: { ...postgresql, ...related(postgresql) },
};

/** A rule of sales under which so many parents may be gone up. */
const rule = (depth: number): object => ({
  select: true,
  ...(depth > 0 && { with: { parent: rule(depth - 1) } }),
});
const acl = {
  sales: { table: "sale", control: { GET: { all: { ...rule(6), maxDepth: 6, aggregate: true } } } },
  many: { table: "sale", maxLimit: null, control: { GET: { all: { select: true, aggregate: true } } } },
  wides: { table: "wide", control: { GET: { all: { select: true, aggregate: true } } } },
  loose: {
    table: "wide",
    maxConditions: null,
    maxCost: null,
    control: { GET: { all: { select: true, aggregate: true } } },
  },
  small: { table: "sale", maxAnswerSize: 300, control: { GET: { all: { select: true, aggregate: true } } } },
};

const MOST = 2n ** 63n - 1n;
const date = (text: string): Date => new Date(`${text}Z`);
const ROWS = [
  { id: 1, kind: "a", word: "Pear", whole: 2 ** 53 - 1, real: 0.1, decimal: "1.5", big: MOST, digits: 5n },
  { id: 2, kind: "a", word: "fig", whole: 2 ** 53 - 1, real: 0.2, decimal: "2.25", big: MOST, digits: 7n },
  { id: 3, kind: "a", word: null, whole: null, real: null, decimal: null, big: null, digits: null },
  { id: 4, kind: "b", word: "fig", whole: -3, real: 1.7e308, decimal: "-0.75", big: -MOST, digits: 5n },
  { id: 5, kind: "b", word: "nut", whole: 1, real: 1.7e308, decimal: "10", big: -5n, digits: 9n },
].map((row, index) => ({
  ...row,
  paid: index === 2 ? null : index % 2 === 0,
  at: index === 2 ? null : date(`2024-0${index + 1}-29T23:30:00`),
  extra: index === 2 ? null : { n: index % 2 },
  bytes: index === 2 ? null : Buffer.from([index % 2, 255]),
  parentId: index === 0 ? null : index,
}));

everywhere(TABLES, acl, (place) => {
  let handle: QueryHandler;
  const ask = (resource: string, aggregate: object, flags = ""): Promise<Told> =>
    asked(handle, "GET", `${resource}?aggregate=${encodeURIComponent(stringify(aggregate))}${flags}`);
  const answered = async (...question: Parameters<typeof ask>): Promise<Told["body"]> => {
    const { status, body } = await ask(...question);
    expect([status, body]).toEqual([200, expect.anything()]);
    return body[question[0]];
  };
  beforeAll(async () => {
    handle = place.handler(acl);
    if (place.reader !== "fast") return;
    // oxlint-disable-next-line typescript/no-explicit-any -- either database's
    const insert = (table: unknown): any => (place.database as any).insert(table);
    await insert(place.schema["sale"]).values(ROWS);
    // One driver makes a text of what another makes JSON.
    if (place.speaks === "postgresql")
      await place.run("update sales set extra = jsonb_build_object('n', (id - 1) % 2) where id <> 3");
    await insert(place.schema["wide"]).values([
      { id: 1, ...Object.fromEntries(WIDE.map((name, n) => [name, n])) },
    ]);
  }, 60_000);

  describe("values in their own form", () => {
    test("sums and averages of every kind of number, whatever they come to", async () => {
      const numbers = { whole: true, real: true, decimal: true, big: true };
      const [a, b] = await answered("sales", { sum: numbers, avg: numbers, groupBy: ["kind"] });
      expect(a.sum).toEqual({
        whole: "18014398509481982",
        real: 0.1 + 0.2,
        decimal: "3.75",
        big: String(2n * MOST),
      });
      expect(a.avg).toEqual({
        whole: 2 ** 53 - 1,
        real: expect.closeTo(0.15, 15),
        decimal: "1.875",
        big: Number(MOST),
      });
      // A sum beyond all doubles is none.
      expect(b.sum).toEqual({ whole: -2, real: null, decimal: "9.25", big: String(-MOST - 5n) });
      expect(b.avg).toMatchObject({ whole: -1, decimal: "4.625" });
    });

    test("the least and the greatest, as rows would have them", async () => {
      const all = { word: true, whole: true, real: true, decimal: true, big: true, paid: true, at: true };
      expect(await answered("sales", { min: all, max: all, where: { kind: "a" } })).toEqual({
        min: {
          word: "Pear",
          whole: 2 ** 53 - 1,
          real: 0.1,
          decimal: "1.5",
          big: String(MOST),
          paid: false,
          at: "2024-01-29T23:30:00.000Z",
        },
        max: {
          word: "fig",
          whole: 2 ** 53 - 1,
          real: 0.2,
          decimal: "2.25",
          big: String(MOST),
          paid: true,
          at: "2024-02-29T23:30:00.000Z",
        },
      });
    });

    test("how many there are, and how many others", async () => {
      const all = { word: true, paid: true, at: true, extra: true, bytes: true, digits: true, big: true };
      expect(await answered("sales", { count: all, countDistinct: all })).toEqual({
        count: { word: 4, paid: 4, at: 4, extra: 4, bytes: 4, digits: 4, big: 4 },
        countDistinct: { word: 3, paid: 2, at: 4, extra: 2, bytes: 2, digits: 3, big: 3 },
      });
    });

    test("what groups share", async () => {
      const by = async (name: string): Promise<unknown> =>
        (await answered("sales", { groupBy: [name], count: true, limit: 2 })).map(
          ({ group, count }: Told["body"]) => [group[name], count],
        );
      expect(await by("word")).toEqual([
        [null, 1],
        ["Pear", 1],
      ]);
      expect(await by("paid")).toEqual([
        [null, 1],
        [false, 2],
      ]);
      expect(await by("big")).toEqual([
        [null, 1],
        [String(-MOST), 1],
      ]);
      expect(await by("decimal")).toEqual([
        [null, 1],
        ["-0.75", 1],
      ]);
      expect(await by("extra")).toEqual([
        [null, 1],
        [{ n: 0 }, 2],
      ]);
      expect(await by("bytes")).toEqual([
        [null, 1],
        ["AP8=", 2],
      ]);
      expect(await by("at")).toEqual([
        [null, 1],
        ["2024-01-29T23:30:00.000Z", 1],
      ]);
      expect(await by("at.month")).toEqual([
        [null, 1],
        ["2024-01-01T00:00:00.000Z", 1],
      ]);
      expect(await by("at.week")).toEqual([
        [null, 1],
        ["2024-01-29T00:00:00.000Z", 1],
      ]);
      expect(await by("parent.word")).toEqual([
        [null, 2],
        ["Pear", 1],
      ]);
      expect(await by("parent.at.quarter")).toEqual([
        [null, 2],
        ["2024-01-01T00:00:00.000Z", 2],
      ]);
    });

    test("are compared exactly, and as what they are", async () => {
      const having = async (condition: object): Promise<unknown> =>
        (await answered("sales", { groupBy: ["kind"], having: condition })).map(
          ({ group }: Told["body"]) => group.kind,
        );
      expect(await having({ "sum.whole": "18014398509481982" })).toEqual(["a"]);
      expect(await having({ "sum.whole.gt": "18014398509481981" })).toEqual(["a"]);
      expect(await having({ "sum.whole.gt": "18014398509481982" })).toEqual([]);
      expect(await having({ "sum.big.gte": String(2n * MOST) })).toEqual(["a"]);
      expect(await having({ "sum.decimal.gt": "4" })).toEqual(["b"]);
      expect(await having({ "sum.real.isNull": true })).toEqual(["b"]);
      expect(await having({ "max.word.in": ["fig", "oak"] })).toEqual(["a"]);
      expect(await having({ "min.paid": true })).toEqual([]);
      expect(await having({ "max.at.between": ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"] })).toEqual([
        "a",
      ]);
      const inOrder = await answered("sales", {
        groupBy: ["kind"],
        sum: { big: true },
        orderBy: { "sum.big": "asc" },
      });
      expect(inOrder.map(({ group }: Told["body"]) => group.kind)).toEqual(["b", "a"]);
    });

    test("what has no order has neither a least nor a sum", async () => {
      const refused = place.speaks === "sqlite" ? ["extra", "bytes", "digits"] : ["extra", "bytes"];
      for (const name of refused)
        for (const by of ["min", "max", "sum", "avg"]) {
          const { status, body } = await ask("sales", { [by]: { [name]: true } });
          expect([status, body.code, body.path]).toEqual([400, "invalid-value", `aggregate.${by}.${name}`]);
        }
    });
  });

  describe("as far as questions go", () => {
    const deep = (levels: number): object =>
      levels === 0 ? { "count.gte": 1 } : { NOT: { NOT: deep(levels - 2) } };

    test("as deep as may be", async () => {
      const key = `${"parent.".repeat(6)}word`;
      const { status, body } = await ask(
        "sales",
        {
          count: true,
          groupBy: [key, `${"parent.".repeat(6)}at.month`],
          having: deep(16),
          orderBy: { [key]: "desc" },
        },
        "&countFiltered",
      );
      expect([status, body]).toEqual([
        200,
        { filtered: 1, count: 1, sales: [expect.objectContaining({ count: 5 })] },
      ]);
      expect((await ask("sales", { groupBy: ["id"], having: deep(18) })).body.code).toBe("too-complex");
    });

    test("as many conditions as may be", async () => {
      const all = (count: number): object => ({
        AND: Array.from({ length: count }, (_, n) => ({ [n % 2 === 0 ? "count.gte" : "max.id.gte"]: n % 3 })),
      });
      expect((await ask("sales", { groupBy: ["kind"], having: all(100) })).body.count).toBe(2);
      expect((await ask("sales", { groupBy: ["kind"], having: all(101) })).body.code).toBe("too-complex");
      const list = Array.from({ length: 1_000 }, (_, n) => n);
      expect((await ask("sales", { groupBy: ["kind"], having: { "count.in": list } })).body.count).toBe(2);
      expect(
        (await ask("sales", { groupBy: ["kind"], having: { "count.in": [...list, 1] } })).body.code,
      ).toBe("too-complex");
    });

    test("as many figures as may be", async () => {
      const all = Object.fromEntries(WIDE.map((name) => [name, true]));
      const { body } = await ask("loose", { min: all, max: all });
      expect(body.loose.max).toEqual(Object.fromEntries(WIDE.map((name, n) => [name, n])));
      expect((await ask("loose", { groupBy: ["id", ...WIDE], min: all })).body.loose[0].min).toEqual(
        body.loose.max,
      );
      const most = { min: all, max: all, sum: all };
      expect((await ask("loose", most)).body).toMatchObject({ code: "too-complex", path: "aggregate" });
      expect((await ask("wides", { groupBy: WIDE, min: all, limit: 100 })).status).toBe(200);
    });

    test("many groups", async () => {
      const body = await answered("many", { groupBy: ["id", "word", "at.hour"], count: true });
      expect(body.length).toBe(5);
      const { status, body: page } = await ask("many", { groupBy: ["id"], offset: 3 });
      expect([status, page.count, page.more]).toEqual([200, 2, undefined]);
    });

    test("no more bytes than an answer may have", async () => {
      const { status, body } = await ask("small", { groupBy: ["id", "word", "kind", "at", "big"] });
      expect([status, body.code]).toEqual([400, "too-large-answer"]);
      expect((await ask("small", { groupBy: ["kind"] })).status).toBe(200);
    });
  });

  test("nothing became a 500", () => expect(place.errors).toEqual([]));
});
