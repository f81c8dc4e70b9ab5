import { coerce, type ColumnInfo } from "../schema/schema.ts";

const UUID = "00000000-0000-4000-8000-000000000000";

/** Texts of all the types that are written as such; the first that a column takes is its example. */
const TEXTS: readonly string[] = [
  "example",
  "e",
  "2025-01-31",
  "09:30:00",
  "09:30:00+00",
  "2025-01-31 09:30:00",
  "2025-01-31 09:30:00+00",
  UUID,
  "192.0.2.1",
  "192.0.2.0/24",
  "08:00:2b:01:02:03",
  "08:00:2b:ff:fe:01:02:03",
  "1 day",
  "1",
];

/** Keys that databases make begin at 1. */
const RARE = -1;

/** What may be made up for a column, by its kind; of a type of the author's own nobody knows. */
const VALUES: Readonly<Record<ColumnInfo["kind"], (column: ColumnInfo) => readonly unknown[]>> = {
  text: ({ column, type }) => [...(column.enumValues ?? []), ...TEXTS, bitsOf(type)],
  integer: ({ primary, foreign }) => (primary || foreign ? [RARE, 1] : [1]),
  number: () => [1.5, 1],
  decimal: () => ["1.5", "1", "0"],
  bigint: () => [String(RARE)],
  boolean: () => [true],
  date: () => ["2025-01-31T09:30:00.000Z"],
  json: () => [{ example: true }],
  blob: () => ["AAEC"],
  array: ({ element }) => madeUpAll(element!).map((value) => [value]),
  custom: () => [],
};

const bitsOf = (type: string): string => "0".repeat(Number(/\((\d{1,9})\)/.exec(type)?.[1] ?? 1) % 1_000);

const madeUpAll = (column: ColumnInfo): readonly unknown[] => VALUES[column.kind](column);

/** A value that a column takes, made up and never read; `undefined` where nobody knows of any. */
export function madeUp(column: ColumnInfo): unknown {
  return madeUpAll(column).find((value) => {
    try {
      coerce(column, value, column.name, true);
      return true;
    } catch {
      return false;
    }
  });
}
