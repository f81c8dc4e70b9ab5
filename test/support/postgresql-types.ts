import {
  bigint,
  bigserial,
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
  pgTable,
  point,
  real,
  serial,
  smallint,
  text,
  time,
  timestamp,
  uuid,
  varchar,
  bit,
} from "drizzle-orm/pg-core";
import fc from "fast-check";

/** Bytes, which Drizzle leaves to the author of a schema. */
export const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
const cents = customType<{ data: number; driverData: string }>({
  dataType: () => "decimal(6,2)",
  toDriver: (value) => (value / 100).toFixed(2),
  fromDriver: (value) => Math.round(Number(value) * 100),
});
const document = customType<{ data: unknown; driverData: string }>({
  dataType: () => "JSONB",
  toDriver: (value) => JSON.stringify(value),
});
const loose = customType<{ data: unknown }>({ dataType: () => "timestamptz" });

export const mood = pgEnum("mood", ["sad", "ok", "Very happy", 'a"b', "c\\d", "e,f"]);

/** A column of every type PostgreSQL itself has and Drizzle knows. */
export const LOCAL = pgTable("local", {
  id: serial(),
  small: smallint(),
  whole: integer(),
  big53: bigint({ mode: "number" }),
  big: bigint({ mode: "bigint" }),
  bigSerial: bigserial({ mode: "bigint" }),
  real: real(),
  double: doublePrecision(),
  decimal: numeric(),
  money: numeric({ precision: 6, scale: 2 }),
  hundreds: numeric({ precision: 4, scale: 0 }),
  tiny: numeric({ precision: 3, scale: 5 }),
  moneyNumber: numeric({ precision: 6, scale: 2, mode: "number" }),
  moneyBig: numeric({ precision: 20, scale: 0, mode: "bigint" }),
  cents: cents(),
  flag: boolean(),
  text: text(),
  choice: text({ enum: ["a", "b"] }),
  varchar: varchar({ length: 5 }),
  varcharAny: varchar(),
  char: char({ length: 3 }),
  charOne: char(),
  bits: bit({ dimensions: 3 }),
  mood: mood(),
  uuid: uuid(),
  inet: inet(),
  cidr: cidr(),
  macaddr: macaddr(),
  macaddr8: macaddr8(),
  date: date({ mode: "date" }),
  dateText: date({ mode: "string" }),
  time: time(),
  timetz: time({ withTimezone: true, precision: 2 }),
  timestamp: timestamp(),
  timestamptz: timestamp({ withTimezone: true, precision: 0 }),
  timestampText: timestamp({ mode: "string", precision: 3 }),
  timestamptzText: timestamp({ mode: "string", withTimezone: true }),
  loose: loose(),
  interval: interval(),
  intervalMonth: interval({ fields: "year to month" }),
  json: json(),
  jsonb: jsonb(),
  document: document(),
  bytea: bytea(),
  point: point(),
  pointObject: point({ mode: "xy" }),
  line: line(),
  lineObject: line({ mode: "abc" }),
  integers: integer().array(),
  texts: text().array(),
  varchars: varchar({ length: 5 }).array(3),
  chars: char({ length: 3 }).array(),
  moods: mood().array(),
  moments: timestamp({ withTimezone: true }).array(),
  decimals: numeric({ precision: 6, scale: 2 }).array(),
  bigs: bigint({ mode: "bigint" }).array(),
  documents: jsonb().array(),
  blobs: bytea().array(),
  points: point().array(),
  lines: line().array(),
  grid: integer().array().array(),
  words: text().array().array(),
});

type Values = fc.Arbitrary<unknown>;

const digits = (least: number, most: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789".split("")), minLength: least, maxLength: most });
const padded = (most: number, length = 2): fc.Arbitrary<string> =>
  fc.nat(most).map((number) => String(number).padStart(length, "0"));
const maybe = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(""), part);
const concat = (...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((list) => list.join(""));
const word = (...words: string[]): fc.Arbitrary<string> => fc.constantFrom(...words);

/** Texts as they come, and now and then with a character too many, too few or another. */
const blurred = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: texts },
    {
      weight: 1,
      arbitrary: fc
        .tuple(texts, fc.nat(), fc.nat(1), word("", ...'0129 -+:./TZPYMDHSabg%{}"\\,\u00e9'.split("")))
        .map(([base, where, drop, put]) => {
          const at = where % (base.length + 1);
          return base.slice(0, at) + put + base.slice(at + drop);
        }),
    },
  );

const any = fc.string({ unit: "binary", maxLength: 8 });
const texts = fc.oneof(any, word("", "\0", "\ud800", "\\", '"', "null", "NULL", "{}", "'", "ab  ", "😀😀😀"));
const integers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -40_000, max: 40_000 }),
  fc.constantFrom(
    ...[15, 31, 32, 53].flatMap((bits) => [2 ** bits, 2 ** bits - 1, -(2 ** bits), -(2 ** bits) - 1]),
  ),
);
const bigs = fc.oneof(
  integers,
  fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  fc.constantFrom(2n ** 63n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 63n) - 1n),
  fc.constantFrom(10n ** 20n, 10n ** 20n - 1n, -(10n ** 20n)).map(String),
);
const numbers = fc.oneof(
  fc.double(),
  fc.float(),
  integers,
  fc.constantFrom(0, -0, 1e-45, 7.1e-46, 7e-46, 1e-46, 5e-324, 1e308, 1.7976931348623157e308),
  fc.constantFrom(3.4028234663852886e38, 3.4028235677973366e38, 3.4028236e38, -3.5e38),
  fc.constantFrom(999.995, 9999.99, 9999.994, 9999.995),
);
const decimals = fc.oneof(
  blurred(concat(word("", "-", "+"), digits(0, 8), maybe(concat(word("."), digits(0, 6))))),
  word("9999.99", "9999.994", "9999.995", "-9999.995", "0.00999", "0.0099949", "0.009995", "9999", "9999.5"),
  concat(digits(200, 300), word("."), digits(200, 300)),
  numbers,
);
const day = concat(
  fc.oneof(padded(2100, 4), padded(9_999_999, 4), word("0001", "4713", "4714", "9999", "10000", "294276")),
  word("-"),
  padded(13),
  word("-"),
  padded(32),
);
const days = fc.oneof(
  concat(day, maybe(word(" BC", " bc"))),
  word("infinity", "-infinity", "now", "0004-02-29 BC"),
);
const clock = fc.oneof(
  concat(
    padded(25),
    word(":"),
    padded(60),
    maybe(concat(word(":"), padded(60), maybe(concat(word("."), digits(0, 10))))),
  ),
  word("24:00:00", "24:00", "23:59:59.9999999", "00:00:60"),
);
const zone = fc.oneof(
  word("Z", "z", "+00", "+15:59:59", "-15:59", "+16", "+0530", " +01", " utc"),
  concat(word("+", "-"), padded(17), maybe(concat(word(":"), padded(61)))),
);
const stamps = fc.oneof(
  concat(day, word(" ", "T"), clock, maybe(zone), maybe(word(" BC"))),
  days,
  word("4713-01-01 00:00:00+15 BC", "294275-12-31 23:59:59.9999999-15", "2024-02-29", "2023-02-29"),
);
const dates = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
  fc.integer({ min: -1e14, max: 3e14 }),
  blurred(concat(day, word("T"), clock, word("Z"))),
  word("0001-01-01", "0000-12-31", "9999-12-31T23:59:59.999Z", "+010000-01-01", "9999-12-31T23:59:59Z"),
);
const count = concat(word("", "-", "+"), digits(1, 8), maybe(concat(word("."), digits(1, 9))));
const units = word(
  ..."year years mon mons month months week weeks day days hour hours min mins sec secs decade s ago".split(
    " ",
  ),
);
const amount = concat(count, word(" ", ""), units);
const iso = concat(
  word("P"),
  ...["Y", "M", "W", "D"].map((unit) => maybe(concat(word("", "-"), digits(1, 8), word(unit)))),
).chain((start) =>
  concat(
    word(start),
    maybe(concat(word("T"), ...["H", "M", "S"].map((unit) => maybe(concat(digits(1, 8), word(unit)))))),
  ),
);
const intervals = fc.oneof(
  concat(amount, maybe(concat(word(" "), amount)), maybe(concat(word(" ", " -"), clock))),
  iso,
  word("9999999 years 9999999 mons 9999999 weeks 9999999 days 9999999:59:59.999999999", "1", "", "P", "PT"),
  concat(word("1 year 2 mons -3 days ", "-1 days +"), clock),
);
const v4 = concat(
  fc.oneof(padded(300, 1), word("010")),
  ...[1, 2, 3].map(() => concat(word("."), padded(300, 1))),
);
const group = fc.nat(0xffff).map((number) => number.toString(16));
const v6 = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(":")),
  fc
    .tuple(fc.array(group, { maxLength: 4 }), fc.array(group, { maxLength: 4 }))
    .map(([head, tail]) => `${head.join(":")}::${tail.join(":")}`),
  concat(word("::ffff:", "1::", "::", "1:2:3:4:5:6:"), v4),
  fc.ipV6(),
);
const addresses = blurred(concat(fc.oneof(v4, fc.ipV4(), v6), maybe(concat(word("/"), padded(140, 1)))));
const networks = fc.oneof(
  addresses,
  fc.tuple(fc.nat(255), fc.nat(32)).map(([byte, length]) => `${byte}.0.0.0/${length}`),
  fc.tuple(group, fc.nat(128)).map(([part, length]) => `${part}::/${length}`),
);
const hardware = (bytes: number): fc.Arbitrary<string> =>
  blurred(
    fc
      .tuple(word(":", "-", "", "."), fc.array(padded(99), { minLength: bytes, maxLength: bytes }))
      .map(([mark, pairs]) => pairs.join(mark)),
  );
const jsons = fc.oneof(
  fc.jsonValue(),
  fc.object({ key: texts, values: [texts, numbers, fc.boolean(), fc.constant(null)] }),
  fc.constantFrom({ "a\0": 1 }, { "\ud800": 1 }, ["\0"], "\udc00", '"', "\\u0000", "{}", [], {}, null),
);
const bytes = fc.oneof(fc.uint8Array({ maxLength: 6 }), fc.base64String(), texts);
const points = fc.oneof(fc.tuple(numbers, numbers), fc.array(numbers, { maxLength: 3 }));
const lines = fc.oneof(
  fc.tuple(numbers, numbers, numbers),
  fc.constantFrom([0, 0, 1], [1e-6, 1e-6, 1], [1.1e-6, 0, 1], [1, 2]),
);
const some = (elements: Values): Values =>
  fc.oneof(
    fc.array(elements, { maxLength: 4 }),
    fc.array(fc.oneof(elements, fc.constant(null)), { maxLength: 4 }),
    fc.constantFrom([], [null], [[]], {}, "x", null),
  );
const twice = (elements: Values): Values =>
  fc.oneof(
    some(some(elements)),
    fc
      .nat(3)
      .chain((length) =>
        fc.array(fc.array(elements, { minLength: length, maxLength: length }), { maxLength: 3 }),
      ),
  );
/** A few, so that lists of them often pass. */
const fitting = {
  integers: fc.integer(),
  texts: any.filter((text) => text.isWellFormed() && !text.includes("\0")),
};

/** Values for each column: what it takes, what it nearly takes, and what it does not. */
export const TAKEN: Readonly<Record<string, Values>> = {
  small: integers,
  whole: integers,
  big53: integers,
  big: bigs,
  bigSerial: bigs,
  real: numbers,
  double: numbers,
  decimal: decimals,
  money: decimals,
  hundreds: decimals,
  tiny: decimals,
  moneyNumber: fc.oneof(numbers, fc.double({ min: -10_010, max: 10_010, noNaN: true })),
  moneyBig: bigs,
  cents: fc.integer({ min: -1_000_010, max: 1_000_010 }),
  flag: fc.oneof(fc.boolean(), texts),
  text: texts,
  choice: word("a", "b", "c", ""),
  varchar: texts,
  varcharAny: texts,
  char: texts,
  charOne: texts,
  bits: blurred(fc.string({ unit: word("0", "1"), maxLength: 4 })),
  mood: word(...mood.enumValues, "sad ", "", "x"),
  uuid: fc.oneof(
    blurred(fc.uuid()),
    fc.uuid().map((text) => `{${text}}`),
  ),
  inet: addresses,
  cidr: networks,
  macaddr: hardware(6),
  macaddr8: fc.oneof(hardware(6), hardware(8)),
  date: dates,
  dateText: blurred(days),
  time: blurred(fc.oneof(clock, concat(clock, zone))),
  timetz: blurred(concat(clock, maybe(zone))),
  timestamp: dates,
  timestamptz: dates,
  timestampText: blurred(stamps),
  timestamptzText: blurred(stamps),
  loose: blurred(stamps),
  interval: blurred(intervals),
  intervalMonth: blurred(intervals),
  json: jsons,
  jsonb: jsons,
  document: jsons,
  bytea: bytes,
  point: points,
  pointObject: fc.oneof(fc.record({ x: numbers, y: numbers }), jsons),
  line: lines,
  lineObject: fc.oneof(fc.record({ a: numbers, b: numbers, c: numbers }), jsons),
  integers: some(integers),
  texts: some(texts),
  varchars: some(texts),
  chars: some(texts),
  moods: some(word(...mood.enumValues, "x")),
  moments: some(dates),
  decimals: some(decimals),
  bigs: some(bigs),
  documents: some(jsons),
  blobs: some(bytes),
  points: some(points),
  lines: some(lines),
  grid: fc.oneof(twice(integers), twice(fitting.integers)),
  words: fc.oneof(twice(texts), twice(fitting.texts)),
};
