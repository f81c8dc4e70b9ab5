// Flat lists that come as rows, by the driver that answers so: nobody can tell it from the answer.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createQueryHandler, type QueryHandler, type QueryResult } from "@bepalo/query";
import { getTableColumns } from "drizzle-orm";
import {
  bigint,
  boolean,
  date,
  doublePrecision,
  integer,
  numeric,
  pgTable,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";
import { isLeftOut, openPostgresql, type OpenedPostgresql } from "../support/postgresql.ts";

const thing = pgTable("thing", {
  id: integer("id").primaryKey(),
  small: smallint("small"),
  long: bigint("long", { mode: "number" }),
  big: bigint("big", { mode: "bigint" }),
  double: doublePrecision("double"),
  exact: numeric("exact"),
  yes: boolean("yes"),
  word: text("word"),
  key: uuid("key"),
  day: date("day", { mode: "date" }),
  at: timestamp("at"),
  zoned: timestamp("zoned", { withTimezone: true }),
});

const ROWS = `insert into thing values
  (1, -32768, 9007199254740993, 9223372036854775807, '-0', '1.500', true, '', '00000000-0000-0000-0000-00000000000a',
    '0044-03-15 BC', '0001-01-01', '9999-12-31 23:59:59.9999+00'),
  (2, 32767, -9007199254740993, -1, 'NaN', 'NaN', false, E'a"\\\\\\x01\\x1e\\x1f\\x7f\\u2028\\n', null,
    'infinity', '-infinity', '0001-01-01 00:00:00+14'),
  (3, null, 9007199254740991, 0, '1e21', '0.10', null, 'ä€😀', null, '10000-01-01', '2024-02-29 12:00:00.123999',
    '1900-01-01 00:00:00.000001+00:17:30'),
  (4, 0, null, null, '0.1', null, true, null, null, null, null, null),
  (5, 7, -0, 5, 'Infinity', '-12345678901234567890.5', false, 'zz', null, '2024-02-29', '275760-09-13',
    '2024-02-29 12:00:00+02')`;

/** Moments around those from which on they are read otherwise, with the milliseconds that have begun then. */
const MOMENTS = [
  ["-infinity", null],
  ["4713-11-24 00:00:00.000001 BC", "-004712-11-24T00:00:00.000Z"],
  ["0001-01-01 00:00:00", "0001-01-01T00:00:00.000Z"],
  ["1714-07-30 00:00:00.001999", "1714-07-30T00:00:00.001Z"],
  ["1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999Z"],
  ["1999-12-31 23:59:59.998999", "1999-12-31T23:59:59.998Z"],
  ["1999-12-31 23:59:59.999", "1999-12-31T23:59:59.999Z"],
  ["1999-12-31 23:59:59.999999", "1999-12-31T23:59:59.999Z"],
  ["2000-01-01 00:00:00", "2000-01-01T00:00:00.000Z"],
  ["2000-01-01 00:00:00.000999", "2000-01-01T00:00:00.000Z"],
  ["2285-06-06 00:00:00.999999", "2285-06-06T00:00:00.999Z"],
  ["9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999Z"],
  ["10000-01-01 00:00:00", "+010000-01-01T00:00:00.000Z"],
  ["275760-09-12 23:59:59.999999", "+275760-09-12T23:59:59.999Z"],
  ["275760-09-13 00:00:00", null],
  ["infinity", null],
] as const;

const COLUMNS = Object.keys(getTableColumns(thing));

/** Columns none of whose values is long: cursors of an order by these, and by `id`, are short. */
const BRIEF = new Set(["id", "small", "long", "big", "yes", "day", "at", "zoned"]);

/** All rows, by a value: what has none is no statement that is seen here. */
const ALL = "where:(id.gt:0)";

/** The default body, of rows. */
const formatResult = (_request: Request, { result }: { result: QueryResult }): object => {
  const { count, page, more, rows } = result;
  return { count, ...(page && { page }), ...(more && { more }), things: rows };
};

describe.skipIf(isLeftOut("bun-sql"))("rows through Bun.SQL", () => {
  let opened: OpenedPostgresql;
  const sent: string[] = [];
  const handlers: Record<string, QueryHandler> = {};
  beforeAll(async () => {
    opened = await openPostgresql(
      "bun-sql",
      { thing },
      {
        settings: { timezone: "Asia/Kathmandu", datestyle: "SQL, DMY" },
      },
    );
    const client = (opened.database as unknown as { $client: { unsafe: (...given: never[]) => unknown } })
      .$client;
    const unsafe = client.unsafe.bind(client);
    client.unsafe = (...given) => (sent.push(given[0]!), unsafe(...given));
    const control = { GET: { all: { select: true, maxLimit: 100 } } } as const;
    const few = { GET: { all: { select: true, maxLimit: 100, maxAnswerSize: 4_000 } } } as const;
    for (const [name, options] of Object.entries({
      rows: {},
      portable: { reader: "portable" },
      formatted: { defaults: { formatResult } },
    } as const))
      handlers[name] = createQueryHandler({
        acl: { things: { table: "thing", control }, few: { table: "thing", control: few } },
        database: opened.database,
        schema: { thing },
        secret: "a secret that all readers of this test share",
        ...options,
        onWarning: () => undefined,
      });
  }, 60_000);
  afterAll(() => opened?.close());
  beforeEach(async () => {
    await opened.run(`delete from thing; ${ROWS}`);
    sent.length = 0;
  });

  const ask = async (
    name: string,
    question: string,
    resource = "things",
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const url = `http://local/query/${resource}?${question}`;
    const response = await handlers[name]!(new Request(url));
    return { status: response.status, text: await response.text() };
  };
  const last = (): string => sent.findLast((statement) => statement.includes("thing"))!;
  const select = (selector: string): string => `select=${encodeURIComponent(selector)}`;

  test("what columns hold is answered as by other forms", async () => {
    const question = select(`(${ALL},orderBy:(id:asc),limit:5)`);
    const { status, text } = await ask("rows", question);
    expect(status).toBe(200);
    expect(last()).not.toContain("to_json");
    expect(text).toContain('"long":9007199254740993,"big":"9223372036854775807"');
    for (const name of ["portable", "formatted"])
      expect(JSON.parse((await ask(name, question)).text)).toEqual(JSON.parse(text));
  });

  test("so is one of them that is asked for alone", async () => {
    for (const id of [1, 2, 3, 4, 5, 6]) {
      const question = `findFirst&${select(`(where:(id:${id}))`)}`;
      const { status, text } = await ask("rows", question);
      expect(status).toBe(200);
      expect(last()).not.toContain("to_json");
      for (const name of ["portable", "formatted"])
        expect(JSON.parse((await ask(name, question)).text).things).toEqual(JSON.parse(text).things);
    }
  });

  test.each(MOMENTS)("`%s` is %p", async (moment, told) => {
    await opened.run(`delete from thing; insert into thing (id, at, zoned)
      values (1, timestamp '${moment}', timestamp '${moment}' at time zone 'UTC')`);
    const { text } = await ask("rows", `findFirst&${select("(columns:~T(at,zoned)~,where:(id:1))")}`);
    expect(JSON.parse(text).things).toEqual({ at: told, zoned: told });
  });

  test.each(COLUMNS)("pages by `%s` begin and end where they do otherwise", async (column) => {
    for (const direction of ["asc", "desc"]) {
      const found: number[] = [];
      for (let after = "", left = 5; left > 0; left -= 2) {
        const question = `cursor&${select(`(${ALL},columns:~T(id)~,orderBy:(${column}:${direction}),limit:2${after})`)}`;
        const { text } = await ask("rows", question);
        expect(last()).not.toContain('to_json("~0"');
        expect((await ask("formatted", question)).text).toBe(text);
        const { page, things } = JSON.parse(text);
        if (page.next !== null) expect(page.next).toHaveLength(BRIEF.has(column) ? 192 : 768);
        found.push(...things.map(({ id }: { id: number }) => id));
        after = `,after:'${page.next}'`;
      }
      expect(found.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test("a key that is too long for a cursor is refused, an empty one is not", async () => {
    const question = `cursor&${select("(columns:~T(id)~,where:(id:1),orderBy:(word:asc),limit:1)")}`;
    expect((await ask("rows", question)).status).toBe(200);
    await opened.run("update thing set word = repeat('x', 16385) where id in (1, 2)");
    const long = `cursor&${select("(columns:~T(id)~,where:(id.in:_(1,2)_),orderBy:(word:asc),limit:1)")}`;
    const [rows, formatted] = [await ask("rows", long), await ask("formatted", long)];
    expect(JSON.parse(rows.text).error ?? rows.text).toEqual(
      JSON.parse(formatted.text).error ?? formatted.text,
    );
    expect(rows.text).toContain("too-complex");
  });

  test("a column of another type than its schema says is read as ever", async () => {
    const question = select(`(${ALL},columns:~T(id,word)~,orderBy:(id:asc),limit:1)`);
    await opened.run("alter table thing alter column word type jsonb using '{\"a\":1}'::jsonb");
    try {
      const { status, text } = await ask("rows", question);
      expect(status).toBe(200);
      expect(text).toBe((await ask("formatted", question)).text);
    } finally {
      await opened.run("alter table thing alter column word type text using null");
    }
  });

  test("what may be large is JSON that the server makes", async () => {
    await ask("rows", select(`(${ALL},columns:~T(exact,word)~,limit:100)`));
    expect(last()).toContain("octet_length");
  });

  test("an answer that is too large is refused, now and after", async () => {
    const question = select(`(${ALL},columns:~T(id,word)~,orderBy:(id:asc),limit:5)`);
    expect((await ask("rows", question, "few")).status).toBe(200);
    expect(last()).not.toContain("octet_length");
    await opened.run("update thing set word = repeat('x', 1000)");
    for (let times = 0; times < 3; times++)
      expect((await ask("rows", question, "few")).text).toContain("too-large-answer");
    expect(last()).toContain("octet_length");
  });
});
