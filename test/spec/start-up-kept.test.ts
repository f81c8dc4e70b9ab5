import { describe, expect, test } from "bun:test";
import { sql } from "drizzle-orm";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import * as pg from "drizzle-orm/pg-core";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import * as lite from "drizzle-orm/sqlite-core";
import { createQueryHandler } from "@bepalo/query";

// What is wrong with columns that the engine keeps, or a table's own functions set, told at start.

const { integer, text } = lite;
const moment = (name: string) => integer(name, { mode: "timestamp_ms" });

const task = lite.sqliteTable("tasks", {
  id: integer().primaryKey(),
  orgId: integer().notNull(),
  title: text().notNull(),
  deletedAt: moment("deleted_at"),
  doneAt: moment("done_at").notNull(),
  madeAt: moment("made_at").default(sql`1`),
  seenAt: moment("seen_at").$defaultFn(() => new Date()),
  changedAt: moment("changed_at").$onUpdate(() => new Date()),
  version: integer().notNull(),
  share: lite.real(),
  digits: lite.blob({ mode: "bigint" }),
  length: integer().generatedAlwaysAs(sql`length(title)`),
});
const day = lite.sqliteTable("days", { at: moment("at").primaryKey(), number: integer() });
const open = lite
  .sqliteView("open_tasks", { id: integer(), orgId: integer() })
  .as(sql`select id, org_id from tasks`);
const schema = { task, day, open };
const database = drizzleLibsql(":memory:", { schema });

/** What a handler says is wrong with what is said of tables, and with a file. */
function mistakes(tables: object, acl: object = {}, on: object = { database, schema }): readonly string[] {
  try {
    createQueryHandler({ acl, tables, onWarning: () => undefined, ...on } as never);
    return [];
  } catch (error) {
    const [first, ...lines] = (error as Error).message.split("\n");
    expect(first).toBe("the access-control file has mistakes:");
    return lines.map((line) => line.trim());
  }
}

const HAS =
  "(task has id, orgId, title, deletedAt, doneAt, madeAt, seenAt, changedAt, version, share, digits, length)";
const make = (): number => 1;

const FACTS: readonly [string, object, readonly string[]][] = [
  ["nothing", { task: { set: { orgId: make }, softDelete: "deletedAt", version: "version" } }, []],
  ["what is undefined", { task: { set: { orgId: undefined }, softDelete: undefined }, day: undefined }, []],
  [
    "columns that are not there, or have no name",
    { task: { set: { org: make }, softDelete: "deleted_at", version: 7 } },
    [
      `tables.task.set: unknown column \`org\` ${HAS}`,
      `tables.task.softDelete: unknown column \`deleted_at\` ${HAS}`,
      `tables.task.version: expected the name of a column ${HAS}`,
    ],
  ],
  ["a set that is none", { task: { set: [make] } }, ["tables.task.set: expected a map"]],
  [
    "a set of what the database makes",
    { task: { set: { length: make } } },
    ["tables.task.set.length: the database makes its values"],
  ],
  [
    "a set of what the engine keeps",
    { task: { set: { deletedAt: make, version: make }, softDelete: "deletedAt", version: "version" } },
    [
      "tables.task.set.deletedAt: the engine keeps this column",
      "tables.task.set.version: the engine keeps this column",
    ],
  ],
  [
    "a deletion without a date",
    { task: { softDelete: "share" } },
    ["tables.task.softDelete: `share` holds no dates"],
  ],
  [
    "a date of deletion that is always there",
    { task: { softDelete: "doneAt" } },
    ["tables.task.softDelete: `doneAt` cannot be null, as rows that are there need it"],
  ],
  ...["madeAt", "seenAt", "changedAt"].map((name): [string, object, readonly string[]] => [
    `a date of deletion that comes by itself: ${name}`,
    { task: { softDelete: name } },
    [`tables.task.softDelete: \`${name}\` is filled by itself, and rows that are there need it empty`],
  ]),
  ...["share", "digits", "title"].map((name): [string, object, readonly string[]] => [
    `a version that is no whole number: ${name}`,
    { task: { version: name } },
    [`tables.task.version: \`${name}\` holds no whole numbers`],
  ]),
  [
    "a version that the database makes",
    { task: { version: "length" } },
    ["tables.task.version: the database makes its values"],
  ],
  [
    "a date of deletion, and a version, that are the key",
    { day: { softDelete: "at" }, task: { version: "id" } },
    [
      "tables.day.softDelete: `at` cannot be null, as rows that are there need it",
      "tables.day.softDelete: `at` is part of the key",
      "tables.task.version: `id` is part of the key",
    ],
  ],
  [
    "one column for both",
    { task: { softDelete: "deletedAt", version: "deletedAt" } },
    ["tables.task.version: `deletedAt` holds no whole numbers"],
  ],
  [
    "what is written of a view",
    { open: { set: { orgId: make }, where: () => true } },
    ["tables.open: open is a view, which is only read"],
  ],
];

describe("what is said of tables", () => {
  test.each(FACTS)("%s", (_name, tables, expected) => {
    expect(mistakes(tables)).toEqual([...expected]);
  });

  test("on PostgreSQL moments and days are dates of deletion, however they are read", () => {
    const own = pg.customType<{ data: string }>({ dataType: () => "timestamptz" });
    const kinds = {
      id: pg.integer().primaryKey(),
      a: pg.timestamp(),
      b: pg.timestamp({ withTimezone: true, mode: "string", precision: 3 }),
      c: pg.date(),
      d: pg.date({ mode: "date" }),
      e: own(),
    };
    const fail = { f: pg.time(), g: pg.interval(), h: pg.timestamp().array(), i: pg.text() };
    const row = pg.pgTable("rows", { ...kinds, ...fail });
    const server = {
      database: drizzlePostgres("postgres://nobody@127.0.0.1:1/none", { schema: { row } }),
      schema: { row },
    };
    for (const name of ["a", "b", "c", "d", "e"])
      expect(mistakes({ row: { softDelete: name } }, {}, server)).toEqual([]);
    for (const name of Object.keys(fail))
      expect(mistakes({ row: { softDelete: name } }, {}, server)).toEqual([
        `tables.row.softDelete: \`${name}\` holds no dates`,
      ]);
    const counts = pg.pgTable("counts", {
      id: pg.integer().primaryKey(),
      a: pg.smallint(),
      b: pg.bigint({ mode: "number" }),
      c: pg.numeric(),
    });
    const other = { ...server, schema: { counts } };
    for (const name of ["a", "b"]) expect(mistakes({ counts: { version: name } }, {}, other)).toEqual([]);
    expect(mistakes({ counts: { version: "c" } }, {}, other)).toEqual([
      "tables.counts.version: `c` holds no whole numbers",
    ]);
  });
});

const tables = { task: { set: { orgId: make }, softDelete: "deletedAt", version: "version" } };
const RULE = "acl.tasks.control";
const rules = (control: object): object => ({ tasks: { table: "task", control } });
const SET = "`orgId` is set by tables.task.set";
const DATE = "`deletedAt` is written by DELETE, or under a rule that says `deleted`";
const COUNT = "`version` counts the changes of a row, and is the engine's to write";

const WRITES: readonly [string, object, readonly string[]][] = [
  ["a rule that names none", { POST: { all: {} }, PATCH: { all: { write: true } } }, []],
  [
    "all columns but some",
    {
      POST: { all: { write: { mode: false, columns: new Set(["title"]) } } },
      PATCH: { all: { write: { mode: false, columns: [] }, deleted: "only" } },
    },
    [],
  ],
  [
    "a rule that names them",
    {
      POST: { all: { write: { columns: new Set(["title", "orgId", "deletedAt", "version"]) } } },
      PATCH: { all: { write: { mode: true, columns: ["orgId", "version"] } } },
    },
    [
      `${RULE}.POST.all.write: ${SET}`,
      `${RULE}.POST.all.write: ${COUNT}`,
      `${RULE}.POST.all.write: ${DATE}`,
      `${RULE}.PATCH.all.write: ${SET}`,
      `${RULE}.PATCH.all.write: ${COUNT}`,
    ],
  ],
  [
    "a list that names them",
    {
      PATCH: {
        all: {
          write: [
            { columns: ["title"] },
            { columns: new Set(["orgId", "version", "deletedAt"]), when: () => true },
          ],
        },
      },
    },
    [
      `${RULE}.PATCH.all.write: ${SET}`,
      `${RULE}.PATCH.all.write: ${COUNT}`,
      `${RULE}.PATCH.all.write: ${DATE}`,
    ],
  ],
  [
    "the date of deletion, where deleted rows are there",
    {
      PATCH: {
        all: { deleted: "only", write: { columns: ["deletedAt"] } },
        guest: { deleted: "include", write: [{ columns: ["deletedAt"], when: () => true }] },
      },
    },
    [],
  ],
  [
    "what is set, where it is left out",
    { POST: { all: { unrestricted: true, write: { columns: ["orgId", "version"] } } } },
    [`${RULE}.POST.all.write: ${COUNT}`],
  ],
  [
    "a deletion of deleted rows and of others",
    { DELETE: { all: { deleted: "include" }, guest: { deleted: "only" } } },
    [
      `${RULE}.DELETE.all.deleted: a DELETE either sets the date or removes for good: leave it out, or say "only"`,
    ],
  ],
];

describe("what rules write of it", () => {
  test.each(WRITES)("%s", (_name, control, expected) => {
    expect(mistakes(tables, rules(control))).toEqual([...expected]);
  });

  test("nothing more, where what is said of the table is mistaken itself", () => {
    const write = { columns: ["title", "share", "orgId", "version"] };
    const control = {
      GET: { all: { select: true, deleted: "only" }, mine: { select: true } },
      POST: { all: { write } },
      PATCH: { all: { write } },
    };
    const of = (task: object): readonly string[] => mistakes({ task }, rules(control));
    expect(of({ version: "title", softDelete: "share", where: true, set: { orgId: 7 } })).toEqual([
      "tables.task.set.orgId: expected a function",
      "tables.task.where: expected a function",
      "tables.task.softDelete: `share` holds no dates",
      "tables.task.version: `title` holds no whole numbers",
    ]);
    expect(of({ softDeleted: "deletedAt" })).toEqual([
      "tables.task: unknown key `softDeleted` (did you mean `softDelete`?)",
    ]);
    expect(mistakes({ task: 7 }, rules(control))).toEqual(["tables.task: expected an object"]);
  });
});
