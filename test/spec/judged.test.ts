/* oxlint-disable typescript/unbound-method -- what an app is made of are closures */
import { afterEach, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { sql } from "drizzle-orm";
import { blob, integer, numeric, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { type App, type AppOptions, serve } from "../support/app.ts";
import type { DatabaseName } from "../support/databases.ts";
import { openTables } from "../support/shop.ts";
import { refusal } from "../support/write.ts";

// How rows are judged before they are written, where SQLite has ways of its own. What every database owes stands in the
// conformance suite, chapter `judging`.

const safe = sqliteTable("the safe", {
  id: integer("id").primaryKey({ autoIncrement: true }),
  org: integer("org").notNull(),
  name: text("na me").notNull(),
  amount: real("amount"),
  digits: numeric("digits", { mode: "bigint" }),
  decimal: numeric("decimal"),
  bytes: blob("bytes", { mode: "buffer" }),
  at: integer("at", { mode: "timestamp_ms" }),
  yes: integer("yes", { mode: "boolean" }),
  json: text("json", { mode: "json" }),
  coin: integer("coin")
    .notNull()
    .default(sql`(abs(random()) % 2)`),
  twice: integer("twice").generatedAlwaysAs(sql`org * 2`),
});
const wanted = sqliteTable("wanted", { label: text("label").primaryKey() });
/** Without a primary key. */
const entry = sqliteTable("entries", { name: text("name").notNull(), note: text("note") });
const schema = { safe, wanted, entry };

/** As the application made them: with a collation and a way with conflicts that Drizzle has no words for. */
const REMADE = [
  'drop table "the safe"',
  `create table "the safe" (id integer primary key autoincrement, org integer not null, "na me" text not null collate nocase,
     amount real, digits numeric, decimal numeric, bytes blob, at integer, yes integer, json text,
     coin integer not null default (abs(random()) % 2), twice integer generated always as (org * 2) virtual)`,
  "drop table entries",
  "create table entries (name text not null unique on conflict ignore, note text)",
];

const STACKS: readonly (readonly [DatabaseName, "fast" | "portable"])[] = [
  ["libsql memory", "fast"],
  ["libsql file", "portable"],
  ["bun:sqlite", "fast"],
  ["bun:sqlite", "portable"],
];

type Table = typeof safe;
type Check = (context: { me?: number }, t: Table) => unknown;

describe.each(STACKS)("on %s, %s reader", (on, reader) => {
  let app: App | undefined;
  afterEach(async () => {
    const errors = app?.errors.splice(0);
    await app?.close();
    expect(errors).toEqual([]);
  });

  const open = async (control: object, options: object = {}): Promise<App> => {
    const opened = await openTables(schema, on);
    for (const statement of REMADE) await opened.database.run(sql.raw(statement));
    await opened.database.run(sql`insert into wanted values ('1'), ('x')`);
    const acl = { safes: { table: "safe", control, ...options }, ...ENTRIES };
    app = await serve(acl as never, { opened, schema, reader } as AppOptions);
    return app;
  };
  /** A server whose new rows must satisfy a check that asks tables. */
  const checking = (check: Check, more: object = {}): Promise<App> => {
    const rule = {
      select: true,
      check: (context: object, t: Table) =>
        sql`exists (select 1 from wanted where label = 'x') and (${check(context, t)})`,
      ...more,
    };
    return open({ POST: { all: rule }, PATCH: { all: rule } });
  };

  const row = {
    org: 5,
    name: "it's \u{1F600}",
    amount: 0.1 + 0.2,
    digits: "9007199254740993",
    decimal: "1.5",
    bytes: Buffer.from([0, 255, 39]).toString("base64"),
    at: "2024-01-02T03:04:05.678Z",
    yes: true,
    json: { a: [1, "'"] },
  };

  test.each([
    ["the digits of reals", (t: Table) => sql`${t.amount} = 0.1 + 0.2 and typeof(${t.amount}) = 'real'`],
    ["integers of 64 bits", (t: Table) => sql`${t.digits} = 9007199254740993`],
    [
      "numbers that were sent as text",
      (t: Table) => sql`typeof(${t.decimal}) = 'real' and ${t.decimal} = 1.5`,
    ],
    ["bytes", (t: Table) => sql`${t.bytes} = x'00FF27' and typeof(${t.bytes}) = 'blob'`],
    ["moments", (t: Table) => sql`${t.at} = 1704164645678`],
    ["truth", (t: Table) => sql`${t.yes} and typeof(${t.yes}) = 'integer'`],
    ["JSON", (t: Table) => sql`json_extract(${t.json}, '$.a[1]') = ''''`],
    ["text", (t: Table) => sql`${t.name} = ${"it's \u{1F600}"}`],
    ["what the column's collation takes for the same", (t: Table) => sql`${t.name} = ${"IT'S \u{1F600}"}`],
    ["what the column's type takes for the same", (t: Table) => sql`${t.org} = ${"5"}`],
    ["what it takes for the same in another table", (t: Table) => sql`${t.org} - 4 in (select 1)`],
    ["what the database computes", (t: Table) => sql`${t.twice} = 10`],
    ["the key that it makes", (t: Table) => sql`${t.id} > 0`],
    ["a mapped date", (t: Table) => sql`${t.at} < ${sql.param(new Date("2025-01-01"), t.at)}`],
  ])("a row that is judged keeps %s", async (what, condition) => {
    const { post, patch } = await checking((_context, t) => sql`${t.name} = 'x' or ${condition(t)}`);
    const made = await post("safes", row);
    expect([made.status, made.body.safes]).toEqual([
      200,
      [{ id: 1, ...row, coin: expect.any(Number), twice: 10 }],
    ]);
    expect((await post("safes", [row, row])).body.rowsAffected).toBe(2);
    // What is missing in one row of a list takes nothing from the next.
    expect((await post("safes", [{ org: 1, name: "x" }, row])).body.rowsAffected).toBe(2);
    expect((await patch("safes", row)).body.rowsAffected).toBe(5);
    expect((await post("safes", { org: 1, name: "y" })).status).toBe(what.startsWith("the key") ? 200 : 403);
  });

  test("and the opposite is refused", async () => {
    const { post } = await checking(
      (_context, t) => sql`not (${t.amount} = 0.1 + 0.2 and ${t.digits} = 9007199254740993)`,
    );
    expect(refusal(await post("safes", row))).toEqual({ status: 403, code: "check-failed" });
    expect((await post("safes", { ...row, digits: "9007199254740992" })).status).toBe(200);
  });

  test("what the database makes by chance is stored as it was judged", async () => {
    const { post, patch, database } = await checking((_context, t) => sql`${t.coin} = 1`, {
      injectBody: (body: object) => ({ ...body, ...("coin" in body && { coin: sql`abs(random()) % 2` }) }),
    });
    const statuses = new Set<number>();
    for (let i = 0; i < 24; i++) statuses.add((await post("safes", { org: i, name: "n" })).status);
    for (let i = 0; i < 24; i++) statuses.add((await patch("safes", { coin: 0 })).status);
    expect(statuses).toEqual(new Set([200, 403]));
    expect(await database.all(sql`select distinct coin from "the safe"`)).toEqual([{ coin: 1 }]);
  });

  test("a row may be asked for its number, where its table has no key", async () => {
    const { post, database } = await open({});
    expect((await post("entries", { name: "x", note: "1" })).status).toBe(200);
    expect(
      (
        await post("entries", [
          { name: "y", note: "2" },
          { name: "z", note: "2" },
        ])
      ).status,
    ).toBe(200);
    expect(refusal(await post("entries", { name: "w", note: "1" }))).toEqual({
      status: 403,
      code: "check-failed",
    });
    expect(await database.all(sql`select count(*) as n from entries`)).toEqual([{ n: 3 }]);
  });

  test("a number that the database makes may be of any size", async () => {
    const { post } = await open({ POST: { all: { select: { columns: ["twice"] } } } });
    const { status, body } = await post("safes", { ...row, org: 9007199254740991 });
    expect([status, body]).toEqual([
      200,
      { rowsAffected: 1, count: 1, safes: [{ twice: 18014398509481982 }] },
    ]);
  });

  test("a row that its table ignores is no row", async () => {
    const { post } = await open({});
    expect((await post("open", { name: "a" })).body.rowsAffected).toBe(1);
    for (const resource of ["open", "entries"]) {
      const none = { rowsAffected: 0, count: 0, [resource]: [] };
      expect((await post(resource, { name: "a", note: "7" })).body).toEqual(none);
      expect((await post(resource, [{ name: "a", note: "8" }])).body).toEqual(none);
    }
    for (const resource of ["entries", "wanted"]) {
      const name = `b ${resource}`;
      expect((await post(resource, [{ name: "a" }, { name }, { name }])).body).toEqual({
        rowsAffected: 1,
        count: 1,
        [resource]: [{ name, note: null }],
      });
    }
  });

  test("triggers of every table are known, however many have some", async () => {
    const control = { POST: { all: { select: true, where: (_: unknown, t: Table) => sql`${t.org} = 1` } } };
    const { post, database } = await open(control);
    for (const table of ["wanted", "entries", "the safe"])
      await database.run(
        sql.raw(`create trigger "after ${table}" after insert on "${table}" begin
          update "the safe" set org = 2 where org = 1; end`),
      );
    expect(refusal(await post("safes", { org: 1, name: "n" }))).toEqual({
      status: 403,
      code: "check-failed",
    });
  });

  test("triggers that come later are seen where the entry says so", async () => {
    const control = { POST: { all: { select: true, where: (_: unknown, t: Table) => sql`${t.org} = 1` } } };
    for (const triggers of [undefined, true, false]) {
      const { post, database, close } = await open(control, triggers === undefined ? {} : { triggers });
      const sent = { org: 1, name: "n", coin: 0 };
      expect((await post("safes", sent)).status).toBe(200);
      await database.run(
        sql.raw(`create trigger late after insert on "the safe" begin
          update "the safe" set org = 2 where id = new.id; end`),
      );
      expect((await post("safes", sent)).status).toBe(triggers === true ? 403 : 200);
      if (triggers !== false) await close();
    }
  });
});

/** Rules over the table without a key. */
const ENTRIES = {
  open: { table: "entry", control: { POST: { all: { select: true } } } },
  wanted: {
    table: "entry",
    control: {
      POST: {
        all: {
          select: true,
          check: (_: unknown, t: typeof entry) => sql`exists (select 1 from wanted where ${t.name} <> label)`,
        },
      },
    },
  },
  entries: {
    table: "entry",
    control: {
      POST: {
        all: {
          select: true,
          check: (_: unknown, t: typeof entry) =>
            sql`not exists (select 1 from entries e where e.rowid <> ${t}.rowid and e.note = ${t.note})`,
        },
      },
    },
  },
};
