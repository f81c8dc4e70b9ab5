import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Client } from "pg";
import type { ColumnFunction } from "../../src/request/aggregate.ts";
import { coerce, type ColumnInfo, figureColumn, readCatalog } from "../../src/schema/schema.ts";
import { figureSQL, syntaxOf } from "../../src/syntax/syntax.ts";
import { openEmpty } from "../support/postgresql.ts";

// Sums, averages and extremes in real databases, beside big integers.

const PATIENCE = 120_000;

type Run = (text: string, values?: readonly unknown[]) => Promise<readonly (readonly unknown[])[]>;

/** The figures of a column `v` as they are answered, from rows such as `select 1 as v union all …`; `by` what they are grouped. */
async function allAnswered(
  run: Run,
  name: ColumnFunction,
  column: ColumnInfo,
  rows: string,
  by = "",
): Promise<readonly unknown[]> {
  const of = figureColumn(name, column)!;
  const { sent, received, document, object } = syntaxOf(column.database);
  const made = document(object([["v", sent(of, `(${figureSQL(name, column, "v")})`)]]));
  const found = await run(`select ${made} from (${rows}) as x${by}`);
  return found.map(([json]) => {
    const { v } = JSON.parse(json as string) as { v: unknown };
    return v === null ? null : received(of, v);
  });
}

const answered = async (...asked: Parameters<typeof allAnswered>): Promise<unknown> =>
  (await allAnswered(...asked))[0];

const union = (values: readonly string[]): string =>
  values.map((value) => `select ${value} as v`).join(" union all ");

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);
/** Whole numbers of 64 bits, and of fewer. */
const SETS: readonly (readonly bigint[])[] = [
  [1n, 2n, 3n],
  [0n],
  [-1n],
  [MAX, MAX],
  [MIN, MIN, MIN],
  [MAX, MIN],
  [MAX, MIN, 1n],
  [2n ** 53n, 1n],
  [-(2n ** 53n), -1n],
  [2n ** 32n - 1n, 1n, -(2n ** 32n)],
  [4294967295n, 4294967295n],
  [-4294967296n, -4294967295n, -1n],
  ...Array.from({ length: 40 }, (_, n) =>
    Array.from({ length: (n % 7) + 1 }, (_, m) =>
      BigInt.asIntN(
        [64, 33, 54, 8][n % 4]!,
        (BigInt(n * 31 + m * 17 + 1) * 0x9e3779b97f4a7c15n) ^ BigInt(m * n),
      ),
    ),
  ),
];
const sumOf = (set: readonly bigint[]): bigint => set.reduce((a, b) => a + b, 0n);
const safe = (sum: bigint): number | bigint => (Number.isSafeInteger(Number(sum)) ? Number(sum) : sum);

/** The figures of all sets. */
const ofSets = (
  run: Run,
  name: ColumnFunction,
  column: ColumnInfo,
  write: (value: bigint) => string,
): Promise<readonly unknown[]> => allAnswered(run, name, column, rowsOf(write), " group by n order by n");

const rowsOf = (write: (value: bigint) => string): string =>
  SETS.flatMap((set, n) => set.map((value) => `select ${n} as n, ${write(value)} as v`)).join(" union all ");

const averages = SETS.map((set) => Number(sumOf(set)) / set.length);

/** Sets in the order of a figure, and which of them compare so with what. */
async function laws(run: Run, column: ColumnInfo, write: (value: bigint) => string): Promise<void> {
  const rows = rowsOf(write);
  const figure = figureSQL("sum", column, "v");
  const of = figureColumn("sum", column)!;
  const { mark } = syntaxOf(column.database);
  const grouped = `select n, ${figure} as s from (${rows}) as x group by n`;
  const order = (await run(`select n from (${grouped}) as y order by s, n`)).map(([n]) => Number(n));
  const sums = SETS.map(sumOf);
  const wanted = sums
    .map((_, n) => n)
    .toSorted((a, b) => (sums[a]! < sums[b]! ? -1 : sums[a]! > sums[b]! ? 1 : a - b));
  expect(order).toEqual(wanted);
  for (const operand of [
    0n,
    MAX,
    -1n,
    2n ** 53n + 1n,
    2n ** 64n - 2n,
    sums[20]!,
    sums[33]!,
    10n ** 60n,
    -(10n ** 60n),
  ])
    for (const [sign, holds] of [
      ["=", (sum: bigint) => sum === operand],
      ["<", (sum: bigint) => sum < operand],
      [">=", (sum: bigint) => sum >= operand],
    ] as const) {
      const value = of.encode(coerce(of, String(operand), "having"));
      const found = await run(
        `select count(*) from (select n from (${rows}) as x group by n having ${figure} ${sign} ${of.opening}${mark}1${of.cast}) as y`,
        [value],
      );
      expect([operand, sign, Number(found[0]![0])]).toEqual([operand, sign, sums.filter(holds).length]);
    }
}

describe("SQLite", () => {
  const table = lite.sqliteTable("figures", {
    integer: lite.integer(),
    bigint: lite.numeric({ mode: "bigint" }),
    number: lite.numeric({ mode: "number" }),
    decimal: lite.numeric(),
    real: lite.real(),
    text: lite.text(),
    boolean: lite.integer({ mode: "boolean" }),
    date: lite.integer({ mode: "timestamp" }),
    digits: lite.blob({ mode: "bigint" }),
    bytes: lite.blob(),
    json: lite.text({ mode: "json" }),
    ignoring: lite.customType<{ data: string }>({ dataType: () => "text collate nocase" })(),
  });
  const columns = readCatalog({ table }).get("table")!.columns;
  const column = (name: string): ColumnInfo => columns.get(name)!;
  const client = createClient({ url: ":memory:", intMode: "bigint" });
  const run: Run = async (sql, args = []) =>
    (await client.execute({ sql, args: args as string[] })).rows.map((row) =>
      Array.from(row as ArrayLike<unknown>),
    );
  const figure = (name: ColumnFunction, of: string, values: readonly string[]): Promise<unknown> =>
    answered(run, name, column(of), union(values));
  // Its parser knows no such literal.
  const written = (value: bigint): string => (value === MIN ? "(-9223372036854775807 - 1)" : String(value));
  afterAll(() => client.close());

  test("sums of whole numbers are exact, however large", async () => {
    const sums = SETS.map(sumOf);
    expect(await ofSets(run, "sum", column("integer"), written)).toEqual(sums.map(safe));
    expect(await ofSets(run, "sum", column("bigint"), written)).toEqual(sums);
    expect(await ofSets(run, "avg", column("integer"), written)).toEqual(averages);
    expect(await ofSets(run, "avg", column("bigint"), written)).toEqual(averages);
  });

  test("and compare and sort exactly", () => laws(run, column("integer"), written));

  test.each([
    ["real", "sum", ["0.1", "0.2"], 0.1 + 0.2],
    ["real", "sum", ["1e308", "1e308"], null],
    ["real", "sum", ["-1e308", "-1e308"], null],
    ["real", "sum", ["9e999", "1"], null],
    ["real", "sum", ["9e999", "-9e999"], null],
    ["real", "avg", ["1.0", "2.0"], 1.5],
    ["real", "avg", ["1e308", "1e308"], null],
    ["real", "avg", ["5e-324", "0.0", "0.0"], 0],
    ["real", "sum", ["'soon'", "2"], 2],
    ["real", "avg", ["'soon'", "2", "x'31'"], 2],
    ["number", "sum", ["9223372036854775807", "9223372036854775807"], 2 ** 64],
    ["decimal", "sum", ["9223372036854775807", "0.5"], String(2 ** 63)],
    ["decimal", "sum", ["1", "2.25"], "3.25"],
    ["decimal", "sum", ["1", "2"], "3"],
    ["decimal", "avg", ["1", "2"], "1.5"],
    ["integer", "sum", ["'soon'", "x'00'", "1.5", "2"], 2],
    ["integer", "avg", ["'soon'", "1", "2"], 1.5],
    ["bigint", "sum", ["'soon'", "1e30", "7"], 7n],
  ] as const)("%s: %s of %j", async (of, name, values, wanted) => {
    expect(await figure(name, of, values)).toBe(wanted as number);
  });

  test.each(["integer", "bigint", "number", "decimal", "real"])("nothing makes nothing of %s", async (of) => {
    for (const name of ["sum", "avg", "min", "max"] as const) {
      expect(await figure(name, of, ["null", "null"])).toBe(null);
      expect(await answered(run, name, column(of), "select 1 as v where 1 = 0")).toBe(null);
      if (name === "sum" || name === "avg") expect(await figure(name, of, ["'soon'"])).toBe(null);
    }
    expect(await figure("count", of, ["null", "1", "1"])).toBe(2);
    expect(await figure("countDistinct", of, ["null", "1", "1"])).toBe(1);
  });

  test("digits are compared as numbers", async () => {
    for (const name of ["sum", "avg", "min", "max"] as const) {
      const of = figureColumn(name, column("decimal"))!;
      const asked = `select ${figureSQL(name, column("decimal"), "v")} = ${of.opening}?${of.cast} from (select 5 as v)`;
      expect(await run(asked, [of.encode(coerce(of, "5", "having"))])).toEqual([[1n]]);
    }
  });

  test("extremes are of the column's own type and order", async () => {
    expect(await figure("max", "date", ["1767225600", "1"])).toEqual(new Date("2026-01-01"));
    expect(await figure("min", "boolean", ["1", "0"])).toBe(false);
    expect(await figure("max", "text", ["'a'", "'B'"])).toBe("a");
    expect(await figure("max", "ignoring", ["'a'", "'B'"])).toBe("B");
    const compared = figureSQL("max", column("ignoring"), "v");
    expect(await run(`select ${compared} = 'b' from (${union(["'a'", "'B'"])})`)).toEqual([[1n]]);
  });

  test("functions take what they can tell", () => {
    const takes = (name: ColumnFunction): readonly string[] =>
      [...columns.values()].filter((of) => figureColumn(name, of) !== undefined).map((of) => of.name);
    const numbers = ["integer", "bigint", "number", "decimal", "real"];
    expect(takes("sum")).toEqual(numbers);
    expect(takes("avg")).toEqual(numbers);
    expect(takes("min")).toEqual([...numbers, "text", "boolean", "date", "ignoring"]);
    expect(takes("max")).toEqual(takes("min"));
    expect(takes("count")).toEqual([...columns.keys()]);
    expect(takes("countDistinct")).toEqual([...columns.keys()]);
  });
});

const mood = pg.pgEnum("mood", ["sad", "content", "happy"]);
const table = pg.pgTable("figures", {
  short: pg.smallint(),
  integer: pg.integer(),
  wide: pg.bigint({ mode: "number" }),
  bigint: pg.bigint({ mode: "bigint" }),
  real: pg.real(),
  double: pg.doublePrecision(),
  decimal: pg.numeric({ precision: 10, scale: 2 }),
  bare: pg.numeric(),
  number: pg.numeric({ mode: "number" }),
  whole: pg.numeric({ mode: "bigint" }),
  text: pg.text(),
  char: pg.char({ length: 3 }),
  boolean: pg.boolean(),
  uuid: pg.uuid(),
  cidr: pg.cidr(),
  inet: pg.inet(),
  mac: pg.macaddr(),
  bits: pg.bit({ dimensions: 3 }),
  interval: pg.interval(),
  time: pg.time(),
  day: pg.date(),
  moment: pg.timestamp({ withTimezone: true }),
  mood: mood(),
  json: pg.json(),
  jsonb: pg.jsonb(),
  list: pg.integer().array(),
});
const columns = readCatalog({ table }).get("table")!.columns;

interface Server {
  readonly run: Run;
  readonly close: () => unknown;
}

async function openPglite(): Promise<Server> {
  const client = await openEmpty();
  return {
    run: async (text, values = []) =>
      (await client.query<unknown[]>(text, [...values], { rowMode: "array" })).rows,
    close: () => client.close(),
  };
}

async function openServer(connectionString: string): Promise<Server> {
  const client = new Client({ connectionString });
  await client.connect();
  return {
    run: async (text, values = []) =>
      (await client.query<unknown[]>({ text, values: [...values], rowMode: "array" })).rows,
    close: () => client.end(),
  };
}

const url = process.env["TEST_POSTGRES_URL"];
const SERVERS: readonly (readonly [string, () => Promise<Server>])[] = [
  ["PGlite", openPglite],
  ...(url === undefined ? [] : [["PostgreSQL", () => openServer(url)] as const]),
];

describe.each(SERVERS)("%s", (_, open) => {
  let server: Server;
  const run: Run = (text, values) => server.run(text, values);
  const column = (name: string): ColumnInfo => columns.get(name)!;
  const typed = (of: string, values: readonly string[]): readonly string[] =>
    values.map((value) => `${value === "null" ? value : `'${value}'`}::${column(of).type}`);
  const figure = (name: ColumnFunction, of: string, values: readonly string[]): Promise<unknown> =>
    answered(run, name, column(of), union(typed(of, values)));

  beforeAll(async () => {
    server = await open();
    await server.run("create temporary table nothing ()"); // makes the schema that types are dropped with
    await server.run("create type pg_temp.mood as enum ('sad', 'content', 'happy')");
    await server.run("set search_path to pg_temp, public");
  }, PATIENCE);
  afterAll(() => server.close());

  test("sums of whole numbers are exact, however large", async () => {
    const sums = SETS.map(sumOf);
    const as = (of: string) => (value: bigint) => `'${value}'::${column(of).type}`;
    expect(await ofSets(run, "sum", column("wide"), as("wide"))).toEqual(sums.map(safe));
    expect(await ofSets(run, "sum", column("bigint"), as("bigint"))).toEqual(sums);
    expect(await ofSets(run, "sum", column("whole"), as("whole"))).toEqual(sums);
    expect(await ofSets(run, "avg", column("wide"), as("wide"))).toEqual(averages);
    expect(await figure("sum", "integer", ["2147483647", "2147483647"])).toBe(4294967294);
    expect(await figure("sum", "short", ["32767", "32767"])).toBe(65534);
  });

  test("and compare and sort exactly", () => laws(run, column("bigint"), (value) => `'${value}'::bigint`));

  test.each([
    ["double", "sum", ["0.1", "0.2"], 0.1 + 0.2],
    ["double", "sum", ["1e308", "1e308"], null],
    ["double", "sum", ["-1e308", "-1e308"], null],
    ["double", "sum", ["1e308", "1e308", "-1e308"], 1e308],
    ["double", "sum", ["1.7976931348623157e308", "-5e-324"], Number.MAX_VALUE],
    ["double", "sum", ["1.7976931348623157e308", "1e292"], null],
    ["double", "sum", ["1e300", "2e-250", "1"], 1e300],
    ["double", "sum", ["5e-324", "5e-324"], 1e-323],
    ["double", "sum", ["1e290", "1e289"], 1e290 + 1e289],
    ["double", "sum", ["Infinity", "1"], null],
    ["double", "sum", ["Infinity", "-Infinity"], null],
    ["double", "sum", ["NaN", "1"], null],
    ["double", "avg", ["NaN", "1"], null],
    ["double", "avg", ["1", "2"], 1.5],
    ["double", "avg", ["1e308", "1e308"], null],
    ["double", "avg", ["5e-324", "0", "0"], 0],
    ["double", "avg", ["1e-300", "2e-300"], 3e-300 / 2],
    ["double", "avg", ["1e-320", "2e-320"], 3e-320 / 2],
    ["double", "avg", ["0", "0"], 0],
    ["real", "sum", ["0.1", "0.2"], 0.1 + 0.2],
    ["real", "sum", ["3e38", "3e38"], 6e38],
    ["real", "avg", ["3e38", "1e38"], 2e38],
    ["real", "sum", ["1e-45", "1e-45"], 2e-45],
    ["real", "avg", ["1e-45", "0"], 5e-46],
    ["real", "sum", ["NaN", "1"], null],
    ["decimal", "sum", ["1.10", "2.20"], "3.30"],
    ["decimal", "avg", ["1", "2"], "1.5"],
    ["decimal", "avg", ["10", "20", "30"], "20"],
    ["decimal", "avg", ["100", "100"], "100"],
    ["bare", "sum", [`9e131071`, `9e131071`], null],
    ["bare", "sum", ["9e131071", "-9e131071"], null],
    ["bare", "sum", ["1e400", "-1e400", "0.5"], `0.5`],
    ["bare", "sum", ["1e308", "1e308"], null],
    ["bare", "avg", ["1e308", "1e308"], null],
    ["bare", "sum", ["NaN", "1"], null],
    ["bare", "sum", ["12345678901234567890.123", "0.001"], "12345678901234567890.124"],
    ["number", "sum", ["1.5", "2"], 3.5],
    ["number", "sum", ["1e308", "1e308"], null],
    ["number", "avg", ["1", "2"], 1.5],
    ["number", "avg", ["1e-400", "0"], 0],
    ["whole", "sum", ["1.00", "2"], 3n],
    ["whole", "sum", ["1.5", "2"], 2n],
    ["whole", "avg", ["1.5", "2", "5"], 3.5],
    ["whole", "sum", ["NaN", "2"], null],
  ] as const)("%s: %s of %j", async (of, name, values, wanted) => {
    expect(await figure(name, of, values)).toBe(wanted as number);
  });

  test.each(["integer", "bigint", "double", "real", "decimal", "bare", "number", "whole"])(
    "nothing makes nothing of %s",
    async (of) => {
      for (const name of ["sum", "avg", "min", "max"] as const) {
        expect(await figure(name, of, ["null", "null"])).toBe(null);
        const none = `select null::${column(of).type} as v where 1 = 0`;
        expect(await answered(run, name, column(of), none)).toBe(null);
      }
      expect(await figure("count", of, ["null", "1", "1"])).toBe(2);
      expect(await figure("countDistinct", of, ["null", "1", "1"])).toBe(1);
    },
  );

  test.each([
    ["boolean", ["t", "f"], [false, true]],
    ["uuid", ["ffffffff-0000-0000-0000-000000000000", "0fffffff-0000-0000-0000-000000000000"], undefined],
    ["cidr", ["10.0.0.1/32", "10.0.0.0/8"], undefined],
    ["inet", ["10.0.0.2", "10.0.0.1"], undefined],
    ["mac", ["08:00:2b:01:02:03", "07:00:2b:01:02:03"], undefined],
    ["bits", ["101", "010"], undefined],
    ["interval", ["2 days", "1 day"], undefined],
    ["time", ["12:00:00", "11:00:00"], undefined],
    ["day", ["2026-01-02", "2026-01-01"], undefined],
    ["text", ["b", "a"], undefined],
    ["char", ["abc", "aaa"], undefined],
    ["mood", ["happy", "sad"], undefined],
    ["double", ["2.5", "-1"], [-1, 2.5]],
    ["wide", ["9007199254740991", "-1"], [-1, 9007199254740991]],
  ] as const)("extremes of %s are of its own type and order", async (of, values, read) => {
    const [low, high] = read ?? values.toReversed();
    expect(await figure("min", of, [...values, "null"])).toEqual(low);
    expect(await figure("max", of, [...values, "null"])).toEqual(high);
  });

  test("a moment's extreme is a date", async () => {
    expect(await figure("max", "moment", ["2026-01-01 00:00+00", "2025-01-01 00:00+00"])).toEqual(
      new Date("2026-01-01"),
    );
  });

  test("no value makes another group's figure fail, in order and in filters", async () => {
    for (const of of ["double", "real", "bare"] as const) {
      const rows = ["1", of === "real" ? "3e38" : "1e308", "NaN", "5"].flatMap((value, n) =>
        [value, value].map((text) => `select ${n} as n, '${text}'::${column(of).type} as v`),
      );
      for (const name of ["sum", "avg"] as const) {
        const sql = figureSQL(name, column(of), "v");
        const found = await run(
          `select n from (${rows.join(" union all ")}) as x group by n having ${sql} > 0 order by ${sql} desc nulls last, n`,
        );
        expect(found.map(([n]) => Number(n))).toEqual(of === "real" ? [1, 3, 0] : [3, 0]);
      }
    }
  });

  test("functions take what they can tell", () => {
    const takes = (name: ColumnFunction): readonly string[] =>
      [...columns.values()].filter((of) => figureColumn(name, of) !== undefined).map((of) => of.name);
    const numbers = [
      "short",
      "integer",
      "wide",
      "bigint",
      "real",
      "double",
      "decimal",
      "bare",
      "number",
      "whole",
    ];
    const all = [...columns.keys()];
    expect(takes("sum")).toEqual(numbers);
    expect(takes("avg")).toEqual(numbers);
    expect(takes("min")).toEqual(all.filter((name) => !["json", "jsonb", "list"].includes(name)));
    expect(takes("max")).toEqual(takes("min"));
    expect(takes("count")).toEqual(all);
    expect(takes("countDistinct")).toEqual(all.filter((name) => name !== "json"));
  });
});
