import type { ColumnInfo } from "./column.ts";
import { isEnum } from "./kind.ts";
import { readType } from "./type.ts";

/** Of other letters, and of longer texts, nothing is known: keys are short. */
const PLAIN = /^[ -~]{0,128}$/;

/** PostgreSQL's types whose equal values are written alike, but for what `mark` passes over. */
const ALIKE: ReadonlySet<string> = new Set(["text", "varchar", "char", "uuid"]);

/**
 * Stands for a value of a column, as its driver takes it: what has another mark is another value to the database too,
 * whichever way it compares; what has the same may be another. `undefined` where nothing is known.
 */
export function markOf({ kind, database, column, type }: ColumnInfo, value: unknown): string | undefined {
  switch (kind) {
    case "integer":
    case "bigint":
      return isWhole(value) ? mark(String(value)) : undefined;
    case "boolean":
      if (typeof value === "boolean") return String(Number(value));
      return database === "sqlite" && typeof value === "number" ? String(value) : undefined;
    case "text":
      if (database === "postgresql" && !isEnum(column) && !ALIKE.has(readType(type).name)) return undefined;
      return typeof value === "string" && PLAIN.test(value) ? mark(value) : undefined;
    default:
      return undefined;
  }
}

const isWhole = (value: unknown): boolean =>
  Number.isSafeInteger(value) ||
  typeof value === "bigint" ||
  (typeof value === "string" && /^-?\d{1,20}$/.test(value));

/** Without case, signs, spaces and leading zeros, as one collation or the other may not look at them. */
const mark = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z\d]/g, "")
    .replace(/\d{1,128}/g, (digits) => String(BigInt(digits)));
