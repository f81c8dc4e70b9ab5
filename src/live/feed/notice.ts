import type { Touched } from "../contract.ts";

/**
 * The most bytes a notice may have: PostgreSQL takes less than 8,000. Names that are more are told as all tables.
 */
const MOST_BYTES = 7_000;

/** What is longer was not written here, and is not looked into. */
const MOST_CHARACTERS = 8_000;

const ALL = "*";

/** What one process tells the others: who it is, and the tables it has written. Never a value, nor a key. */
export interface Told {
  /** A random text, by which a process knows its own notices; the number of the transaction where a trigger tells. */
  readonly origin: string;
  /** None, where somebody only looks whether notices arrive. */
  readonly touched: Touched;
}

/** A notice as text: `["4d0c…","post","audit.entry"]`. */
export function writeNotice(origin: string, touched: Touched): string {
  const names = touched === ALL ? [ALL] : touched;
  const text = JSON.stringify([origin, ...names]);
  return bytesOf(text) > MOST_BYTES ? JSON.stringify([origin, ALL]) : text;
}

/**
 * What a notice tells. Anybody with a role in the database may send one, and so may another version of this package: what
 * cannot be understood may have meant any table.
 */
export function readNotice(text: string): Told {
  const parts = partsOf(text);
  if (parts === undefined) return { origin: "", touched: ALL };
  const [origin, ...names] = parts;
  return { origin, touched: names.includes(ALL) ? ALL : names };
}

function partsOf(text: string): readonly [string, ...string[]] | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  try {
    const parts: unknown = JSON.parse(text);
    return isParts(parts) ? parts : undefined;
  } catch {
    return undefined;
  }
}

const isParts = (value: unknown): value is [string, ...string[]] =>
  Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === "string");

/** What was touched in all. */
export function together(some: Touched, others: Touched): Touched {
  if (some === ALL || others === ALL) return ALL;
  return [...new Set([...some, ...others])];
}

/** A character of a text is three bytes at most. */
const bytesOf = (text: string): number =>
  text.length * 3 > MOST_BYTES ? new TextEncoder().encode(text).length : text.length;
