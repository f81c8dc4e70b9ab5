import {
  bigint,
  bit,
  boolean,
  char,
  cidr,
  customType,
  date,
  doublePrecision,
  inet,
  integer,
  interval,
  json,
  jsonb,
  line,
  macaddr,
  macaddr8,
  numeric,
  pgEnum,
  point,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import fc from "fast-check";
import { samples, TEXTS } from "./arbitrary.ts";
import type { Pools } from "./worlds.ts";

// Every type and mode of PostgreSQL's columns, and values of each: as the database writes them, as an answer carries
// them, as the schema's types have them, and as a client sends them.

export class Cell {
  /** As PostgreSQL writes it. */
  readonly text: string;
  /** As an answer carries it. */
  readonly json: unknown;
  /** As the schema's types have it; `undefined` where nobody can write it through Drizzle. */
  readonly native: unknown;
  /** As clients send it; none where they cannot. */
  readonly forms: readonly unknown[];
  /** Equal texts are equal values. */
  readonly same: string;

  constructor(
    text: string,
    json: unknown = text,
    native: unknown = json,
    forms: readonly unknown[] = [json],
    same = text,
  ) {
    this.text = text;
    this.json = json;
    this.native = native;
    this.forms = forms;
    this.same = same;
  }
}

/** A value that came into the database by other ways. */
const foreign = (text: string, json: unknown): Cell => new Cell(text, json, undefined, []);

export interface PgMode {
  readonly build: (name: string) => any;
  /** The type that is stored. */
  readonly type: string;
  /** The type values are written as, without lengths and precisions. */
  readonly loose: string;
  readonly compares: "order" | "equality" | "nothing";
  readonly matches: boolean;
  readonly cells: readonly Cell[];
  /** What is stored for a value as a client sends it. */
  readonly read: (sent: any) => string;
  /** What a computed field says that is a value of this type and nothing more, where that is laid down. */
  readonly spoken: ((cell: Cell) => unknown) | undefined;
  readonly element?: PgMode;
  /** What a column cannot hold and may be asked for. */
  readonly between?: Between;
}

/** Values as a client sends them, each with the SQL of what it means, and the same of a column or of another value. */
interface Between {
  readonly values: ReadonlyMap<unknown, string>;
  readonly of: (value: string) => string;
}

const mode = (
  build: PgMode["build"],
  type: string,
  cells: readonly Cell[],
  options: Partial<PgMode> = {},
): PgMode => ({
  build,
  type,
  loose: type.replace(/\(.*?\)/, ""),
  compares: "order",
  matches: false,
  cells,
  read: String,
  spoken: ({ json }) => json,
  ...options,
});

const texts = (...values: readonly string[]): readonly Cell[] => values.map((value) => new Cell(value));

// --- texts and their like --------------------------------------------------------------------------------------------

const storable = (value: unknown): boolean => !/\0|\\u0000/.test(JSON.stringify(value));
const rows = fc.sample(samples, { seed: 7, numRuns: 25 }).flat();
/** What the sample of the tests holds in a column. */
const sampled = (column: string): readonly any[] =>
  rows.map((row) => row[column]).filter((value) => value !== null && storable(value));

const LONG = "a sentence that is longer than most of the others are";
const TEXT = texts(...TEXTS, LONG, "NULL", "{}", "e\u0301", "\u0001", ...sampled("text").slice(0, 20));

const MOODS = ["sad", "it's ok", 'say "hi"', "a,b", "{}", "NULL", "back\\slash", "é🚀", " "] as const;
/** A type of the schema's own, in an order that is not the alphabet's. */
export const mood = pgEnum("Mood", MOODS);

const lower = (value: string): Cell => new Cell(value, value, value, [value, value.toUpperCase()]);
const UUID = [
  "00000000-0000-0000-0000-000000000000",
  "00000000-0000-0000-0000-000000000001",
  "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  "ffffffff-ffff-ffff-ffff-ffffffffffff",
].map(lower);

const padded = (value: string): Cell => {
  const full = value + " ".repeat(4 - Array.from(value).length);
  return new Cell(full, full, value, [value, full], value.trimEnd());
};

const INET = texts(
  "10.0.0.1",
  "10.0.0.0/8",
  "192.168.0.1/24",
  "::1",
  "::ffff:1.2.3.4",
  "fe80::1/64",
  "0.0.0.0/0",
);
const CIDR = texts("10.0.0.0/8", "192.168.1.5/32", "::/0", "fe80::/64");
const MAC = ["08:00:2b:01:02:03", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"].map(lower);
const MAC8 = ["08:00:2b:01:02:03:04:05", "00:00:00:00:00:00:00:00"].map(lower);
const BITS = texts("101", "000", "111");

// --- numbers ---------------------------------------------------------------------------------------------------------

const number = (value: number, written = String(value)): Cell =>
  new Cell(written, value, value, [value], String(value === 0 ? 0 : value));
const INT2 = [0, 1, -1, 2, 3, 32_767, -32_768].map((value) => number(value));
const INT4 = [0, 1, -1, 2, 3, 4, 5, 2_147_483_647, -2_147_483_648].map((value) => number(value));
const INT8_NUMBER = [0, 1, -1, 2, 3, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER].map((value) =>
  number(value),
);

const digits = (value: bigint): Cell =>
  new Cell(
    String(value),
    String(value),
    value,
    value < 2n ** 53n && value > -(2n ** 53n) ? [String(value), Number(value)] : [String(value)],
  );
const INT8 = [0n, 1n, -1n, 2n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)].map(digits);

/** Trailing zeros are written, and make no difference. */
const plain = (value: string): string =>
  value.includes(".") ? value.replace(/\.?0+$/, "").replace(/^-0$/, "0") : value;
const decimal = (value: string): Cell =>
  new Cell(
    value,
    value,
    value,
    [value, ...(String(Number(value)) === value ? [Number(value)] : [])],
    plain(value),
  );
const DECIMAL = [
  ...["0", "0.00", "1", "1.0", "1.50", "-0.1", "12345678901234567890.123", "9007199254740993"].map(decimal),
  ...["0.00000000000000000001", "1000", "-99999999999999999999999999999999", "0.30000000000000004"].map(
    decimal,
  ),
  foreign("NaN", "NaN"),
  foreign("Infinity", "Infinity"),
];
const MONEY = ["0.00", "1.50", "-0.10", "9999999999.99", "-9999999999.99", "12.00"].map(
  (value) => new Cell(value, value, value, [value, plain(value), Number(value)], plain(value)),
);
const whole = (value: bigint): Cell => digits(value);
const NUMERIC_BIG = [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 64n, -(10n ** 30n)].map(whole);
const NUMERIC_NUMBER = [
  number(0, "0.00"),
  ...[0, 1, 1.5, -0.1, 0.30000000000000004, 123456789.12345679, 9007199254740991].map((value) =>
    number(value),
  ),
  new Cell("12345678901234567890.5", Number("12345678901234567890.5"), undefined, []),
  foreign("NaN", null),
  foreign(`1${"0".repeat(400)}`, null),
];
const spokenNumeric = ({ text }: Cell): unknown => {
  const value = Number(text);
  if (!Number.isFinite(value)) return /^-?\d+$/.test(text) ? text : null;
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
};

const DOUBLES = [
  0,
  -0,
  1,
  -1,
  0.1 + 0.2,
  4.5,
  1e300,
  5e-324,
  1 / 3,
  -2.5e-7,
  Number.MAX_VALUE,
  2 ** 53 + 2,
  1e21,
];
const DOUBLE = [
  ...[...DOUBLES, ...sampled("real").slice(0, 10)].map((value: number) =>
    number(value, Object.is(value, -0) ? "-0" : String(value)),
  ),
  ...["NaN", "Infinity", "-Infinity"].map((value) => foreign(value, null)),
];
const REAL = [
  ...[0, 1, -1, 0.1, 4.5, 1.1754944e-38, 3.4028235e38, 16_777_216, 1e-7].map((value) => number(value)),
  ...["NaN", "Infinity"].map((value) => foreign(value, null)),
];

// --- moments ---------------------------------------------------------------------------------------------------------

const ISO = (text: string): string => {
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", , bc] =
    /^(\d+)-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)(\.\d+)?)?(\+00)?( BC)?$/.exec(text)!;
  const ms = fraction.slice(1, 4).padEnd(3, "0");
  const date = new Date(0);
  date.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second), Number(ms));
  return date.toISOString();
};

const CLOCKED = [
  "2024-02-29 12:34:56.789",
  "1969-12-31 23:59:59.999",
  "1970-01-01 00:00:00",
  "2000-01-01 00:00:00",
  "0001-01-01 00:00:00",
  "0099-12-31 10:00:00",
  "9999-12-30 23:59:59.999",
] as const;
const FOREIGN_CLOCKED = [
  "2000-01-01 00:00:00.123456",
  "1960-06-01 00:00:00.999999",
  "10000-01-01 00:00:00",
  "0044-03-15 12:00:00 BC",
  "0001-12-31 23:59:59.5 BC",
] as const;
const zoned = (text: string): string => (text.endsWith(" BC") ? `${text.slice(0, -3)}+00 BC` : `${text}+00`);

const moments = (write: (text: string) => string, precise: boolean): readonly Cell[] => [
  ...CLOCKED.filter((text) => precise || !text.includes(".")).map((text) => {
    const iso = ISO(text);
    const ms = Date.parse(iso);
    const east = `${new Date(ms + 7_200_000).toISOString().slice(0, -1)}+02:00`;
    const forms = [iso, ms, ...(Number(text.slice(0, 4)) > 1 ? [east] : [])];
    return new Cell(write(text), iso, new Date(ms), forms);
  }),
  ...FOREIGN_CLOCKED.filter((text) => precise || !text.includes(".")).map((text) =>
    foreign(write(text), ISO(text)),
  ),
  // What no date of JavaScript holds.
  ...["infinity", "-infinity"].map((text) => foreign(text, null)),
  foreign(write("290000-01-01 00:00:00"), null),
];
const momentTexts = (write: (text: string) => string): readonly Cell[] => [
  ...[...CLOCKED, ...FOREIGN_CLOCKED].map((text) => {
    const sent = write(text);
    return new Cell(sent, sent, sent, [sent]);
  }),
  ...texts("infinity", "-infinity"),
];
const readMoment =
  (zone: boolean) =>
  (sent: string | number): string =>
    `${new Date(sent).toISOString().slice(0, -1).replace("T", " ")}${zone ? "+00" : ""}`;

const DAYS = ["2024-02-29", "1970-01-01", "0001-01-01", "9999-12-30", "1999-12-31"] as const;
const FOREIGN_DAYS = ["10000-01-01", "0044-03-15 BC"] as const;
const day = (text: string): Cell => {
  const iso = ISO(text);
  return new Cell(text, iso, new Date(iso), [iso, Date.parse(iso), text]);
};

/** Seconds since 1970, of which PostgreSQL's are compared with any digits. */
const epoch = (value: string): string => `extract(epoch from ${value})`;
const BETWEEN_MOMENTS = (write: (clock: string) => string): Between => ({
  of: epoch,
  values: new Map(
    [
      ["2024-02-29", "12:34:56.7890000", "1709210096.789"],
      ["2024-02-29", "12:34:56.78900001", "1709210096.78900001"],
      ["2000-01-01", "00:00:00.123456", "946684800.123456"],
      ["2000-01-01", "00:00:00.1234565", "946684800.1234565"],
      ["1969-12-31", "23:59:59.9989999", "-0.0010001"],
      ["1969-12-31", "23:59:59.999999999", "-0.000000001"],
    ].map(([day, clock, seconds]) => [write(`${day} ${clock}`), `${seconds}::numeric`]),
  ),
});
const BETWEEN_DAYS: Between = {
  of: (value) => `${value}::timestamp`,
  values: new Map([
    ["2024-02-29T18:00:00Z", "timestamp '2024-02-29 18:00:00'"],
    ["1969-12-31T23:59:59.999Z", "timestamp '1969-12-31 23:59:59.999'"],
    ["2000-01-01T01:00:00+01:00", "timestamp '2000-01-01 00:00:00'"],
  ]),
};
const BETWEEN_TIMES: Between = {
  of: epoch,
  values: new Map([
    ["10:00:00.0000001", "36000.0000001::numeric"],
    ["23:59:59.9999995", "86399.9999995::numeric"],
    ["12:30:00.49999999", "45000.49999999::numeric"],
  ]),
};
const BETWEEN_FLOATS: Between = {
  of: (value) => `${value}::text::numeric`,
  values: new Map(
    [0.10000000001, -1.0000000001, 16_777_217, 4.500000001, 1.17549436e-38].map((value) => [
      value,
      `'${value}'::numeric`,
    ]),
  ),
};

const TIMES = texts("10:00:00", "00:00:00", "23:59:59.999999", "24:00:00", "12:30:00.5");
const ZONED_TIMES = texts("10:00:00+02", "10:00:00-03:30", "00:00:00+00", "23:59:59.999999+15:59");
const spanned = (text: string, same = text): Cell => new Cell(text, text, text, [text], same);
const INTERVALS = [
  spanned("00:00:00"),
  spanned("1 day"),
  spanned("-1 days +02:03:04"),
  spanned("1 mon", "30 days"),
  spanned("30 days"),
  spanned("1 year 2 mons -3 days +04:05:06.7"),
  spanned("-00:00:01"),
  spanned("9999 years"),
];

// --- documents and bytes ---------------------------------------------------------------------------------------------

const document = (value: unknown): Cell => new Cell(JSON.stringify(value), value);
const DOCUMENTS = [
  {},
  [],
  "",
  "text",
  'quo"te',
  0,
  1.5,
  true,
  false,
  { a: [1, { b: null }] },
  [[]],
  "null",
  '{"a":1}',
  "é🚀\\",
  ...sampled("json").slice(0, 15),
]
  .filter((value) => !/e[+-]?\d|__proto__/.test(JSON.stringify(value)))
  .map(document);

const bytesOf = (value: Uint8Array): Cell => {
  const base64 = Buffer.from(value).toString("base64");
  return new Cell(`\\x${Buffer.from(value).toString("hex")}`, base64, Buffer.from(value), [base64]);
};
const BYTES = [
  new Uint8Array(),
  Uint8Array.from([0, 255]),
  Uint8Array.from({ length: 256 }, (_, index) => index),
  ...sampled("bytes").slice(0, 5),
].map(bytesOf);
/** Bytes, which Drizzle leaves to the author of a schema. */
export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });

const spot = customType<{ data: { x: number; y: number }; driverData: string }>({
  dataType: () => "text",
  toDriver: ({ x, y }) => `${x};${y}`,
  fromDriver: (value) => {
    const [x, y] = value.split(";").map(Number);
    return { x: x!, y: y! };
  },
});
const SPOTS = [
  { x: 0, y: 0 },
  { x: 1, y: -1 },
  { x: 10, y: 2 },
].map((value) => new Cell(`${value.x};${value.y}`, value));
const readSpot = ({ x, y }: { x: number; y: number }): string => `${x};${y}`;
/** A type of the schema's author over one that JSON knows: cents as a number of units. */
const cents = customType<{ data: number; driverData: string | number }>({
  dataType: () => "integer",
  toDriver: (value) => Math.round(value * 100),
  fromDriver: (value) => Number(value) / 100,
});

const NUMBERS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 2],
  [0.1, -2.5],
  [1e-9, 123456789.5],
];

// --- the modes -------------------------------------------------------------------------------------------------------

const SINGLE: Readonly<Record<string, PgMode>> = {
  text: mode(text, "text", TEXT, { matches: true }),
  varchar: mode(
    (name) => varchar(name, { length: 60 }),
    "varchar(60)",
    TEXT.filter(({ text }) => Array.from(text).length < 60),
    {
      matches: true,
    },
  ),
  char: mode(
    (name) => char(name, { length: 4 }),
    "char(4)",
    ["a", "A", "b", "", "é", "🚀", "a b", "abcd", "100%"].map(padded),
    {
      loose: "bpchar",
      matches: true,
    },
  ),
  choice: mode((name) => text(name, { enum: ["a", "b"] }), "text", texts("a", "b"), { matches: true }),
  mood: mode((name) => mood(name), `"Mood"`, texts(...MOODS)),
  uuid: mode((name) => uuid(name), "uuid", UUID),
  inet: mode((name) => inet(name), "inet", INET),
  cidr: mode((name) => cidr(name), "cidr", CIDR),
  macaddr: mode((name) => macaddr(name), "macaddr", MAC),
  macaddr8: mode((name) => macaddr8(name), "macaddr8", MAC8),
  bits: mode((name) => bit(name, { dimensions: 3 }), "bit(3)", BITS, { loose: "varbit" }),
  int2: mode((name) => smallint(name), "int2", INT2),
  int4: mode((name) => integer(name), "int4", INT4),
  int8Number: mode((name) => bigint(name, { mode: "number" }), "int8", INT8_NUMBER),
  int8: mode((name) => bigint(name, { mode: "bigint" }), "int8", INT8, { spoken: spokenNumeric }),
  numeric: mode((name) => numeric(name), "numeric", DECIMAL, { spoken: spokenNumeric }),
  money: mode((name) => numeric(name, { precision: 12, scale: 2 }), "numeric(12,2)", MONEY, {
    spoken: spokenNumeric,
  }),
  numericNumber: mode((name) => numeric(name, { mode: "number" }), "numeric", NUMERIC_NUMBER, {
    spoken: spokenNumeric,
  }),
  numericBig: mode((name) => numeric(name, { mode: "bigint" }), "numeric", NUMERIC_BIG, {
    spoken: spokenNumeric,
  }),
  real: mode((name) => real(name), "float4", REAL, { between: BETWEEN_FLOATS }),
  double: mode((name) => doublePrecision(name), "float8", DOUBLE),
  flag: mode((name) => boolean(name), "bool", [new Cell("true", true), new Cell("false", false)]),
  stamp: mode((name) => timestamp(name), "timestamp", moments(String, true), {
    read: readMoment(false),
    between: BETWEEN_MOMENTS((text) => `${text.replace(" ", "T")}Z`),
    spoken: undefined,
  }),
  stampZoned: mode((name) => timestamp(name, { withTimezone: true }), "timestamptz", moments(zoned, true), {
    read: readMoment(true),
    between: BETWEEN_MOMENTS((text) => `${text.replace(" ", "T")}Z`),
    spoken: undefined,
  }),
  stampSeconds: mode((name) => timestamp(name, { precision: 0 }), "timestamp(0)", moments(String, false), {
    read: readMoment(false),
    between: BETWEEN_MOMENTS((text) => `${text.replace(" ", "T")}Z`),
    spoken: undefined,
  }),
  stampText: mode((name) => timestamp(name, { mode: "string" }), "timestamp", momentTexts(String), {
    spoken: undefined,
    between: BETWEEN_MOMENTS(String),
  }),
  stampZonedText: mode(
    (name) => timestamp(name, { mode: "string", withTimezone: true }),
    "timestamptz",
    momentTexts(zoned),
    { spoken: undefined, between: BETWEEN_MOMENTS(zoned) },
  ),
  date: mode(
    (name) => date(name, { mode: "date" }),
    "date",
    [
      ...DAYS.map(day),
      ...FOREIGN_DAYS.map((text) => foreign(text, ISO(text))),
      foreign("infinity", null),
      foreign("290000-01-01", null),
    ],
    {
      read: (sent) => new Date(sent as string).toISOString().slice(0, 10),
      spoken: undefined,
      between: BETWEEN_DAYS,
    },
  ),
  dateText: mode((name) => date(name), "date", texts(...DAYS, ...FOREIGN_DAYS, "infinity", "-infinity"), {
    spoken: undefined,
  }),
  time: mode((name) => time(name), "time", TIMES, { between: BETWEEN_TIMES }),
  timeZoned: mode((name) => time(name, { withTimezone: true }), "timetz", ZONED_TIMES),
  interval: mode((name) => interval(name), "interval", INTERVALS),
  json: mode((name) => json(name), "json", DOCUMENTS, {
    compares: "nothing",
    read: (sent) => JSON.stringify(sent),
  }),
  jsonb: mode((name) => jsonb(name), "jsonb", DOCUMENTS, {
    compares: "equality",
    read: (sent) => JSON.stringify(sent),
  }),
  bytes: mode(bytea, "bytea", BYTES, {
    compares: "equality",
    read: (sent) => `\\x${Buffer.from(sent as string, "base64").toString("hex")}`,
  }),
  spot: mode(spot, "text", SPOTS, { read: readSpot, spoken: ({ text }) => text }),
  cents: mode(
    cents,
    "int4",
    [0, 1, -1.25, 0.1, 20_000_000].map((value) => new Cell(String(Math.round(value * 100)), value)),
    {
      read: (sent) => String(Math.round((sent as number) * 100)),
      spoken: ({ text }) => Number(text),
    },
  ),
  point: mode(
    (name) => point(name),
    "point",
    NUMBERS.map((value) => new Cell(`(${value.join()})`, value)),
    {
      compares: "nothing",
      read: (sent) => `(${(sent as number[]).join()})`,
      spoken: undefined,
    },
  ),
  pointXY: mode(
    (name) => point(name, { mode: "xy" }),
    "point",
    NUMBERS.map(([x, y]) => new Cell(`(${x},${y})`, { x, y })),
    {
      compares: "nothing",
      spoken: undefined,
    },
  ),
  line: mode(
    (name) => line(name),
    "line",
    NUMBERS.slice(1).map(([a, b]) => new Cell(`{${a},${b},1}`, [a, b, 1])),
    {
      compares: "nothing",
      spoken: undefined,
    },
  ),
};

const quotedItem = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** A list of cells as the cell of an array. */
function listOf(cells: readonly (Cell | null)[]): Cell {
  const parts = cells.map((cell) => (cell === null ? "NULL" : quotedItem(cell.text)));
  const writable = cells.every((cell) => cell === null || cell.forms.length > 0);
  return new Cell(
    `{${parts.join(",")}}`,
    cells.map((cell) => cell?.json ?? null),
    writable ? cells.map((cell) => cell?.native ?? null) : undefined,
    writable
      ? [cells.map((cell) => cell?.forms[0] ?? null), cells.map((cell) => cell?.forms.at(-1) ?? null)]
      : [],
    `{${cells.map((cell) => (cell === null ? "NULL" : quotedItem(cell.same))).join(",")}}`,
  );
}

function arrayOf(element: PgMode): PgMode {
  // In a list such a number is beyond JSON's readers.
  const cells = element.cells.filter(({ text }) => text.length < 300);
  const lists: (Cell | null)[][] = [
    [],
    [cells[0]!],
    [cells[1]!, cells[0]!],
    [null],
    [cells[1]!, null, cells.at(-1)!],
  ];
  for (let start = 0; start + 3 <= cells.length && start < 21; start += 3)
    lists.push(cells.slice(start, start + 3));
  const read = (sent: readonly unknown[]): string =>
    `{${sent.map((item) => (item === null ? "NULL" : quotedItem(element.read(item)))).join(",")}}`;
  return {
    build: (name) => element.build(name).array(),
    type: `${element.type}[]`,
    loose: `${element.loose}[]`,
    compares: element.compares === "nothing" ? "nothing" : "equality",
    matches: false,
    cells: lists.map(listOf),
    read,
    spoken: undefined,
    element,
  };
}

const grid = (lines: readonly (readonly number[])[]): Cell => {
  const sent = lines.map((line) => [...line]);
  return new Cell(JSON.stringify(sent).replaceAll("[", "{").replaceAll("]", "}"), sent);
};
const GRID: PgMode = {
  build: (name) => integer(name).array().array(),
  type: "int4[][]",
  loose: "int4[]",
  compares: "equality",
  matches: false,
  cells: [
    [[1]],
    [
      [1, 2],
      [3, 4],
    ],
    [[0, -1, 5]],
    [],
  ].map(grid),
  read: (sent) => JSON.stringify(sent).replaceAll("[", "{").replaceAll("]", "}"),
  spoken: undefined,
  element: SINGLE["int4"]!,
};

const ARRAYS =
  "text varchar char mood uuid inet cidr macaddr int2 int4 int8Number int8 numeric money numericNumber numericBig real double flag stamp stampZoned stampText stampZonedText date dateText time interval json jsonb bytes spot cents";

/** Keys that the database counts. */
const KEYS: Readonly<Record<string, PgMode>> = {
  serial: mode((name) => serial(name), "serial", INT4, { loose: "int4" }),
  identity: mode(
    (name) => integer(name).generatedAlwaysAsIdentity(),
    "int4 generated always as identity",
    INT4,
    {
      loose: "int4",
    },
  ),
  identityFree: mode(
    (name) => integer(name).generatedByDefaultAsIdentity(),
    "int4 generated by default as identity",
    INT4,
    { loose: "int4" },
  ),
};
export const COUNTED: ReadonlySet<string> = new Set(Object.keys(KEYS));

/** The modes that any column may have. */
export const COMMON: Readonly<Record<string, PgMode>> = {
  ...SINGLE,
  ...Object.fromEntries(ARRAYS.split(" ").map((name) => [`${name}[]`, arrayOf(SINGLE[name]!)])),
  "int4[][]": GRID,
};

export const PG_MODES: Readonly<Record<string, PgMode>> = {
  ...COMMON,
  ...KEYS,
  // Made of other columns.
  made: mode((name) => integer(name), "int4", INT4),
};

export const PG_POOLS: Pools = Object.fromEntries(
  Object.entries(PG_MODES).map(([name, { cells }]) => [name, cells]),
);
