import { describe, expect, test } from "bun:test";
import { count, lt, relations, type SQL, sql } from "drizzle-orm";
import {
  date,
  index as pgIndex,
  integer as pgInteger,
  pgTable,
  primaryKey as pgPrimaryKey,
  text as pgText,
  timestamp,
  unique as pgUniqueConstraint,
  uniqueIndex as pgUnique,
} from "drizzle-orm/pg-core";
import {
  alias,
  blob,
  foreignKey,
  index,
  integer,
  numeric,
  primaryKey,
  QueryBuilder,
  real,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createQueryHandler, createQueryRoute } from "@bepalo/query";
import { serve } from "../support/app.ts";
import { asked } from "../support/everywhere.ts";
import { openTables } from "../support/shop.ts";
import {
  type AnyACL,
  type AnyEntry,
  type AnyRule,
  type AnyTableRules,
  buildRegistry,
  costs,
  suspicions,
} from "../../src/policy/policy.ts";
import { readCatalog } from "../../src/schema/schema.ts";

const owner = sqliteTable("owners", { id: integer("id").primaryKey(), name: text("name") });
const plain = sqliteTable("plains", { id: integer("id").primaryKey(), title: text("title") });
const linked = sqliteTable("links", {
  id: integer("id").primaryKey(),
  title: text("title"),
  ownerId: integer("owner_id").references(() => owner.id),
});
const account = sqliteTable("accounts", {
  id: integer("id").primaryKey(),
  passwordHash: text("password_hash"),
});
/** Cells of a sheet, found by an index; each refers to another by two columns. */
const sheet = sqliteTable("sheets", { id: integer("id").primaryKey() });
const cell = sqliteTable(
  "cells",
  {
    id: integer("id").primaryKey(),
    sheetId: integer("sheet_id"),
    refSheet: integer("ref_sheet"),
    refId: integer("ref_id"),
    secret: text("secret"),
  },
  (t) => [
    index("cell_sheet").on(t.sheetId, t.id),
    foreignKey({ columns: [t.refSheet, t.refId], foreignColumns: [t.sheetId, t.id] }),
  ],
);
const schema = {
  owner,
  plain,
  linked,
  account,
  sheet,
  cell,
  sheetRelations: relations(sheet, ({ many }) => ({ cells: many(cell) })),
  cellRelations: relations(cell, ({ one }) => ({
    sheet: one(sheet, { fields: [cell.sheetId], references: [sheet.id] }),
  })),
};

/** The warnings of a file. */
function warnings(
  acl: AnyACL,
  {
    strict = false,
    tables = schema,
    references = true,
  }: { strict?: boolean; tables?: Record<string, unknown>; references?: boolean } = {},
): string[] {
  const heard: string[] = [];
  const client = new Database(":memory:");
  if (references) client.run("pragma foreign_keys = on");
  const database = drizzle(client, { schema: tables });
  createQueryRoute({ acl, database, schema: tables, strict, onWarning: (sentence) => heard.push(sentence) });
  return heard;
}

/** A file of one resource with one rule. */
const one = (table: string, method: string, role: string, rule: AnyRule): AnyACL => ({
  items: { table, control: { [method]: { [role]: rule } } },
});

const validateBody = (body: unknown): unknown => body;
const where = (): boolean => true;

/** A computed field that asks a table by Drizzle's builder. */
const countBefore = (table: typeof plain | typeof cell): SQL.Aliased =>
  sql`${new QueryBuilder().select({ n: count() }).from(table).where(lt(table.id, 9))}`.as("before");

/** Something suspicious, what is said of it, and what its author states so that nothing is said. */
const SUSPECTS: readonly [string, string, string, string, AnyRule, RegExp, ...AnyRule[]][] = [
  [
    "a `mine` rule that inserts for anybody",
    "plain",
    "POST",
    "mine",
    { select: true },
    /^acl\.items\.control\.POST\.mine: .*`where`/,
    { where },
    { check: () => true },
    { check: true },
    { injectBody: validateBody },
  ],
  [
    "a foreign key that may point anywhere, in a POST",
    "linked",
    "POST",
    "writer",
    { select: true },
    /^acl\.items\.control\.POST\.writer\.write: `ownerId`.*`check`/,
    { where },
    { check: () => true },
    { check: true },
    { write: { columns: ["title"] } },
  ],
  [
    "a foreign key that may point anywhere, in a PATCH",
    "linked",
    "PATCH",
    "writer",
    { select: true },
    /^acl\.items\.control\.PATCH\.writer\.write: `ownerId`.*`check`/,
    { where },
    { write: { mode: false, columns: ["ownerId"] } },
  ],
  [
    "a write of everybody's without a validator",
    "plain",
    "POST",
    "all",
    { select: true },
    /^acl\.items\.control\.POST\.all: .*`validateBody`/,
    { validateBody },
  ],
  [
    "a write of guests without a validator",
    "plain",
    "PATCH",
    "guest",
    { select: true },
    /^acl\.items\.control\.PATCH\.guest: .*`validateBody`/,
    { validateBody },
  ],
  [
    "a new row of which no column can be written",
    "plain",
    "POST",
    "writer",
    { select: true, write: [{ columns: ["title"], when: where }] },
    /^acl\.items\.control\.POST\.writer\.write: .*`when`/,
    { write: [{ columns: ["title"], when: where }, { columns: ["id"] }] },
    { write: false },
    { write: { columns: ["title"] } },
  ],
  [
    "a column called like a secret, let out with all the others",
    "account",
    "GET",
    "writer",
    { select: true },
    /^acl\.items\.control\.GET\.writer\.select: `passwordHash`.*secret/,
    { select: { mode: false, columns: ["passwordHash"] } },
    { select: { columns: ["id"] } },
  ],
  [
    "numbers about a hidden column, of however few rows",
    "linked",
    "GET",
    "writer",
    { select: { columns: ["id"] }, aggregate: { columns: { columns: ["id", "ownerId"] }, minGroupSize: 1 } },
    /^acl\.items\.control\.GET\.writer\.aggregate: `ownerId` is hidden.*`minGroupSize`/,
    { aggregate: true },
    { aggregate: { columns: { columns: ["id"] } } },
    { aggregate: { columns: { columns: ["id", "ownerId"] }, minGroupSize: 2 } },
  ],
  [
    "groups of a hidden column, of however few rows",
    "linked",
    "GET",
    "writer",
    { select: { columns: ["id"] }, aggregate: { groupBy: { columns: ["title"] } } },
    /^acl\.items\.control\.GET\.writer\.aggregate: `title` is hidden.*`minGroupSize`/,
    { select: { columns: ["id", "title"] } },
  ],
  [
    "a read of a whole table",
    "plain",
    "GET",
    "writer",
    { select: true, maxLimit: null },
    /^acl\.items\.control\.GET\.writer\.maxLimit: .*whole table/,
    { maxLimit: 100_000 },
  ],
  [
    "a read of a whole table in a relation",
    "sheet",
    "GET",
    "writer",
    { select: true, with: { cells: { select: { columns: ["id"] }, maxLimit: null } } },
    /^acl\.items\.control\.GET\.writer\.with\.cells\.maxLimit: .*whole table/,
    { with: { cells: { select: { columns: ["id"] }, maxLimit: 1_000 } } },
  ],
  [
    "a read of a whole table in a relation of what a write answers",
    "sheet",
    "DELETE",
    "writer",
    { select: true, with: { cells: { select: { columns: ["id"] }, maxLimit: null } } },
    /^acl\.items\.control\.DELETE\.writer\.with\.cells\.maxLimit: .*whole table/,
    { with: { cells: { select: { columns: ["id"] }, maxLimit: 1_000 } } },
  ],
  [
    "a nested read without any bound",
    "sheet",
    "GET",
    "writer",
    { select: true, maxCost: null, with: { cells: { select: { columns: ["id"] } } } },
    /^acl\.items\.control\.GET\.writer\.maxCost: .*nested/,
    { maxCost: 1_000_000 },
    { with: {} },
  ],
  [
    "a nested read of any work",
    "sheet",
    "GET",
    "writer",
    { select: true, maxWork: null, with: { cells: { select: { columns: ["id"] } } } },
    /^acl\.items\.control\.GET\.writer\.maxWork: .*nested/,
    { maxWork: 100_000_000 },
    { with: {} },
  ],
  [
    "a body of any size",
    "plain",
    "POST",
    "writer",
    { select: true, maxBodySize: null },
    /^acl\.items\.control\.POST\.writer\.maxBodySize: /,
    { maxBodySize: 100_000_000 },
  ],
  [
    "a foreign key of two columns that may point anywhere",
    "cell",
    "PATCH",
    "writer",
    { select: { columns: ["id"] }, write: { columns: ["refId"] } },
    /^acl\.items\.control\.PATCH\.writer\.write: `refId`.*`check`/,
    { check: () => true },
    { write: { columns: ["secret"] } },
  ],
  [
    "a computed field over its own table's name",
    "plain",
    "GET",
    "writer",
    { select: true, extras: { before: countBefore(plain) } },
    /^acl\.items\.control\.GET\.writer\.extras\.before: .*alias\(plain, "m"\)/,
    { extras: { before: countBefore(alias(plain, "m") as unknown as typeof plain) } },
  ],
  [
    "a computed field over its own table's name in a relation",
    "sheet",
    "GET",
    "writer",
    { select: true, with: { cells: { select: false, extras: { before: countBefore(cell) } } } },
    /^acl\.items\.control\.GET\.writer\.with\.cells\.extras\.before: .*alias\(cell, "m"\)/,
    { with: { cells: { select: false, extras: { before: countBefore(plain) } } } },
  ],
  [
    "a secret in a relation of what a write answers",
    "sheet",
    "POST",
    "writer",
    { select: true, with: { cells: true } },
    /^acl\.items\.control\.POST\.writer\.with\.cells\.select: `secret`/,
    { with: { cells: { select: { columns: ["id", "sheetId", "refSheet", "refId", "secret"] } } } },
  ],
];

describe.each(SUSPECTS)("%s", (_name, table, method, role, rule, said, ...stated) => {
  test("is warned of, with its path", () => {
    const heard = warnings(one(table, method, role, rule));
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatch(said);
  });

  test("is refused by `strict`", () => {
    expect(() => warnings(one(table, method, role, rule), { strict: true })).toThrow("suspicious");
  });

  test("is not warned of where its author says so", () => {
    for (const more of stated) {
      expect(warnings(one(table, method, role, { ...rule, ...more }), { strict: true })).toEqual([]);
    }
  });
});

test("a clean file warns of nothing, strict or not", () => {
  const clean: AnyACL = {
    plain: {
      table: "plain",
      control: {
        GET: { all: { select: true }, mine: { select: true, where } },
        HEAD: { all: { select: true } },
        POST: { all: { select: true, validateBody }, mine: { select: true, where } },
        PATCH: { mine: { select: true, where } },
        DELETE: { all: { select: true } },
      },
    },
    linked: {
      table: "linked",
      control: { POST: { writer: { select: true, where } }, DELETE: { writer: {} } },
    },
    account: { table: "account", control: { GET: { all: { select: { columns: ["id"] } } } } },
    // What answers no list has no bound to need, and what nobody may write no validator.
    cell: {
      table: "cell",
      maxCost: null,
      maxWork: null,
      control: {
        GET: { all: { select: { columns: ["id"] }, with: { sheet: { select: true, maxLimit: null } } } },
        POST: { all: { write: false, injectBody: validateBody } },
        DELETE: { all: { maxBodySize: null } },
      },
    },
  };
  expect(warnings(clean)).toEqual([]);
  expect(warnings(clean, { strict: true })).toEqual([]);
});

test("`strict` refuses with everything at once, one line each", () => {
  const acl: AnyACL = {
    a: { table: "account", control: { GET: { all: { select: true, maxLimit: null } } } },
    b: { table: "linked", control: { POST: { mine: { select: true }, guest: { select: true } } } },
  };
  const heard = warnings(acl);
  expect(heard).toHaveLength(6);
  let refused = "";
  try {
    warnings(acl, { strict: true });
  } catch (error) {
    refused = (error as Error).message;
  }
  expect(refused.split("\n").slice(1)).toEqual(heard.map((sentence) => `  ${sentence}`));
});

test("HEAD is not warned of twice where it follows GET, and once where it has rules of its own", () => {
  const open = { all: { select: true, maxLimit: null } };
  expect(warnings({ items: { table: "plain", control: { GET: open } } })).toHaveLength(1);
  const both = warnings({
    items: { table: "plain", control: { GET: open, HEAD: { all: { ...open.all } } } },
  });
  expect(both.map((sentence) => sentence.split(":", 1)[0])).toEqual([
    "acl.items.control.GET.all.maxLimit",
    "acl.items.control.HEAD.all.maxLimit",
  ]);
});

test("`maxLimit: null` of an entry or of the defaults is a rule's too", () => {
  expect(
    warnings({ items: { table: "plain", maxLimit: null, control: { GET: { all: { select: true } } } } }),
  ).toEqual(["acl.items.control.GET.all.maxLimit: a read may answer the whole table"]);
});

test.each([
  "password",
  "passwd",
  "pwd",
  "pwHash",
  "passwordHash",
  "password_hash",
  "userPassword",
  "secret",
  "clientSecret",
  "accessToken",
  "refresh_token",
  "apiKey",
  "api_key",
  "privateKey",
  "salt",
  "otp",
  "credentials",
])("a column called `%s` looks like a secret", (name) => {
  const table = sqliteTable("t", { id: integer("id").primaryKey(), [name]: text(name) });
  const heard = warnings(one("table", "GET", "writer", { select: true }), { tables: { table } });
  expect(heard).toEqual([
    `acl.items.control.GET.writer.select: \`${name}\` looks like a secret, and is let out`,
  ]);
});

test.each(["title", "keyboard", "author", "publishedAt", "tokyo", "monkey", "bytes"])(
  "a column called `%s` does not",
  (name) => {
    const table = sqliteTable("t", { id: integer("id").primaryKey(), [name]: blob(name) });
    expect(warnings(one("table", "GET", "writer", { select: true }), { tables: { table } })).toEqual([]);
  },
);

test("warnings go to the console where nobody listens", () => {
  const spoken: unknown[] = [];
  const { warn } = console;
  console.warn = (sentence: unknown) => void spoken.push(sentence);
  try {
    const database = drizzle(new Database(":memory:"), { schema: { plain } });
    const acl = one("plain", "POST", "all", { select: true });
    createQueryRoute({ acl, database, schema: { plain } });
  } finally {
    console.warn = warn;
  }
  expect(spoken).toEqual([expect.stringContaining("acl.items.control.POST.all")]);
});

describe("a relation whose rows no index finds", () => {
  const SENTENCE =
    "acl.items.control.GET.writer.with.children: no index of child begins with `a`, so each row reads the whole table";
  const parent = sqliteTable("parents", { id: integer("id").primaryKey() });
  const couple = sqliteTable("couples", { a: integer("a"), b: integer("b") }, (t) => [
    primaryKey({ columns: [t.a, t.b] }),
  ]);
  const childOf = (keys: (t: Record<"a" | "b" | "c", any>) => any[], a = integer("a")) =>
    sqliteTable("children", { a, b: integer("b"), c: integer("c") }, (t) => keys(t) as []);

  /** The warnings about a list of children that is joined by `a`, or of a couple's by `a` and `b`. */
  const heard = (
    child: ReturnType<typeof childOf>,
    { from = "parent", strict = false, ...rule }: AnyRule & { from?: string; strict?: boolean } = {},
  ): string[] => {
    const tables = {
      parent,
      couple,
      child,
      parentRelations: relations(parent, ({ many }) => ({ children: many(child) })),
      coupleRelations: relations(couple, ({ many }) => ({ children: many(child) })),
      childRelations: relations(child, ({ one: single }) => ({
        parent: single(parent, { fields: [child.a], references: [parent.id] }),
        couple: single(couple, { fields: [child.a, child.b], references: [couple.a, couple.b] }),
      })),
    };
    const reading = { select: true, with: { children: { select: true, ...rule } } };
    return warnings(one(from, "GET", "writer", reading), { tables, strict });
  };

  test("is warned of, and never refused: the database may have what the schema does not tell", () => {
    for (const strict of [false, true])
      expect(
        heard(
          childOf(() => []),
          { strict },
        ),
      ).toEqual([SENTENCE]);
  });

  test("is warned of where an index begins otherwise, holds some rows only, or an expression", () => {
    for (const child of [
      childOf((t) => [index("i").on(t.c, t.a)]),
      childOf((t) => [unique("u").on(t.b, t.a)]),
      childOf((t) => [primaryKey({ columns: [t.b, t.a] })]),
      childOf((t) => [index("i").on(sql`${t.a} + 1`)]),
      childOf((t) => [
        index("i")
          .on(t.a)
          .where(sql`${t.c} = 1`),
      ]),
    ])
      expect(heard(child)).toEqual([SENTENCE]);
  });

  test("is not warned of where an index, a key or a unique column begins with what joins them", () => {
    for (const child of [
      childOf((t) => [index("i").on(t.a)]),
      childOf((t) => [index("i").on(t.a, t.c)]),
      childOf((t) => [uniqueIndex("i").on(t.a, t.c)]),
      childOf((t) => [unique("u").on(t.a, t.b)]),
      childOf((t) => [primaryKey({ columns: [t.a, t.b] })]),
      childOf(() => [], integer("a").unique()),
      childOf(() => [], integer("a").primaryKey()),
    ])
      expect(heard(child)).toEqual([]);
    // Which rows a rule's filter lets through may be those of the index.
    const some = childOf((t) => [
      index("i")
        .on(t.a)
        .where(sql`${t.c} = 1`),
    ]);
    expect(heard(some, { where })).toEqual([]);
  });

  test("is found by one of several columns that join, and by none of the others", () => {
    const from = "couple";
    expect(
      heard(
        childOf((t) => [index("i").on(t.b)]),
        { from },
      ),
    ).toEqual([]);
    expect(
      heard(
        childOf((t) => [index("i").on(t.c, t.b)]),
        { from },
      ),
    ).toEqual([SENTENCE.replace("`a`", "`a`, `b`")]);
  });

  test("is warned of once for each join, however many rules ask for it, however deep", () => {
    const child = childOf(() => []);
    const tables = {
      parent,
      child,
      parentRelations: relations(parent, ({ many }) => ({ children: many(child) })),
      childRelations: relations(child, ({ one: single }) => ({
        parent: single(parent, { fields: [child.a], references: [parent.id] }),
      })),
    };
    const deep = { select: true, with: { parent: { select: true, with: { children: true } } } };
    const acl = {
      children: { table: "child", control: { GET: { writer: deep, editor: deep } } },
      parents: { table: "parent", control: { GET: { writer: { select: true, with: { children: deep } } } } },
    };
    expect(warnings(acl, { tables })).toEqual([
      SENTENCE.replace("items", "children").replace("with.children", "with.parent.with.children"),
    ]);
  });

  test("is found by PostgreSQL's indexes of equal values, not by its others", () => {
    const mother = pgTable("mothers", { id: pgInteger("id").primaryKey() });
    const told = (keys: (t: Record<"a" | "b", any>) => any[], rule: AnyRule = {}): readonly string[] => {
      const child = pgTable("children", { a: pgInteger("a"), b: pgInteger("b") }, (t) => keys(t) as []);
      const catalog = readCatalog({
        mother,
        child,
        motherRelations: relations(mother, ({ many }) => ({ children: many(child) })),
        childRelations: relations(child, ({ one: single }) => ({
          mother: single(mother, { fields: [child.a], references: [mother.id] }),
        })),
      });
      const reading = { select: true, with: { children: { select: true, ...rule } } };
      return costs(buildRegistry(one("mother", "GET", "writer", reading), catalog));
    };
    for (const keys of [
      (t: any) => [pgIndex().on(t.a)],
      (t: any) => [pgIndex().on(t.a.desc(), t.b)],
      (t: any) => [pgIndex().using("hash", t.a)],
      (t: any) => [pgUnique().on(t.a, t.b)],
      (t: any) => [pgUniqueConstraint().on(t.a, t.b)],
      (t: any) => [pgPrimaryKey({ columns: [t.a, t.b] })],
    ])
      expect(told(keys)).toEqual([]);
    for (const keys of [
      () => [],
      (t: any) => [pgIndex().on(t.b, t.a)],
      (t: any) => [pgIndex().using("brin", t.a)],
      (t: any) => [pgIndex().on(sql`${t.a} + 1`)],
      (t: any) => [
        pgIndex()
          .on(t.a)
          .where(sql`${t.b} = 1`),
      ],
    ])
      expect(told(keys)).toEqual([SENTENCE]);
    expect(
      told(
        (t) => [
          pgIndex()
            .on(t.a)
            .where(sql`${t.b} = 1`),
        ],
        { where },
      ),
    ).toEqual([]);
  });
});

describe("references that the connection does not keep", () => {
  const rule = { select: { columns: ["id"] }, where };
  const off = { references: false };
  const said =
    "database: `pragma foreign_keys` is off, so rows may refer to others that are not there; run `pragma foreign_keys = on` on the connection";

  test.each(["POST", "PATCH", "DELETE"])("are warned of where somebody may %s", (method) => {
    expect(warnings(one("plain", method, "writer", rule), off)).toEqual([said]);
    expect(() => warnings(one("plain", method, "writer", rule), { ...off, strict: true })).toThrow(said);
  });
  test("are not warned of where all only read, or nothing refers to anything", () => {
    expect(warnings(one("linked", "GET", "writer", rule), off)).toEqual([]);
    expect(warnings(one("plain", "POST", "writer", rule), { ...off, tables: { plain } })).toEqual([]);
  });
  test("are kept by libSQL as it comes, on every connection of a file", async () => {
    for (const name of ["libsql file", "libsql memory"] as const) {
      const app = await serve(
        { notes: { table: "comment", control: { POST: { all: { select: true, write: true } } } } },
        { on: name },
      );
      const orphans = Array.from({ length: 5 }, () =>
        app.post("notes", { articleId: "none", authorId: 1, text: "t" }),
      );
      for (const { status, body } of await Promise.all(orphans))
        expect([status, body.code]).toEqual([409, "conflict"]);
      await app.close();
    }
  });
});

describe("a default that its column cannot read back", () => {
  const seconds = () => integer({ mode: "timestamp" });
  const milliseconds = () => integer({ mode: "timestamp_ms" });
  const json = () => text({ mode: "json" });
  const CURED: Readonly<Record<string, string>> = {
    seconds: "read as seconds; write default(sql`(unixepoch())`)",
    milliseconds: "read as milliseconds; write default(sql`(unixepoch() * 1000)`)",
  };
  /** A column, its default in SQL, and whether something is said of it. */
  const DEFAULTS: readonly [string, () => any, string, boolean][] = [
    ["seconds", seconds, "CURRENT_TIMESTAMP", true],
    ["seconds", seconds, "(current_timestamp)", true],
    ["seconds", seconds, "CURRENT_DATE", true],
    ["seconds", seconds, "(datetime('now'))", true],
    ["seconds", seconds, "(datetime('now', 'localtime'))", true],
    ["seconds", seconds, "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))", true],
    ["seconds", seconds, "(unixepoch() * 1000)", true],
    ["seconds", seconds, "(unixepoch('subsec') * 1000)", true],
    ["seconds", seconds, "(cast((julianday('now') - 2440587.5)*86400000 as integer))", true],
    ["seconds", seconds, "(unixepoch())", false],
    ["seconds", seconds, "( unixepoch( 'now' ) )", false],
    ["seconds", seconds, "(strftime('%s', 'now'))", false],
    ["seconds", seconds, "(cast(strftime('%s','now') as int))", false],
    ["milliseconds", milliseconds, "CURRENT_TIMESTAMP", true],
    ["milliseconds", milliseconds, "(unixepoch())", true],
    ["milliseconds", milliseconds, "(strftime('%s', 'now'))", true],
    ["milliseconds", milliseconds, "(cast(strftime('%s', 'now') as integer))", true],
    ["milliseconds", milliseconds, "(unixepoch() * 1000)", false],
    ["milliseconds", milliseconds, "((unixepoch()) * 1000)", false],
    ["milliseconds", milliseconds, "(strftime('%s', 'now') * 1000)", false],
    ["milliseconds", milliseconds, "(cast(unixepoch('subsec') * 1000 as integer))", false],
    ["milliseconds", milliseconds, "(cast((julianday('now') - 2440587.5)*86400000 as integer))", false],
    ["text", text, "CURRENT_TIMESTAMP", false],
    ["text", text, "(unixepoch())", false],
    ["text", text, "'CURRENT_TIMESTAMP'", false],
    ["number", integer, "CURRENT_TIMESTAMP", true],
    ["number", integer, "(unixepoch())", false],
    ["number", integer, "(strftime('%Y', 'now'))", false],
    ["number", integer, "'12'", false],
    ["number", real, "(julianday('now'))", false],
    ["number", real, "(date())", true],
    ["number", () => numeric({ mode: "number" }), "CURRENT_TIME", true],
    ["boolean", () => integer({ mode: "boolean" }), "true", false],
    ["boolean", () => integer({ mode: "boolean" }), "'true'", true],
    ["json", json, "(json_array())", false],
    ["json", json, "'{\"a\":''b''}'", true],
    ["json", json, "'[]'", false],
    ["json", json, "(unixepoch())", false],
    ["json", json, "CURRENT_TIMESTAMP", true],
    ["bigint", () => numeric({ mode: "bigint" }), "CURRENT_TIMESTAMP", true],
    ["bigint", () => numeric({ mode: "bigint" }), "(unixepoch())", false],
  ];
  /** Whether a value is one of its column's; a moment is now. */
  const isOf = (kind: string, value: unknown): boolean => {
    if (kind.endsWith("seconds")) return Math.abs(Date.parse(value as string) - Date.now()) < 60_000;
    if (kind === "json") return typeof value === "object" || typeof value === "number";
    return typeof value === (kind === "bigint" ? "string" : kind === "text" ? "string" : kind);
  };

  test.each(DEFAULTS)("%s %p default %s: %p", async (kind, make, written, suspicious) => {
    const tables = {
      item: sqliteTable("items", { id: integer().primaryKey(), value: make().default(sql.raw(written)) }),
    };
    const heard = warnings(one("item", "GET", "writer", { select: true }), { tables });
    if (suspicious) {
      expect(heard).toHaveLength(1);
      expect(heard[0]).toStartWith("schema.item.value: the default stores ");
      if (kind in CURED) expect(heard[0]).toEndWith(CURED[kind]!);
      return;
    }
    expect(heard).toEqual([]);
    const { database, close } = await openTables(tables, "bun:sqlite");
    const rule = { all: { select: true } };
    const acl = { item: { table: "item", control: { GET: rule, POST: rule } } };
    const handle = createQueryHandler({ acl, database, schema: tables, onWarning: () => undefined });
    for (const method of ["POST", "GET"]) {
      const answer = await asked(handle, method, "item", method === "POST" ? {} : undefined);
      expect(answer).toMatchObject({ status: 200, body: { count: 1 } });
      expect(isOf(kind, answer.body.item[0].value)).toBe(true);
    }
    close();
  });

  test("is not spoken of in a table that no rule is about, and in PostgreSQL, which checks it", () => {
    const item = sqliteTable("items", { id: integer(), at: seconds().default(sql`CURRENT_TIMESTAMP`) });
    expect(warnings(one("plain", "GET", "writer", { select: true }), { tables: { plain, item } })).toEqual(
      [],
    );
    const moment = pgTable("moments", {
      id: pgInteger().primaryKey(),
      at: timestamp().defaultNow(),
      day: date().default(sql`CURRENT_DATE`),
      text: pgText().default(sql`CURRENT_TIMESTAMP`),
    });
    const catalog = readCatalog({ moment });
    const registry = buildRegistry(one("moment", "GET", "writer", { select: true }), catalog);
    expect(suspicions(registry, catalog, true)).toEqual([]);
  });
  test("is spoken of once, for a relation too", () => {
    const note = sqliteTable("notes", {
      id: integer().primaryKey(),
      sheetId: integer(),
      at: seconds().default(sql`CURRENT_TIMESTAMP`),
    });
    const noteRelations = relations(note, ({ one: toOne }) => ({
      sheet: toOne(sheet, { fields: [note.sheetId], references: [sheet.id] }),
    }));
    const sheetRelations = relations(sheet, ({ many }) => ({ notes: many(note) }));
    const tables = { sheet, note, noteRelations, sheetRelations };
    const reading = { select: true, with: { notes: { select: true } } };
    const heard = warnings(one("sheet", "GET", "writer", reading), { tables });
    expect(heard.filter((sentence) => sentence.startsWith("schema."))).toEqual([
      "schema.note.at: the default stores a text, and the column is read as seconds; write default(sql`(unixepoch())`)",
    ]);
  });
});

describe("rules that let out more rows than others", () => {
  const member = sqliteTable("members", { id: integer("id").primaryKey(), name: text("name") });
  const task = sqliteTable(
    "tasks",
    {
      id: integer("id").primaryKey(),
      orgId: integer("org_id"),
      memberId: integer("member_id"),
    },
    (t) => [index("task_member").on(t.memberId)],
  );
  const tables = {
    member,
    task,
    memberRelations: relations(member, ({ many }) => ({ tasks: many(task) })),
    taskRelations: relations(task, ({ one: single }) => ({
      member: single(member, { fields: [task.memberId], references: [member.id] }),
    })),
  };
  const heard = (acl: AnyACL, facts: AnyTableRules = {}): string[] => {
    const said: string[] = [];
    const client = new Database(":memory:");
    client.run("pragma foreign_keys = on");
    createQueryRoute({
      acl,
      tables: facts,
      database: drizzle(client, { schema: tables }),
      schema: tables,
      onWarning: (sentence) => said.push(sentence),
    });
    return said;
  };
  const narrow = { select: true, where } as const;
  const wide = { select: true } as const;
  const entry = (table: string, control: NonNullable<AnyEntry["control"]>): AnyEntry => ({ table, control });

  describe("a relation to a table whose own rules all have a `where`", () => {
    const members = entry("member", { GET: { user: narrow, mine: narrow } });
    const file = (rule: boolean | string | AnyRule, others: AnyACL = { members }): AnyACL => ({
      ...others,
      tasks: entry("task", { GET: { user: { ...narrow, with: { member: rule } } } }),
    });
    const SENTENCE =
      'acl.tasks.control.GET.user.with.member: every rule of `members` says which rows there are, and this one lets out all; name the resource, as in `member: "members"`';

    test("is told of, with the resource to name", () => {
      expect(heard(file(true))).toEqual([SENTENCE]);
      expect(heard(file({ select: { columns: ["name"] } }))).toEqual([SENTENCE]);
      // However deep, and in what writes answer.
      const deep = { select: false, with: { tasks: { ...narrow, with: { member: true } } } };
      expect(
        heard({ members, tasks: entry("task", { DELETE: { user: { ...narrow, with: { member: deep } } } }) }),
      ).toEqual([SENTENCE.replace("GET", "DELETE").replace("member:", "member.with.tasks.with.member:")]);
    });

    test.each([
      ["the resource is named", file("members")],
      ["it has a `where` of its own", file({ ...narrow })],
      ["it says that it means all rows", file({ ...wide, unrestricted: true })],
      ["it lets nothing out", file({ select: false })],
      [
        "some role sees all rows",
        file(true, { members: entry("member", { GET: { user: narrow, admin: wide } }) }),
      ],
      [
        "another resource shows them",
        file(true, { members, names: entry("member", { GET: { all: { select: { columns: ["name"] } } } }) }),
      ],
      ["the table has no resource", file(true, {})],
      [
        "its resource is only written",
        file(true, { members: entry("member", { DELETE: { user: narrow } }) }),
      ],
    ])("is none where %s", (_, acl) => expect(heard(acl)).toEqual([]));

    test("is none where the table itself says which rows there are", () =>
      expect(heard(file(true), { member: { where } })).toEqual([]));

    test("is none where its rows hang on others", () => {
      const hung = (rule: AnyRule): AnyACL => ({
        tasks: entry("task", { GET: { user: narrow } }),
        members: entry("member", { GET: { user: { ...wide, with: { tasks: rule } } } }),
      });
      expect(heard(hung({ ...wide, parent: { member: "members" } }))).toEqual([]);
      expect(heard(hung(wide))).toEqual([
        expect.stringContaining("acl.members.control.GET.user.with.tasks: every rule of `tasks`"),
      ]);
    });
  });

  describe("a table that customers share", () => {
    const SENTENCE = (path: string): string =>
      `acl.${path}: \`orgId\` seems to say whose a row is, and other rules over task have a \`where\`; say it once, in tables.task.where`;

    test("of which some rules have a `where` and others none", () => {
      expect(heard({ tasks: entry("task", { GET: { user: narrow, guest: wide } }) })).toEqual([
        SENTENCE("tasks.control.GET.guest"),
      ]);
      expect(
        heard({
          tasks: entry("task", { GET: { user: narrow } }),
          open: entry("task", { GET: { user: wide, lead: wide } }),
        }),
      ).toEqual([SENTENCE("open.control.GET.user"), SENTENCE("open.control.GET.lead")]);
      expect(heard({ tasks: entry("task", { DELETE: { user: narrow, lead: wide } }) })).toEqual([
        SENTENCE("tasks.control.DELETE.lead"),
      ]);
    });

    test.each([
      ["all have one", { tasks: entry("task", { GET: { user: narrow, lead: narrow } }) }],
      ["who sees nothing has none", { tasks: entry("task", { GET: { user: narrow, guest: {} } }) }],
      ["none has one", { tasks: entry("task", { GET: { user: wide, lead: wide } }) }],
      [
        "who is above all customers has none",
        { tasks: entry("task", { GET: { user: narrow, admin: wide, superuser: wide } }) },
      ],
      ["only the scope `mine` has one", { tasks: entry("task", { GET: { mine: narrow, all: wide } }) }],
      [
        "all may read, and some may remove",
        { tasks: entry("task", { GET: { all: wide }, DELETE: { user: narrow } }) },
      ],
      [
        "it says so",
        { tasks: entry("task", { GET: { user: narrow, lead: { ...wide, unrestricted: true } } }) },
      ],
      ["the table has no such column", { members: entry("member", { GET: { user: narrow, lead: wide } }) }],
    ] as [string, AnyACL][])("is none where %s", (_, acl) => expect(heard(acl)).toEqual([]));

    test("is none where it is said once", () =>
      expect(
        heard({ tasks: entry("task", { GET: { user: narrow, lead: wide } }) }, { task: { where } }),
      ).toEqual([]));
  });

  describe("a masked column that refers to a row", () => {
    const grants = [{ columns: ["id"] }, { columns: ["memberId"], when: where }];
    const file = (rule: AnyRule): AnyACL => ({
      members: entry("member", { GET: { all: wide } }),
      tasks: entry("task", { GET: { all: rule } }),
    });
    const SENTENCE = ".select: `memberId` is masked on some rows, and `member` tells what it refers to";

    test("while the relation may be loaded", () => {
      const here = `acl.tasks.control.GET.all${SENTENCE}`;
      expect(heard(file({ select: grants, with: { member: true } }))).toEqual([here]);
      expect(heard(file({ select: grants, with: { member: "members" } }))).toEqual([here]);
      const nested = {
        members: entry("member", {
          GET: { all: { ...wide, with: { tasks: { select: grants, with: { member: true } } } } },
        }),
      };
      expect(heard(nested)).toEqual([`acl.members.control.GET.all.with.tasks${SENTENCE}`]);
    });

    test("is none without the relation, or where the column is let out on every row", () => {
      expect(heard(file({ select: grants }))).toEqual([]);
      const all = [...grants, { columns: ["memberId"] }];
      expect(heard(file({ select: all, with: { member: true } }))).toEqual([]);
      const other = [{ columns: ["id", "memberId"] }, { columns: ["orgId"], when: where }];
      expect(heard(file({ select: other, with: { member: true } }))).toEqual([]);
    });
  });
});

test("a member that stands where numbers of related rows would is told, where there are some", () => {
  const other = sqliteTable("u", { id: integer().primaryKey(), tId: integer("t_id") });
  const table = sqliteTable("t", { id: integer().primaryKey(), _count: integer() });
  const tables = {
    table,
    other,
    ofTable: relations(table, ({ many }) => ({ others: many(other) })),
    ofOther: relations(other, ({ one }) => ({
      t: one(table, { fields: [other.tId], references: [table.id] }),
    })),
  };
  const others = { select: true, maxLimit: 10, extras: { _count: sql<number>`1`.as("_count") } };
  const told = (rule: object): readonly string[] =>
    warnings(one("table", "GET", "writer", rule), { tables }).filter((text) => text.includes("numbers"));
  const path = "acl.items.control.GET.writer";
  expect(told({ select: true, with: { others: { ...others, with: { t: true } } } })).toEqual([
    `${path}.select: the column \`_count\` stands where the numbers of related rows would, so none can be asked for`,
    `${path}.with.others.extras: the field \`_count\` stands where the numbers of related rows would, so none can be asked for`,
  ]);
  expect(told({ select: true })).toEqual([]);
  expect(told({ select: { columns: ["id"] }, with: { others: { select: true, maxLimit: 10 } } })).toEqual([]);
});

test("names that hide the words of filters are told", () => {
  const table = sqliteTable("t", { id: integer().primaryKey(), search: text(), is: text(), count: text() });
  const some = sqliteTable("u", { id: integer().primaryKey(), "t.name": text("name"), tId: integer("t_id") });
  const tables = {
    table,
    some,
    ofTable: relations(table, ({ many }) => ({ some: many(some) })),
    ofSome: relations(some, ({ one }) => ({ t: one(table, { fields: [some.tId], references: [table.id] }) })),
  };
  const rule = { select: true, with: { some: { select: true, maxLimit: 10, with: { t: true } } } };
  const heard = warnings(one("table", "GET", "writer", rule), { tables });
  const path = "acl.items.control.GET.writer";
  expect(heard.filter((sentence) => sentence.includes("hides"))).toEqual([
    `${path}.with: the relation \`some\` hides the word \`some\` of filters`,
    `${path}.select: the column \`search\` hides the order by relevance`,
    `${path}.select: the column \`is\` hides the word \`is\` of filters`,
    `${path}.with.some.select: the column \`t.name\` hides a path through \`t\``,
    `${path}.with.some.with.t.select: the column \`search\` hides the order by relevance`,
    `${path}.with.some.with.t.select: the column \`is\` hides the word \`is\` of filters`,
  ]);
});
