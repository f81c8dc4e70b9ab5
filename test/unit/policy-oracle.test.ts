import { expect, test } from "bun:test";
import { bucketOf, BUCKETS, zoneOf } from "../support/policy-calendar.ts";
import { answerTo, type Question } from "../support/policy-oracle.ts";
import type { FileSpec, TopSpec } from "../support/policy-rules.ts";
import type { House } from "../support/written-once.ts";

// What the oracle answers of a small house, written by hand from the contract.

const user = (id: string, managerId: string | null, salary: number | null) => ({
  id,
  tenantId: "t1",
  name: id,
  email: null,
  salary,
  managerId,
  deletedAt: id === "gone" ? new Date(0) : null,
});
const entry = (id: string, userId: string | null, hours: number | null, startedAt: string | null) => ({
  id,
  tenantId: "t1",
  projectId: "p1",
  taskNumber: id === "e3" ? 2 : 1,
  userId,
  status: id === "e4" ? "closed" : "open",
  hours,
  cost: "1.5",
  size: 9_007_199_254_740_993n,
  startedAt: startedAt === null ? null : new Date(startedAt),
  deletedAt: null,
});
const task = (number: number) => ({
  projectId: "p1",
  number,
  tenantId: "t1",
  parentNumber: null,
  assigneeId: null,
  title: `task ${number}`,
  status: "open",
  points: null,
  done: false,
  deletedAt: null,
  version: 1,
});

// Ann leads Bob and Eve; Bob leads who is gone; Eve earns nobody knows what.
const rows: House = {
  tenant: [],
  user: [
    user("ann", null, 5),
    user("bob", "ann", 3),
    user("eve", "ann", null),
    user("gone", "bob", 1),
    user("may", "gone", 2),
  ],
  project: [],
  task: [task(1), task(2)],
  comment: [],
  entry: [
    entry("e1", "bob", 2, "2024-12-30T23:30:00.000Z"),
    entry("e2", "bob", null, "2024-12-31T10:00:00.000Z"),
    entry("e3", "eve", 0.5, "2025-01-01T00:00:00.000Z"),
    entry("e4", null, 4, null),
  ],
};

const rule = (given: TopSpec): TopSpec => ({ select: true, ...given });
const file: FileSpec = {
  tables: { user: { softDelete: "deletedAt" } },
  resources: {
    users: {
      table: "user",
      control: {
        GET: {
          all: rule({
            with: {
              manager: "users",
              reports: "users",
              entries: "entries",
              did: { through: ["entries", "task"], throughWhere: "open", select: true },
              closed: {
                through: ["entries", "task"],
                throughWhere: "short",
                select: true,
                forbid: ["count", "where"],
              },
            },
          }),
        },
      },
    },
    entries: {
      table: "entry",
      control: { GET: { all: rule({ with: { user: "users" }, aggregate: { minGroupSize: 1 } }) } },
    },
    shy: { table: "entry", control: { GET: { all: rule({ aggregate: { minGroupSize: 3 } }) } } },
  },
};

function body(question: Question): any {
  const answer = answerTo(file, rows, { me: "ann", tenant: "t1", roles: null }, question)!;
  return "body" in answer ? answer.body : "refused";
}
const who = (selector: object): unknown => {
  const answer = body({ resource: "users", selector: { columns: { id: true }, ...selector } });
  return answer === "refused" ? answer : answer.users.map(({ id }: { id: string }) => id);
};

test.each<[object, unknown]>([
  [{ "manager.name": "ann" }, ["bob", "eve"]],
  // Over a missing or a hidden row a path is null: unknown under NOT.
  [{ NOT: { "manager.name": "bob" } }, ["bob", "eve"]],
  [{ "manager.name.isNull": true }, ["ann", "may"]],
  [{ "manager.manager.id": null }, ["ann", "bob", "eve", "may"]],
  [{ manager: null }, ["ann", "may"]],
  [{ "manager.isNot": null }, ["bob", "eve"]],
  [{ "manager.isNot": { name: "bob" } }, ["ann", "bob", "eve", "may"]],
  [{ reports: true }, ["ann"]],
  [{ "reports.none": true }, ["bob", "eve", "may"]],
  [{ reports: { "salary.gt": 2 } }, ["ann"]],
  // Eve's salary is unknown, so not every report of Ann's earns more than two.
  [{ "reports.every": { "salary.gt": 2 } }, ["bob", "eve", "may"]],
  [{ "reports.count": 2 }, ["ann"]],
  [{ "reports.count.between": [1, 2] }, ["ann"]],
  [{ "entries.count": { where: { hours: null }, gte: 1 } }, ["bob"]],
  [{ "did.some": { number: 2 } }, ["eve"]],
  [{ "manager.reports.count": 2 }, ["bob", "eve"]],
  [{ "manager.reports.none": true }, []],
  [{ "reports.every": true }, "refused"],
  [{ manager: true }, "refused"],
  [{ "closed.count": 1 }, "refused"],
  [{ "entries.count": { gte: 1, lte: 2 } }, "refused"],
  [{ "nobody.some": true }, "refused"],
])("%j keeps %j", (where, kept) => {
  expect(who({ where })).toEqual(kept);
});

test("orders go over paths and counts, with nulls where they are wanted", () => {
  expect(who({ orderBy: { "manager.salary": "asc", id: "desc" } })).toEqual(["may", "ann", "eve", "bob"]);
  expect(who({ orderBy: { "manager.salary": { sort: "desc", nulls: "first" } } })).toEqual([
    "ann",
    "may",
    "bob",
    "eve",
  ]);
  expect(who({ orderBy: { "entries.count": -1, salary: { sort: "asc", nulls: "last" } } })).toEqual([
    "bob",
    "eve",
    "may",
    "ann",
  ]);
});

test("relations have other names, are required, counted and come once through a join table", () => {
  const selector = {
    columns: { id: true },
    with: { tasks: { relation: "did", columns: { number: true }, required: true } },
    count: { entries: true, long: { relation: "entries", where: { "hours.gt": 1 } } },
  };
  expect(body({ resource: "users", countTotal: true, countFiltered: true, selector })).toEqual({
    total: 4,
    filtered: 2,
    count: 2,
    users: [
      { id: "bob", tasks: [{ number: 1 }], _count: { entries: 2, long: 1 } },
      { id: "eve", tasks: [{ number: 2 }], _count: { entries: 1, long: 0 } },
    ],
  });
});

test("groups have their functions, and those that are too small are none", () => {
  const aggregate = {
    count: true,
    sum: { hours: true, size: true, cost: true },
    max: { startedAt: true },
    groupBy: ["startedAt.year"],
    timeZone: "+01:00",
  };
  expect(body({ resource: "entries", aggregate })).toEqual({
    count: 3,
    entries: [
      {
        group: { "startedAt.year": null },
        count: 1,
        sum: { hours: 4, size: "9007199254740993", cost: "1.5" },
        max: { startedAt: null },
      },
      {
        group: { "startedAt.year": "2023-12-31T23:00:00.000Z" },
        count: 2,
        sum: { hours: 2, size: "18014398509481986", cost: "3" },
        max: { startedAt: "2024-12-31T10:00:00.000Z" },
      },
      {
        group: { "startedAt.year": "2024-12-31T23:00:00.000Z" },
        count: 1,
        sum: { hours: 0.5, size: "9007199254740993", cost: "1.5" },
        max: { startedAt: "2025-01-01T00:00:00.000Z" },
      },
    ],
  });
  expect(body({ resource: "shy", aggregate: { count: true, groupBy: ["status"] } })).toEqual({
    count: 1,
    shy: [{ group: { status: "open" }, count: 3 }],
  });
  const few = { count: true, sum: { hours: true }, where: { status: "closed" } };
  expect(body({ resource: "shy", aggregate: few })).toEqual({ shy: { count: null, sum: { hours: null } } });
  const having = { "sum.hours.gte": 2, "count.gt": 1 };
  expect(body({ resource: "entries", aggregate: { groupBy: ["user.manager.name"], having } })).toEqual({
    count: 1,
    entries: [{ group: { "user.manager.name": "ann" } }],
  });
});

test("buckets begin where calendars say", () => {
  // A Sunday late in the evening in London is a Monday in Berlin, of the last week of the year.
  const moment = new Date("2024-12-29T23:30:00.000Z");
  const begins = (zone: string): readonly string[] =>
    BUCKETS.map((bucket) => bucketOf(moment, bucket, zoneOf(zone, true)!).toISOString());
  expect(begins("UTC")).toEqual([
    "2024-01-01T00:00:00.000Z",
    "2024-10-01T00:00:00.000Z",
    "2024-12-01T00:00:00.000Z",
    "2024-12-23T00:00:00.000Z",
    "2024-12-29T00:00:00.000Z",
    "2024-12-29T23:00:00.000Z",
  ]);
  expect(begins("Europe/Berlin")).toEqual([
    "2023-12-31T23:00:00.000Z",
    // Clocks were ahead two hours in October.
    "2024-09-30T22:00:00.000Z",
    "2024-11-30T23:00:00.000Z",
    "2024-12-29T23:00:00.000Z",
    "2024-12-29T23:00:00.000Z",
    "2024-12-29T23:00:00.000Z",
  ]);
  expect(begins("+01:00").slice(3)).toEqual(begins("Europe/Berlin").slice(3));
  expect(zoneOf("Europe/Berlin", false)).toBeUndefined();
});
