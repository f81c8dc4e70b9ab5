import { stretchIn } from "../format.ts";
import type { AccessColumn } from "../model/access.ts";
import { Digits } from "../model/digits.ts";
import { isPlain } from "../model/notation.ts";

/** A row as it was answered. */
export type Row = Readonly<Record<string, unknown>>;

/** A column of the grid. */
export interface Column {
  /** What is ordered by, where that is possible. */
  readonly key: string;
  readonly title: string;
  /** What its values are, as far as it is known. */
  readonly kind: AccessColumn["kind"] | "count" | "one" | "many" | undefined;
  readonly read: (row: Row) => unknown;
  readonly masked: (row: Row) => boolean;
  /** Whether it is what rows are grouped by. */
  readonly group?: boolean;
  /** What is known of the rows that unfold from it. */
  readonly inner?: Known;
}

/** What is known of the rows of a place before any is seen. */
export interface Known {
  readonly kindOf: (name: string) => Column["kind"];
  readonly behind: (relation: string) => Known;
}

export const UNKNOWN: Known = { kindOf: () => undefined, behind: () => UNKNOWN };

/** What is said of rows, and is no column of theirs. */
const SAID: ReadonlySet<string> = new Set(["$masked", "$more", "$can"]);
const FIGURES: ReadonlySet<string> = new Set(["group", "countDistinct", "sum", "avg", "min", "max"]);

const never = (): boolean => false;

/** The columns of rows, in the order in which they come. */
export function columnsOf(rows: readonly Row[], known: Known): readonly Column[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].flatMap((name): readonly Column[] => {
    if (SAID.has(name)) return [];
    if (name === "_count")
      return within(rows, name, (key) => ({ key: `${key}.count`, title: `${key} count`, kind: "count" }));
    const read = (row: Row): unknown => row[name];
    const masked = (row: Row): boolean => Array.isArray(row["$masked"]) && row["$masked"].includes(name);
    return [
      {
        key: name,
        title: name,
        kind: known.kindOf(name) ?? shapeOf(rows, name),
        read,
        masked,
        inner: known.behind(name),
      },
    ];
  });
}

/** The columns of numbers about rows: what they are grouped by, and each figure. */
export function figuresOf(rows: readonly Row[], known: Known): readonly Column[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].flatMap((name): readonly Column[] => {
    if (!FIGURES.has(name) && !rows.some((row) => isPlain(row[name])))
      return [{ key: name, title: name, kind: "count", read: (row) => row[name], masked: never }];
    return within(rows, name, (key) =>
      name === "group"
        ? { key, title: key, kind: groupKind(key, known), group: true }
        : { key: `${name}.${key}`, title: `${name} ${key}`, kind: figureKind(name, key, known) },
    );
  });
}

/** Of a stretch of time the moment at which it begins. */
const groupKind = (key: string, known: Known): Column["kind"] =>
  known.kindOf(key) ?? (stretchIn(key) === undefined ? undefined : "date");

const figureKind = (name: string, key: string, known: Known): Column["kind"] =>
  name === "min" || name === "max" ? known.kindOf(key) : "count";

function within(
  rows: readonly Row[],
  name: string,
  describe: (key: string) => Pick<Column, "key" | "title" | "kind" | "group">,
): readonly Column[] {
  const inner = (row: Row): Row => (isPlain(row[name]) ? row[name] : {});
  const keys = new Set(rows.flatMap((row) => Object.keys(inner(row))));
  return [...keys].map((key) => ({ ...describe(key), read: (row) => inner(row)[key], masked: never }));
}

/** What is not known of by its name is known by what it holds. */
function shapeOf(rows: readonly Row[], name: string): Column["kind"] {
  const value = rows.map((row) => row[name]).find((cell) => cell !== null && cell !== undefined);
  if (Array.isArray(value) && value.every(isPlain)) return "many";
  if (isPlain(value)) return "one";
  return typeof value === "number" || value instanceof Digits
    ? "number"
    : typeof value === "boolean"
      ? "boolean"
      : undefined;
}
