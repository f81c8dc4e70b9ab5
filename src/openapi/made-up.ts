import { coerce, type ColumnInfo } from "../schema/schema.ts";

const uuidOf = (variant: number): string => `00000000-0000-4000-8000-${String(variant).padStart(12, "0")}`;

/** Texts of all the types that are written as such; the first that a column takes is its example. */
const textsOf = (variant: number): readonly string[] => [
  ...(variant > 0 ? [`example-${variant}`] : []),
  "example",
  "e",
  "2025-01-31",
  "09:30:00",
  "09:30:00+00",
  "2025-01-31 09:30:00",
  "2025-01-31 09:30:00+00",
  uuidOf(variant),
  "192.0.2.1",
  "192.0.2.0/24",
  "08:00:2b:01:02:03",
  "08:00:2b:ff:fe:01:02:03",
  "1 day",
  "1",
];

/** What tells variants of a text apart. */
const mark = (variant: number): string => (variant > 0 ? String(variant) : "");

/** Texts of the formats of JSON Schema. */
export const formatsOf = (variant: number): Readonly<Record<string, string>> => ({
  email: `ann${mark(variant)}@example.com`,
  uri: `https://example.com/${mark(variant)}`,
  uuid: uuidOf(variant),
  date: "2025-01-31",
  time: "09:30:00",
  "date-time": "2025-01-31T09:30:00.000Z",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  hostname: "example.com",
});

/** Other texts that validators ask for. */
const askedFor = (variant: number): readonly string[] => [
  ...Object.values(formatsOf(variant)),
  `An example that is long enough${mark(variant)}`,
  `EXAMPLE${mark(variant)}`,
  String(12_345_678 + variant),
  "+15550100",
  "#336699",
];

/** Keys that databases make begin at 1. */
const RARE = -1;

/** What may be made up for a column, by its kind, again and again another; of a type of the author's own nobody knows. */
const VALUES: Readonly<
  Record<ColumnInfo["kind"], (column: ColumnInfo, variant: number) => readonly unknown[]>
> = {
  text: ({ column, type }, variant) => [...(column.enumValues ?? []), ...textsOf(variant), bitsOf(type)],
  integer: ({ primary, foreign }, variant) => (primary || foreign ? [RARE - variant, 1] : [1 + variant]),
  number: (_, variant) => [1.5 + variant, 1 + variant],
  decimal: (_, variant) => [`${1 + variant}.5`, String(1 + variant), "0"],
  bigint: (_, variant) => [String(RARE - variant)],
  boolean: () => [true],
  date: () => ["2025-01-31T09:30:00.000Z"],
  json: () => [{ example: true }],
  blob: () => ["AAEC"],
  array: ({ element }, variant) => VALUES[element!.kind](element!, variant).map((value) => [value]),
  custom: () => [],
};

/** What else may be made up, where a validator does not take the first. */
const OTHERS: Readonly<Partial<Record<ColumnInfo["kind"], readonly unknown[]>>> = {
  integer: [0, 10, 100, 2025],
  number: [0, 10, 0.5, 100],
  decimal: ["10", "100"],
  bigint: ["1", "100"],
  boolean: [false],
  json: [[], {}, "example", ["example"]],
};

const bitsOf = (type: string): string => "0".repeat(Number(/\((\d{1,9})\)/.exec(type)?.[1] ?? 1) % 1_000);

const fits = (column: ColumnInfo, value: unknown): boolean => {
  try {
    coerce(column, value, column.name, true);
    return true;
  } catch {
    return false;
  }
};

/** A value that a column takes, made up and never read, another for each variant; `undefined` where nobody knows of any. */
export const madeUp = (column: ColumnInfo, variant = 0): unknown =>
  VALUES[column.kind](column, variant).find((value) => fits(column, value));

/** All that are known of. */
export const madeUpAll = (column: ColumnInfo, variant: number): readonly unknown[] =>
  [
    ...VALUES[column.kind](column, variant),
    ...(column.kind === "text" ? askedFor(variant) : (OTHERS[column.kind] ?? [])),
  ].filter((value) => fits(column, value));
