import { describe, expect, test } from "bun:test";
import { blob, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createQueryRoute } from "@bepalo/query";
import type { AnyACL, AnyRule } from "../../src/policy/acl.ts";

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
const schema = { owner, plain, linked, account };

/** The warnings of a file. */
function warnings(
  acl: AnyACL,
  { strict = false, tables = schema }: { strict?: boolean; tables?: Record<string, unknown> } = {},
): string[] {
  const heard: string[] = [];
  const database = drizzle(new Database(":memory:"), { schema: tables });
  createQueryRoute({ acl, database, schema: tables, strict, onWarning: (sentence) => heard.push(sentence) });
  return heard;
}

/** A file of one resource with one rule. */
const one = (table: string, method: string, role: string, rule: AnyRule): AnyACL => ({
  items: { table, control: { [method]: { [role]: rule } } },
});

const validateBody = (body: unknown): unknown => body;
const where = (): boolean => true;

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
    "a read of a whole table",
    "plain",
    "GET",
    "writer",
    { select: true, maxLimit: null },
    /^acl\.items\.control\.GET\.writer\.maxLimit: .*whole table/,
    { maxLimit: 100_000 },
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
    const database = drizzle(new Database(":memory:"), { schema });
    createQueryRoute({ acl: one("plain", "POST", "all", { select: true }), database, schema });
  } finally {
    console.warn = warn;
  }
  expect(spoken).toEqual([expect.stringContaining("acl.items.control.POST.all")]);
});
