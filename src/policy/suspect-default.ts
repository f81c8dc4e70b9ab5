import { is, SQL } from "drizzle-orm";
import { textsOf } from "../drizzle/drizzle.ts";
import type { ColumnInfo } from "../schema/schema.ts";

/** What a default of SQLite's leaves in a column: a text, or a moment as a number. */
type Left = "text" | "seconds" | "milliseconds";

const TEXT =
  /^(?:current_(?:timestamp|date|time)|(?:datetime|date|time)\([^()]*\)|strftime\('[^']*[-:/T ][^']*'(?:,[^()]*)?\))$/;
const SECONDS = /^(?:unixepoch\((?:'now')?\)|strftime\('%s'(?:,'now')?\))$/;
/** By the thousand, or by Julian days, as Drizzle's own `defaultNow()` has it. */
const MILLISECONDS =
  /^(?:(?:unixepoch\([^()]*\)|strftime\('%s'(?:,'now')?\))\*1000|\(julianday\([^()]*\)-2440587\.5\)\*86400000)$/;
const LITERAL = /^'((?:[^']|'')*)'$/;

/**
 * What is wrong with a default that the database makes, and how it is mended; `undefined` for all that may be right.
 * Only SQLite keeps in a column what is none of its values; PostgreSQL checks the type when the table is made.
 */
export function suspectDefault(info: ColumnInfo): string | undefined {
  const { kind, database, column } = info;
  if (database !== "sqlite" || !is(column.default, SQL)) return undefined;
  const made = textOf(column.default);
  if (made === undefined) return undefined;
  const left = leftBy(made);
  switch (kind) {
    case "date":
      return suspectMoment(info, left);
    case "integer":
    case "number":
    case "boolean":
    case "bigint":
      return left === "text" ? "the default stores a text, which is no value of the column" : undefined;
    case "json":
      return left === "text" && !isJSON(made) ? "the default stores a text that is no JSON" : undefined;
    default:
      return undefined;
  }
}

function suspectMoment({ column }: ColumnInfo, left: Left | undefined): string | undefined {
  const wanted = (column as { mode?: string }).mode === "timestamp" ? "seconds" : "milliseconds";
  if (left === undefined || left === wanted) return undefined;
  const cure = wanted === "seconds" ? "(unixepoch())" : "(unixepoch() * 1000)";
  const stored = left === "text" ? "a text" : left;
  return `the default stores ${stored}, and the column is read as ${wanted}; write default(sql\`${cure}\`)`;
}

function leftBy(made: string): Left | undefined {
  if (SECONDS.test(made)) return "seconds";
  if (MILLISECONDS.test(made)) return "milliseconds";
  if (TEXT.test(made)) return "text";
  const [, literal] = LITERAL.exec(made) ?? [];
  // A text of digits becomes a number in a column of numbers.
  return literal !== undefined && !(literal.trim() !== "" && Number.isFinite(Number(literal)))
    ? "text"
    : undefined;
}

function isJSON(made: string): boolean {
  const [, literal] = LITERAL.exec(made) ?? [];
  if (literal === undefined) return false;
  try {
    JSON.parse(literal.replaceAll("''", "'"));
    return true;
  } catch {
    return false;
  }
}

/** SQL that is all text, in one spelling: small letters, no blanks outside of texts, no cast to whole numbers around it. */
function textOf(query: SQL): string | undefined {
  const texts = textsOf(query);
  if (texts.includes(undefined)) return undefined;
  let bare = texts
    .join("")
    .replace(/'(?:[^']|'')*'|[^']+/g, (part) => (part.startsWith("'") ? part : shortened(part)));
  for (;;) {
    const inner = CAST.exec(bare)?.[1] ?? enclosed(bare);
    if (inner === undefined) return bare;
    bare = inner;
  }
}

const CAST = /^cast\((.*)asint(?:eger)?\)$/;
const shortened = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, "");

/** What stands in parentheses that hold the whole. */
function enclosed(text: string): string | undefined {
  if (!text.startsWith("(") || !text.endsWith(")")) return undefined;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "(") depth++;
    else if (text[index] === ")" && --depth === 0 && index < text.length - 1) return undefined;
  }
  return text.slice(1, -1);
}
