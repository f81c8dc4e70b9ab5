import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "@libsql/client";
import * as pg from "drizzle-orm/pg-core";
import * as lite from "drizzle-orm/sqlite-core";
import { Client } from "pg";
import { QueryError } from "../../src/error.ts";
import { BUCKETS, type Bucket } from "../../src/request/bucket.ts";
import * as calendar from "../support/policy-calendar.ts";
import {
  bucketColumn,
  type ColumnInfo,
  coerce,
  readCatalog,
  readZone,
  UTC,
} from "../../src/schema/schema.ts";
import { bucketSQL } from "../../src/syntax/syntax.ts";
import { openEmpty } from "../support/postgresql.ts";

// Buckets of moments in real databases, beside the calendars of the platform: `Date` for UTC, `Temporal` for places.

// oxlint-disable-next-line typescript/no-explicit-any -- TypeScript does not know it yet
const { Temporal } = globalThis as any;

const SEED = Number(process.env["SEED"] ?? 20_260_101);
const PATIENCE = 120_000;

type Run = (text: string, values?: readonly unknown[]) => Promise<readonly (readonly unknown[])[]>;

interface Server {
  readonly run: Run;
  readonly close: () => unknown;
}

/** Random numbers that are the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const high = (state ^ (state >>> 13)) >>> 0;
    state = (Math.imul(state, 0x297a2d39) + 0x85ebca6b) | 0;
    const low = (state ^ (state >>> 16)) >>> 0;
    return Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * below);
  };
}

const between =
  (roll: (below: number) => number) =>
  (from: string, to: string): number =>
    Date.parse(from) + roll(Date.parse(to) - Date.parse(from));

/** The first moment of a bucket. */
function firstOf(bucket: Bucket, moment: number, zone: string): number {
  const clocks = calendar.zoneOf(zone, false);
  if (clocks !== undefined) return calendar.bucketOf(new Date(moment), bucket, clocks).getTime();
  const there = Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(zone);
  return bucket === "hour"
    ? moment - (there.minute * 60_000 + there.second * 1000 + there.millisecond)
    : midnight(firstDay(bucket, { year: there.year, month: there.month, day: there.day }), zone);
}

interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The first day of a bucket. */
function firstDay(bucket: Bucket, { year, month, day }: Day): Day {
  const date = new Date(Date.UTC(year, month - 1, day));
  const first = calendar.bucketOf(date, bucket === "hour" ? "day" : bucket, () => 0);
  return { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1, day: first.getUTCDate() };
}

const midnights = new Map<string, number>();

/** When a day begins somewhere. */
function midnight(day: Day, zone: string): number {
  const key = `${zone} ${day.year}-${day.month}-${day.day}`;
  let moment = midnights.get(key);
  if (moment === undefined)
    midnights.set(
      key,
      (moment = Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds as number),
    );
  return moment;
}

/** What is wrong with what a database says, one sentence for each; there are thousands of moments. */
function mistakes(
  moments: readonly number[],
  zone: string,
  found: readonly (readonly unknown[])[],
  read: (value: unknown) => number | null,
  expected: (bucket: Bucket, moment: number) => number = (bucket, moment) => firstOf(bucket, moment, zone),
): readonly string[] {
  return moments.flatMap((moment, place) =>
    BUCKETS.flatMap((bucket, index) => {
      const [is, wanted] = [read(found[place]![index]), expected(bucket, moment)];
      const said = (time: number | null): string => (time === null ? "null" : new Date(time).toISOString());
      return is === wanted
        ? []
        : [`${bucket} of ${said(moment)} in ${zone}: ${said(is)} and not ${said(wanted)}`];
    }),
  );
}

const bucketsOf = (column: ColumnInfo, zone: string, name: string): string =>
  BUCKETS.map((bucket) => bucketSQL(bucket, column, readZone(zone, column.database, "zone"), name)).join(
    ", ",
  );

const OFFSETS = ["UTC", "+02:00", "-05:30", "+14:00", "-11:45"];

const far = (roll: (below: number) => number): readonly number[] => [
  ...Array.from({ length: 300 }, () => between(roll)("-250000-01-01", "+250000-01-01")),
  ...Array.from({ length: 300 }, () => between(roll)("-000100-01-01", "0200-01-01")),
  ...Array.from({ length: 500 }, () => between(roll)("1900-01-01", "2100-01-01")),
  // The edges themselves, and what is next to them.
  ...["2024-02-29", "2024-03-01", "2000-01-01", "1900-03-01", "1969-12-29", "1970-01-01", "-000004-02-29"]
    .map((text) => Date.parse(text))
    .flatMap((time) => [time - 1, time, time + 1]),
];

describe("SQLite", () => {
  const table = lite.sqliteTable("moments", {
    id: lite.integer().primaryKey(),
    seconds: lite.integer({ mode: "timestamp" }),
    milliseconds: lite.integer({ mode: "timestamp_ms" }),
    number: lite.integer(),
    text: lite.text(),
  });
  const columns = readCatalog({ table }).get("table")!.columns;
  const moments = far(dice(SEED));
  const client = createClient({ url: ":memory:" });
  const run: Run = async (text) =>
    (await client.execute(text)).rows.map((row) => Array.from(row as ArrayLike<unknown>));
  const number = (value: unknown): number | null => value as number | null;

  beforeAll(async () => {
    await client.execute(
      "create table moments (id integer primary key, seconds integer, milliseconds integer)",
    );
    await client.batch(
      moments.map((moment, id) => ({
        sql: "insert into moments values (?, ?, ?)",
        args: [id, Math.floor(moment / 1000), moment],
      })),
    );
  });
  afterAll(() => client.close());

  test.each(OFFSETS)("first moments by the clocks of %s", async (zone) => {
    for (const name of ["seconds", "milliseconds"]) {
      const found = await run(`select ${bucketsOf(columns.get(name)!, zone, name)} from moments order by id`);
      const meant = name === "seconds" ? moments.map((moment) => Math.floor(moment / 1000) * 1000) : moments;
      expect(mistakes(meant, zone, found, number)).toEqual([]);
    }
  });

  test("what no date is has no bucket, and nothing fails", async () => {
    const values =
      "null, 'soon', '2026-01-01', x'00', 9e18, -9e18, 9e300, 9223372036854775807, -9223372036854775808, 9e999, ''";
    const rows = values
      .split(", ")
      .map((value) => `select ${value} as v`)
      .join(" union all ");
    for (const name of ["seconds", "milliseconds"])
      for (const zone of ["UTC", "+14:00"]) {
        const found = await run(`select ${bucketsOf(columns.get(name)!, zone, "v")} from (${rows})`);
        expect(found.length).toBe(11);
        expect(found.flat().every((value) => value === null)).toBe(true);
      }
  });

  test("a part of a millisecond is left out", async () => {
    const found = await run(
      `select ${bucketSQL("day", columns.get("seconds")!, UTC, "v")} from (select 1767225600.25 as v)`,
    );
    expect(found).toEqual([[Date.parse("2026-01-01")]]);
  });

  test("a bucket is compared as a date is", async () => {
    const column = bucketColumn(columns.get("seconds")!)!;
    const month = bucketSQL("month", columns.get("seconds")!, UTC, "v");
    const value = column.encode(coerce(column, "2026-02-01", "value")) as number;
    const rows = [1767225600, 1769904000, 1770000000, 1780000000]
      .map((v) => `select ${v} as v`)
      .join(" union all ");
    for (const [sign, count] of [
      ["=", 2],
      ["<", 1],
      [">=", 3],
    ] as const) {
      const { rows: found } = await client.execute({
        sql: `select count(*) from (${rows}) where ${month} ${sign} ${column.opening}?${column.cast}`,
        args: [value],
      });
      expect(found[0]![0]).toBe(count);
    }
    expect(column.column.mapFromDriverValue(Date.parse("2026-02-01"))).toEqual(new Date("2026-02-01"));
  });

  test("only columns of dates have buckets", () => {
    expect(
      [...columns.values()].filter((column) => bucketColumn(column) !== undefined).map(({ name }) => name),
    ).toEqual(["seconds", "milliseconds"]);
  });
});

const table = pg.pgTable("moments", {
  id: pg.integer().primaryKey(),
  zoned: pg.timestamp({ withTimezone: true }),
  bare: pg.timestamp(),
  zonedText: pg.timestamp({ withTimezone: true, mode: "string" }),
  bareText: pg.timestamp({ mode: "string", precision: 3 }),
  day: pg.date({ mode: "date" }),
  dayText: pg.date(),
  own: pg.customType<{ data: string }>({ dataType: () => "timestamptz" })(),
  number: pg.integer(),
  time: pg.time(),
  days: pg.date().array(),
});
const columns = readCatalog({ table }).get("table")!.columns;

/** Places, and days on which clocks are changed there. */
const PLACES: readonly (readonly [string, string])[] = [
  ["Europe/Berlin", "2010-10-31"],
  ["America/New_York", "2010-03-14"],
  ["America/Havana", "2010-10-31"], // put back at one, so that midnight comes twice
  ["America/St_Johns", "2010-11-07"], // and here a minute after it
  ["America/Sao_Paulo", "2010-10-17"], // put forward at midnight, which there is none of
  ["America/Sao_Paulo", "2018-02-18"], // back at midnight
  ["Atlantic/Azores", "2010-10-31"],
  ["Australia/Lord_Howe", "2010-04-04"], // by half an hour
  ["Pacific/Apia", "2011-12-30"], // a day that is left out
  ["Asia/Kathmandu", "1986-01-01"],
];

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

/** A moment as PostgreSQL reads it, whatever its year. */
function written(moment: number): string {
  const [, year, rest] = /^([+-]\d{6}|\d{4})-(.*)Z$/.exec(new Date(moment).toISOString())!;
  const number = Number(year);
  return number > 0
    ? `${String(number).padStart(4, "0")}-${rest!}Z`
    : `${String(1 - number).padStart(4, "0")}-${rest!}Z BC`;
}

describe.each(SERVERS)("%s", (_, open) => {
  let server: Server;
  const roll = dice(SEED + 1);
  const moments = far(roll).filter((moment) => moment > Date.parse("-004711-01-01"));
  const near = Array.from({ length: 150 }, () => between(roll)("1971-01-01", "2037-01-01"));

  beforeAll(async () => {
    server = await open();
    // No answer depends on the session's own zone and style.
    await server.run("set timezone to 'America/Caracas'");
    await server.run("set datestyle to 'SQL, DMY'");
  }, PATIENCE);
  afterAll(() => server.close());

  /** Whole milliseconds since 1970. */
  const read = (value: unknown): number | null => (value === null ? null : Number(value));
  const asked = (column: ColumnInfo, zone: string): string =>
    BUCKETS.map(
      (bucket) =>
        `(extract(epoch from ${bucketSQL(bucket, column, readZone(zone, "postgresql", "zone"), "v")})*1000)::bigint`,
    ).join(", ");
  const found = (given: readonly number[], column: ColumnInfo, cast: string, zone: string) =>
    server.run(
      `select ${asked(column, zone)} from (select ${cast} as v, place from unnest($1::text[]) with ordinality as m(given, place)) as x order by place`,
      [`{${given.map((moment) => `"${written(moment)}"`).join(",")}}`],
    );
  const CASTS = {
    zoned: "given::timestamptz",
    bare: "(given::timestamptz at time zone 'UTC')",
    zonedText: "given::timestamptz",
    bareText: "(given::timestamptz at time zone 'UTC')",
    own: "given::timestamptz",
  } as const;
  const DAYS = {
    day: "(given::timestamptz at time zone 'UTC')::date",
    dayText: "(given::timestamptz at time zone 'UTC')::date",
  } as const;

  test.each(OFFSETS)(
    "first moments by the clocks of %s",
    async (zone) => {
      for (const [name, cast] of Object.entries(CASTS)) {
        // The others are of the same types, and read otherwise.
        const given = name === "zoned" || name === "bare" ? moments : moments.slice(-100);
        const rows = await found(given, columns.get(name)!, cast, zone);
        expect(mistakes(given, zone, rows, read)).toEqual([]);
      }
    },
    PATIENCE,
  );

  test.each(PLACES)(
    "first moments by the clocks of %s, around %s",
    async (zone, text) => {
      const around = Array.from(
        { length: 200 },
        (_, place) => Date.parse(text) + (place - 70) * 1_800_000 + 59_999,
      );
      const given = [...near, ...around];
      const rows = await found(given, columns.get("zoned")!, CASTS.zoned, zone);
      expect(mistakes(given, zone, rows, read)).toEqual([]);
      expect(await found(around, columns.get("bare")!, CASTS.bare, zone)).toEqual(rows.slice(near.length));
    },
    PATIENCE,
  );

  test(
    "a day is the same day everywhere, and begins at midnight there",
    async () => {
      for (const zone of ["-11:45", "America/New_York", "America/Havana"])
        for (const [name, cast] of Object.entries(DAYS)) {
          const rows = await found(near, columns.get(name)!, cast, zone);
          const first = (bucket: Bucket, moment: number): number => {
            const date = new Date(moment);
            const day = {
              year: date.getUTCFullYear(),
              month: date.getUTCMonth() + 1,
              day: date.getUTCDate(),
            };
            return midnight(firstDay(bucket, day), zone);
          };
          expect(mistakes(near, zone, rows, read, first)).toEqual([]);
        }
    },
    PATIENCE,
  );

  test("what no bucket can be said of has none, and nothing fails", async () => {
    const ends = {
      zoned: [
        "infinity",
        "-infinity",
        "294276-12-31 23:59:59.999999+00",
        "4714-11-24 00:00:00+00 BC",
        "4713-01-15 BC",
      ],
      bare: ["infinity", "-infinity", "294276-12-31 23:59:59.999999", "4714-11-24 00:00:00 BC"],
      day: ["infinity", "-infinity", "5874897-12-31", "4714-11-24 BC", "294277-01-01"],
    };
    for (const [name, texts] of Object.entries(ends))
      for (const zone of ["UTC", "+14:00", "-11:45", "Pacific/Kiritimati", "America/New_York"]) {
        const column = columns.get(name)!;
        const [list] = [texts.map((text) => `"${text}"`).join(",")];
        const rows = await server.run(
          `select ${asked(column, zone)} from (select given::${column.type} as v from unnest($1::text[]) as m(given)) as x union all select ${asked(column, zone)} from (select null::${column.type} as v) as x`,
          [`{${list}}`],
        );
        expect(rows.length).toBe(texts.length + 1);
        expect(rows.flat().every((value) => value === null)).toBe(true);
      }
  });

  test("an hour that is repeated is two, and nothing of it is lost", async () => {
    const hour = bucketSQL(
      "hour",
      columns.get("zoned")!,
      readZone("Europe/Berlin", "postgresql", "zone"),
      "v",
    );
    const rows = await server.run(
      `select (extract(epoch from "b")*1000)::bigint, count(*)::int from (select ${hour} as "b" from generate_series('2025-10-25 23:00Z'::timestamptz, '2025-10-26 02:59Z', interval '1 minute') as s(v)) as x group by "b" order by "b"`,
    );
    expect(rows.map(([moment, count]) => [new Date(Number(moment)).toISOString(), count])).toEqual([
      ["2025-10-25T23:00:00.000Z", 60],
      ["2025-10-26T00:00:00.000Z", 60],
      ["2025-10-26T01:00:00.000Z", 60],
      ["2025-10-26T02:00:00.000Z", 60],
    ]);
  });

  test("a bucket is compared as a date is", async () => {
    const column = bucketColumn(columns.get("dayText")!)!;
    const value = column.encode(coerce(column, "2026-02-01", "value"));
    const month = bucketSQL("month", columns.get("dayText")!, UTC, "v");
    const from =
      "(select d::date as v from unnest(array['2026-01-31','2026-02-01','2026-02-28','2026-03-01']) as m(d)) as x";
    for (const [sign, count] of [
      ["=", 2],
      ["<", 1],
      [">=", 3],
    ] as const)
      expect(
        await server.run(`select count(*)::int from ${from} where ${month} ${sign} $1${column.cast}`, [
          value,
        ]),
      ).toEqual([[count]]);
  });

  test("only columns of moments and days have buckets", () => {
    const has = [...columns.values()].filter((column) => bucketColumn(column) !== undefined);
    expect(has.map(({ name }) => name)).toEqual([...Object.keys(CASTS).slice(0, 4), "day", "dayText", "own"]);
  });
});

describe("a zone", () => {
  test.each([
    ["UTC", { minutes: 0 }],
    ["+02:00", { minutes: 120 }],
    [" 02:00", { minutes: 120 }], // what a URL makes of a bare plus
    ["-05:30", { minutes: -330 }],
    ["-00:00", { minutes: -0 }],
    ["+15:59", { minutes: 959 }],
    ["Europe/Berlin", { name: "Europe/Berlin" }],
    ["Asia/Kolkata", { name: "Asia/Kolkata" }],
    ["Asia/Calcutta", { name: "Asia/Calcutta" }],
  ])("%s", (text, zone) => expect(readZone(text, "postgresql", "zone")).toEqual(zone));

  test.each([
    ["Europe/Berlin", "sqlite"],
    ["europe/berlin", "postgresql"],
    ["Europe/Nowhere", "postgresql"],
    ["Europe/Berlin'; drop table moments; --", "postgresql"],
    ["+16:00", "postgresql"],
    ["+0200", "postgresql"],
    ["+01:60", "sqlite"],
    ["+1:00", "sqlite"],
    ["utc", "sqlite"],
    ["Z", "sqlite"],
    ["", "postgresql"],
    ["constructor", "postgresql"],
  ] as const)("`%s` is none of %s", (text, database) =>
    expect(() => readZone(text, database, "aggregate.timeZone")).toThrow(QueryError),
  );
});
