import { carry } from "./oracle-values.ts";
import { NOW } from "./policy-writes.ts";
import { type House, HOUSE_TABLES } from "./written-once.ts";

// How a law compares what an engine answers and leaves behind with what an oracle says.

const isMap = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An answer without the marks of lists that were cut short. */
export const unmarked = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(unmarked)
    : isMap(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([key]) => key !== "more" && key !== "$more")
            .map(([key, inner]) => [key, unmarked(inner)]),
        )
      : value;

/** Rows whose order means nothing. */
export const sorted = (rows: readonly unknown[] | undefined): readonly string[] | undefined =>
  rows?.map((row) => JSON.stringify(keysSorted(row))).toSorted();

const keysSorted = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(keysSorted)
    : isMap(value)
      ? Object.fromEntries(
          Object.entries(value)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, inner]) => [key, keysSorted(inner)]),
        )
      : value;

const MOMENT = /"\d{4}-\d\d-\d\dT[\d:.]+Z"/g;

/** Text in which moments from then on are one word: what is deleted just now. */
export const sameMoment = (text: string, since: number): string =>
  text.replaceAll(MOMENT, (moment) => (Date.parse(moment.slice(1, -1)) >= since ? `"${NOW}"` : moment));

/** Rows of all tables, each as text; moments from then on by one word. */
export const stored = (rows: House, since: number): readonly string[] =>
  HOUSE_TABLES.flatMap((table) =>
    rows[table].map((row) =>
      sameMoment(
        JSON.stringify([table, row], (_, value) => carry(value)),
        since,
      ),
    ),
  );

/** The rows that only one of two databases has, or nothing. */
export function apart(is: readonly string[], must: readonly string[]): string | undefined {
  const over = is.filter((row) => !must.includes(row)).map((row) => `is ${row}`);
  const missing = must.filter((row) => !is.includes(row)).map((row) => `must ${row}`);
  return over.length + missing.length > 0 ? [...over, ...missing].join("\n") : undefined;
}
