import type { Kind, Row } from "./model.ts";

// What both oracles know of values: which are of a kind, how they are ordered, and how JSON carries them.

/** What the specification refuses. */
export class Refused extends Error {}
/** What the specification leaves open. */
export class Open extends Error {}

export const refuse = (why: string): never => {
  throw new Refused(why);
};

/** A value as JSON carries it. */
export const carry = (value: unknown): unknown =>
  value instanceof Date ? value.toISOString() : typeof value === "bigint" ? String(value) : value;

// --- order -----------------------------------------------------------------------------------------------------------

/** Values as both databases order them: numbers by size, text by its bytes. */
export function compare(a: unknown, b: unknown): number {
  const [left, right] = [storedOf(a), storedOf(b)];
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0;
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
}

const isNumber = (value: unknown): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

const storedOf = (value: unknown): unknown =>
  value instanceof Date ? value.getTime() : typeof value === "boolean" ? Number(value) : value;

/** What a value is compared by: a decimal, which is kept as text, is a number. */
export const weighed = (kind: Kind, value: unknown): unknown =>
  kind === "decimal" && value !== null ? Number(value) : value;

/** A key of an order: what is compared, and which way. */
export interface OrderKey<T> {
  readonly of: (subject: T) => unknown;
  readonly descending: boolean;
  /** Without a word, nulls come first ascending and last descending. */
  readonly nullsFirst?: boolean;
}

/** Compares by one key after the other. */
export function compareBy<T>(keys: readonly OrderKey<T>[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const { of, descending, nullsFirst = !descending } of keys) {
      const [left, right] = [of(a), of(b)];
      if (left === null && right === null) continue;
      if (left === null || right === null) return (left === null) === nullsFirst ? -1 : 1;
      const sign = compare(left, right);
      if (sign !== 0) return descending ? -sign : sign;
    }
    return 0;
  };
}

/** Compares rows by columns, and where these are equal by the columns of a key. */
export const compareRows = (
  order: readonly (readonly [string, string])[],
  keys: readonly string[],
): ((a: Row, b: Row) => number) =>
  compareBy(
    [...order, ...keys.map((key) => [key, "asc"] as const)].map(([name, way]) => ({
      of: (row: Row) => row[name],
      descending: way === "desc",
    })),
  );

// --- kinds -----------------------------------------------------------------------------------------------------------

/** Milliseconds since 1970, with the fraction that no date holds. */
export function instantOf(value: unknown): number {
  if (typeof value === "number") return valueOf("date", value) === undefined ? 0 : value;
  const finer = typeof value === "string" ? /(\.\d{3})(\d{1,6})/.exec(value) : null;
  if (finer === null) return (valueOf("date", value) as Date).getTime();
  const date = valueOf("date", (value as string).replace(finer[0], finer[1]!)) as Date;
  return date.getTime() + Number(`0.${finer[2]!}`);
}

/** A value from the wire as the schema's own type, or a refusal. */
export function valueOf(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case "text":
      return typeof value === "string" && !value.includes("\0") ? value : refuse("no text");
    case "choice":
      return value === "writer" || value === "editor" ? value : refuse("no member");
    case "integer":
      return Number.isSafeInteger(value) ? value : refuse("no whole number");
    case "real":
      return Number.isFinite(value) ? value : refuse("no number");
    case "boolean":
      return typeof value === "boolean" ? value : refuse("no flag");
    case "date": {
      const date =
        typeof value === "number"
          ? new Date(value)
          : typeof value === "string" && /^[+-]?\d{4,6}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(value)
            ? new Date(value)
            : refuse("no date");
      return Number.isNaN(date.getTime()) ? refuse("no date") : date;
    }
    case "decimal":
      return typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? value : refuse("no decimal");
    case "bigint":
      return typeof value === "string" && /^-?\d+$/.test(value) ? BigInt(value) : refuse("no big integer");
    default:
      return refuse("a kind the oracle does not know");
  }
}
