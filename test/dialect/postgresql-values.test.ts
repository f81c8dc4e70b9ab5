import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler, type QueryResult } from "@bepalo/query";
import { sql } from "drizzle-orm";
import {
  char,
  date,
  integer,
  interval,
  json,
  jsonb,
  numeric,
  pgTable,
  real,
  time,
  timestamp,
  varchar,
} from "drizzle-orm/pg-core";
import { isLeftOut, openPostgresql, type OpenedPostgresql } from "../support/postgresql.ts";

const value = pgTable("values", {
  id: integer("id").primaryKey(),
  day: date("day", { mode: "date" }),
  stamp: timestamp("stamp"),
  stampZoned: timestamp("stamp_zoned", { withTimezone: true }),
  stampSecond: timestamp("stamp_second", { precision: 0 }),
  stampText: timestamp("stamp_text", { mode: "string" }),
  stampZonedText: timestamp("stamp_zoned_text", { mode: "string", withTimezone: true }),
  clock: time("clock"),
  clockSecond: time("clock_second", { precision: 0 }),
  clockZoned: time("clock_zoned", { withTimezone: true }),
  span: interval("span", { precision: 0 }),
  single: real("single"),
  cents: numeric("cents", { precision: 10, scale: 2 }),
  code: char("code", { length: 3 }),
  word: varchar("word", { length: 3 }),
  days: date("days", { mode: "date" }).array(),
  singles: real("singles").array(),
  grid: timestamp("grid", { precision: 0 }).array().array(),
  data: jsonb("data"),
  text: json("text"),
  list: jsonb("list").array(),
  big: numeric("big", { mode: "bigint" }),
  bigs: numeric("bigs", { mode: "bigint" }).array(),
});

/** A column, two of its values as PostgreSQL writes them, and a value between them that is none of its own. */
const BETWEEN: readonly (readonly [column: string, low: string, high: string, asked: string])[] = [
  ["day", "2024-02-28", "2024-02-29", "'2024-02-28T18:00:00Z'"],
  ["day", "2024-02-28", "2024-02-29", "'2024-02-28T00:00:00.000000001Z'"],
  ["stamp", "2024-02-29 12:00:00.000001", "2024-02-29 12:00:00.000002", "'2024-02-29T12:00:00.0000015Z'"],
  ["stamp", "2024-02-29 12:00:00.000001", "2024-02-29 12:00:00.000003", "'2024-02-29T12:00:00.000002Z'"],
  [
    "stampZoned",
    "2024-02-29 12:00:00.000001+00",
    "2024-02-29 12:00:00.000002+00",
    "'2024-02-29T13:00:00.0000015+01:00'",
  ],
  ["stampSecond", "2024-02-29 12:00:00", "2024-02-29 12:00:01", "'2024-02-29T12:00:00.5Z'"],
  ["stampText", "2024-02-29 12:00:00.000001", "2024-02-29 12:00:00.000002", "'2024-02-29 12:00:00.0000015'"],
  ["stampText", "0044-03-15 12:00:00 BC", "0044-03-15 12:00:01 BC", "'0044-03-15 12:00:00.9999999 BC'"],
  [
    "stampZonedText",
    "2024-02-29 12:00:00.000001+00",
    "2024-02-29 12:00:00.000002+00",
    "'2024-02-29 13:00:00.0000015+01'",
  ],
  ["clock", "12:00:00.000001", "12:00:00.000002", "'12:00:00.0000015'"],
  ["clock", "23:59:59.999999", "24:00:00", "'23:59:59.9999999'"],
  ["clockSecond", "12:00:00", "12:00:01", "'12:00:00.5'"],
  ["span", "1 second", "2 seconds", "'1.5 seconds'"],
  ["single", "0.1", "0.2", "0.10000000001"],
  ["single", "-0.2", "-0.1", "-0.10000000001"],
  ["single", "1e-45", "3e-45", "2e-45"],
  ["single", "16777216", "16777218", "16777217"],
  ["cents", "0.10", "0.20", "'0.105'"],
  ["cents", "0.10", "0.11", "0.1049999999999999999"],
  ["code", "abc", "abd", "'abca'"],
  ["word", "abc", "abd", "'abca'"],
];

/** What is asked of a value between those of rows 1 and 2, the third having none, and the rows that answer. */
const ASKED: readonly (readonly [filter: string, found: readonly number[]])[] = [
  ["(c.lt:v)", [1]],
  ["(c.lte:v)", [1]],
  ["(c.gt:v)", [2]],
  ["(c.gte:v)", [2]],
  ["(c:v)", []],
  ["(c.ne:v)", [1, 2]],
  ["(NOT:(c:v))", [1, 2]],
  ["(NOT:(c.ne:v))", []],
  ["(c.in:_(v)_)", []],
  ["(NOT:(c.in:_(v)_))", [1, 2]],
  ["(c.notIn:_(v)_)", [1, 2]],
  ["(c.between:_(v,v)_)", []],
  ["(c.notBetween:_(v,v)_)", [1, 2]],
];

const LONG = "12345678901234567890.5";
const extras = {
  listed: sql.raw(`array[${LONG},0.1]`).as("listed"),
  document: sql.raw(`jsonb_build_object('n',${LONG})`).as("document"),
};

/** The default body, of rows. */
const formatResult = (_request: Request, { result }: { result: QueryResult }): object => {
  const { rowsAffected, count, rows } = result;
  return { ...(rowsAffected !== undefined && { rowsAffected }), count, values: rows as unknown };
};

const DRIVERS = ["PGlite", "bun-sql", "postgres-js", "node-postgres"] as const;

describe.each(DRIVERS.filter((driver) => !isLeftOut(driver)))("on %s", (driver) => {
  let opened: OpenedPostgresql;
  let handlers: readonly QueryHandler[];
  const errors: unknown[] = [];
  beforeAll(async () => {
    opened = await openPostgresql(driver, { value });
    const readers = [{ reader: "fast" }, { reader: "portable" }, { defaults: { formatResult } }] as const;
    handlers = readers.map((reader) =>
      createQueryHandler({
        acl: {
          values: {
            table: "value",
            control: {
              GET: { all: { select: true, extras } },
              PATCH: { all: { select: true, write: true } },
            },
          },
        },
        database: opened.database,
        schema: { value },
        ...reader,
        onWarning: () => undefined,
        onError: (error) => errors.push(error),
      }),
    );
  }, 60_000);
  afterAll(() => opened?.close());

  const run = (text: string): Promise<unknown> =>
    (opened.database as unknown as { execute(query: unknown): Promise<unknown> }).execute(sql.raw(text));
  const fill = async (column: string, ...values: readonly (string | null)[]): Promise<void> => {
    await run(`delete from "values"`);
    const rows = values.map((text, index) => `(${index + 1}, ${text === null ? "null" : `'${text}'`})`);
    await run(`insert into "values" (id, ${column}) values ${rows.join(", ")}`);
  };
  /** What both readers answer, and rows that an author formats, which is one thing. */
  const ask = async (method: string, selector: string, body?: string, told?: string): Promise<any> => {
    const answers = [];
    for (const handle of handlers) {
      const init = body === undefined ? {} : { body, headers: { "content-type": "application/json" } };
      const url = `http://local/query/values?select=${encodeURIComponent(selector)}`;
      answers.push(await (await handle(new Request(url, { method, ...init }))).text());
    }
    const messages = errors.splice(0).map((error) => (error as Error).message);
    expect(messages).toEqual(told === undefined ? [] : handlers.map(() => told));
    const [fast, portable, formatted] = answers.map((text) => text.replaceAll(/(?<=[:,]) /g, ""));
    expect([portable, formatted]).toEqual([fast, fast]);
    return fast;
  };
  const found = async (where: string): Promise<unknown> => {
    const body = JSON.parse(await ask("GET", `(columns:~T(id)~,where:${where})`));
    return body.values?.map(({ id }: { id: number }) => id) ?? body;
  };
  const wrongly = async (
    cases: readonly (readonly [string, readonly number[]])[],
  ): Promise<readonly unknown[]> => {
    const wrong: unknown[] = [];
    for (const [where, rows] of cases) {
      const got = await found(where);
      if (!Bun.deepEquals(got, rows)) wrong.push([where, got, rows]);
    }
    return wrong;
  };
  const nameOf = (column: string): string => value[column as keyof typeof value.$inferSelect].name;

  test.each(BETWEEN)(
    "%s of %s and %s is compared with %s as it is written",
    async (column, low, high, asked) => {
      await fill(nameOf(column), low, high, null);
      const cases = ASKED.map(([where, rows]) => {
        const filter = where.replaceAll(/\bv\b/g, asked).replaceAll(/\bc\b/g, column);
        return [filter, rows] as const;
      });
      expect(await wrongly(cases)).toEqual([]);
    },
  );

  test("what a column can hold is found, however it is written", async () => {
    await fill("single", "0.1", "3.4028235e38", "1e-45");
    expect(
      await wrongly([
        ["(single:0.1)", [1]],
        ["(single:0.10000000149011612)", [1]],
        ["(single.gt:0.1)", [2]],
        ["(single.gte:3.4028235e38)", [2]],
        ["(single:1e-45)", [3]],
      ]),
    ).toEqual([]);
    await fill("stamp", "2024-02-29 12:00:00.123456");
    expect(
      await wrongly([
        ["(stamp:'2024-02-29T12:00:00.123456Z')", [1]],
        ["(stamp:'2024-02-29T14:00:00.123456000+02:00')", [1]],
        ["(stamp:'2024-02-29T12:00:00.123Z')", []],
      ]),
    ).toEqual([]);
  });

  test("an array has no element that it cannot hold", async () => {
    const noon = "'2024-02-28T12:00:00Z'";
    await fill("days", "{2024-02-28}", "{2024-02-29,2024-02-28}", null, "{}");
    expect(
      await wrongly([
        [`(days:_(${noon})_)`, []],
        [`(days.ne:_(${noon})_)`, [1, 2, 4]],
        [`(days.in:_(_(${noon})_,_('2024-02-28')_)_)`, [1]],
        [`(days.arrayContains:_('2024-02-28',${noon})_)`, []],
        [`(NOT:(days.arrayContains:_('2024-02-28',${noon})_))`, [1, 2, 4]],
        [`(days.arrayContained:_('2024-02-28',${noon})_)`, [1, 4]],
        [`(days.arrayContained:_(${noon})_)`, [4]],
        [`(days.arrayOverlaps:_('2024-02-29',${noon})_)`, [2]],
        [`(days.arrayOverlaps:_(${noon})_)`, []],
      ]),
    ).toEqual([]);
    await fill("grid", '{{"2024-02-28 12:00:00"},{"2024-02-28 13:00:00"}}', null);
    const [half, one] = ["'2024-02-28T12:00:00.5Z'", "'2024-02-28T13:00:00Z'"];
    expect(
      await wrongly([
        [`(grid:_(_(${half})_,_(${one})_)_)`, []],
        [`(grid.ne:_(_(${half})_,_(${one})_)_)`, [1]],
        [`(grid.arrayOverlaps:_(_(${half})_,_(${one})_)_)`, [1]],
        [`(grid.arrayOverlaps:_(_(${half})_)_)`, []],
        [`(grid.arrayContains:_(_(${one},${half})_)_)`, []],
      ]),
    ).toEqual([]);
    await fill("singles", "{0.1}", "{0.2,0.1}");
    expect(
      await wrongly([
        ["(singles:_(0.1)_)", [1]],
        ["(singles.arrayContains:_(0.10000000001)_)", []],
        ["(singles.arrayOverlaps:_(0.10000000001,0.2)_)", [2]],
      ]),
    ).toEqual([]);
  });

  test.each([
    ["clockZoned", "'12:00:00.0000001+00'"],
    ["span", "'1.0000001 seconds'"],
  ])("%s takes no more digits than it compares: %s", async (column, asked) => {
    expect(await found(`(${column}.lt:${asked})`)).toMatchObject({
      code: "invalid-value",
      path: `select.where.${column}.lt`,
    });
  });

  test("a whole number of any digits comes without its zeros, and another one is none", async () => {
    await fill("big", "123456789012345678901234567890", "5.00", "-7", "1.5", "NaN", "-0.0");
    const found = JSON.parse(await ask("GET", "(columns:~T(big)~)"));
    expect(found.values.map(({ big }: { big: unknown }) => big)).toEqual([
      "123456789012345678901234567890",
      "5",
      "-7",
      null,
      null,
      "0",
    ]);
    await run(`update "values" set bigs = array[5.00, 1.5]::numeric[] where id = 1`);
    await run(`update "values" set bigs = array[5.00, null]::numeric[] where id = 2`);
    const told = "`values.bigs` holds a value that its column cannot read: it is answered as null";
    const lists = JSON.parse(await ask("GET", "(columns:~T(bigs)~,where:(id.lt:3))", undefined, told));
    expect(lists.values).toEqual([{ bigs: null }, { bigs: ["5", null] }]);
  });

  test("a computed field comes with its digits too", async () => {
    await fill("big", "1");
    expect(await ask("GET", "(columns:~T(listed,document)~)")).toBe(
      `{"count":1,"values":[{"listed":[${LONG},0.1],"document":{"n":${LONG}}}]}`,
    );
  });

  test("a number of JSON comes with the digits it has, by every way", async () => {
    const number = "12345678901234567890.123456789";
    const written = `{"n":[${number},0.1],"t":"1"}`;
    const columns = "columns:~T(id,data,text,list)~";
    const all = async (wanted: string): Promise<void> => {
      const row = `{"id":1,"data":${wanted},"text":${wanted},"list":[${wanted},null]}`;
      expect(await ask("GET", `(${columns})`)).toBe(`{"count":1,"values":[${row}]}`);
      // With a column that is mapped here.
      const mapped = await ask("GET", "(columns:~T(id,days,data,text,list)~)");
      expect(mapped).toBe(`{"count":1,"values":[${row.replace(",", ',"days":null,')}]}`);
      const changed = await ask("PATCH", `(${columns})`, '{"code":"x"}');
      expect(changed).toBe(`{"rowsAffected":1,"count":1,"values":[${row}]}`);
    };
    for (const wanted of [written, number, `-${number}`, `[${"9".repeat(400)}]`]) {
      await run(`delete from "values"`);
      const given = `1, '${wanted}', '${wanted}', array['${wanted}'::jsonb, null]`;
      await run(`insert into "values" (id, data, text, list) values (${given})`);
      await all(wanted);
    }
  });
});
