import fc from "fast-check";
import type { Kind, Row } from "./model.ts";
import type { Caller } from "./policy-seat.ts";
import { HOUSE, type House, type HouseTable } from "./written-once.ts";

// The rows of random houses, and who asks about them.

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq: 3 });

// Values come from small pools, so that filters meet what is stored. Texts are such as every collation orders alike.

const TENANTS = ["t1", "t2", "t1"];
const USERS = ["u1", "u2", "u3", "u4", "u5"];
const PROJECTS = ["p1", "p2", "p3"];
const WORDS = ["", "a", "ab", "b", "ba", "c%", "c_d"];
const STATES = ["open", "closed"];
const NUMBERS = [0, 1, 2, 3, 4, 7];
const DATES = [1_700_000_000_000, 1_700_000_003_500, 951_782_400_123];
/** Moments about the ends of hours, weeks, months and years, one of them before 1970. */
const MOMENTS = [
  "2024-12-29T23:30:00.000Z",
  "2024-12-30T00:15:00.500Z",
  "2024-12-31T23:00:00.000Z",
  "2025-01-01T01:30:00.000Z",
  "2024-03-31T00:59:59.999Z",
  "2024-02-29T12:00:00.000Z",
  "1969-12-31T22:59:59.001Z",
].map((text) => Date.parse(text));
// Sums of these are exact however they are made.
const REALS = [0, 0.5, 1.25, -2, 3, 8];
const DECIMALS = ["0", "0.5", "-1.25", "3", "12"];
const BIG = ["0", "5", "-3", "9007199254740993", "9223372036854775807", "-9223372036854775808"];

/** What each column holds. */
const POOLS: Readonly<Record<string, readonly unknown[]>> = {
  tenantId: TENANTS,
  managerId: USERS,
  ownerId: USERS,
  assigneeId: USERS,
  authorId: USERS,
  projectId: PROJECTS,
  number: [1, 2, 3],
  parentNumber: [1, 2, 3],
  taskNumber: [1, 2, 3],
  status: STATES,
  version: [1, 2, 3],
  userId: USERS,
  startedAt: MOMENTS,
};
const IDS: Partial<Readonly<Record<HouseTable, readonly string[]>>> = {
  tenant: ["t1", "t2"],
  user: USERS,
  project: PROJECTS,
  comment: ["c1", "c2", "c3", "c4", "c5", "c6"],
  entry: ["e1", "e2", "e3", "e4", "e5", "e6", "e7", "e8"],
};

const BY_KIND: Partial<Readonly<Record<Kind, readonly unknown[]>>> = {
  text: WORDS,
  integer: NUMBERS,
  boolean: [true, false],
  date: DATES,
  real: REALS,
  decimal: DECIMALS,
  bigint: BIG,
};

/** What a column of a table holds, of which filters and bodies speak too. */
export const poolOf = (table: HouseTable, column: string, kind: Kind): readonly unknown[] =>
  (column === "id" ? IDS[table] : POOLS[column]) ?? BY_KIND[kind]!;

/** A value as the schema's type has it. */
const storedAs = (kind: Kind, value: unknown): unknown =>
  kind === "date" ? new Date(value as number) : kind === "bigint" ? BigInt(value as string) : value;

/** A cell as the schema's type has it. */
const cellOf = (table: HouseTable, column: string, kind: Kind): fc.Arbitrary<unknown> => {
  const cell = among(...poolOf(table, column, kind)).map((value) => storedAs(kind, value));
  // Half of what can be deleted is not.
  if (column === "deletedAt") return fc.option(cell, { nil: null, freq: 2 });
  return HOUSE[table].nullable.includes(column) ? maybe(cell) : cell;
};

/** One of those cells, by number. */
export function cellFrom(table: HouseTable, column: string, n: number): unknown {
  const kind = HOUSE[table].columns[column]!;
  const pool = poolOf(table, column, kind);
  const isNull = HOUSE[table].nullable.includes(column) && n % 4 === 0;
  return isNull ? null : storedAs(kind, pool[n % pool.length]);
}

const rowsOf = (table: HouseTable, least: number, most: number): fc.Arbitrary<readonly Row[]> => {
  const { columns, key } = HOUSE[table];
  const cells = Object.entries(columns).map(([name, kind]) => [name, cellOf(table, name, kind)]);
  return fc.uniqueArray(
    fc.record(Object.fromEntries(cells), { noNullPrototype: true }) as fc.Arbitrary<Row>,
    {
      minLength: least,
      maxLength: most,
      size: "max",
      selector: (row) => JSON.stringify(key.map((name) => row[name])),
    },
  );
};

/** A house with a few rows, some of which point to nothing. */
export const house: fc.Arbitrary<House> = fc.record({
  tenant: rowsOf("tenant", 1, 2),
  user: rowsOf("user", 2, 5),
  project: rowsOf("project", 1, 3),
  task: rowsOf("task", 3, 9),
  comment: rowsOf("comment", 2, 6),
  entry: rowsOf("entry", 2, 8),
});

export const caller: fc.Arbitrary<Caller> = fc.record({
  me: among(...USERS.slice(0, 3)),
  tenant: among(...TENANTS),
  roles: fc.oneof(
    { weight: 4, arbitrary: fc.shuffledSubarray(["boss", "staff", "nobody"]) },
    { weight: 2, arbitrary: among<unknown>("boss", "staff") },
    // Reserved names, what is no text, and nothing at all.
    {
      weight: 1,
      arbitrary: among<unknown>(null, "", "all", ["guest", 5, "staff"], ["mine", "", null], []),
    },
  ),
});

/** The columns that are masked where one choice of columns stands for a table: none that joins, or that rules speak of. */
export const MASKABLE: Readonly<Record<HouseTable, readonly string[]>> = {
  tenant: [],
  user: ["name", "email", "salary"],
  project: ["name", "budget"],
  task: ["title", "points"],
  comment: ["text", "note"],
  entry: ["hours", "cost", "size", "startedAt"],
};
