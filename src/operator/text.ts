import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Compared, Operator } from "./contract.ts";

const isText = ({ matches }: ColumnInfo): boolean => matches;

/** Wildcards and backslashes made literal, for a pattern whose escape is the backslash. */
const literal = (text: string): string => text.replace(/[\\%_]/g, "\\$&");

/**
 * A LIKE pattern as GLOB's, which is case-sensitive as SQLite's LIKE is not (https://sqlite.org/lang_expr.html#glob):
 * `%` is `*`, `_` is `?`, and GLOB's own wildcards become classes of one character.
 */
function toGlob(pattern: string): string {
  return pattern.replace(/\\([\s\S])|[%_*?[]/g, (token: string, escaped: string | undefined) => {
    if (token === "%") return "*";
    if (token === "_") return "?";
    const character = escaped ?? token;
    return character === "*" || character === "?" || character === "[" ? `[${character}]` : character;
  });
}

function like({ column, database }: Compared, pattern: string): SQL {
  return database === "sqlite" ? sql`${column} glob ${toGlob(pattern)}` : sql`${column} like ${pattern}`;
}

function ilike({ column, database }: Compared, pattern: string): SQL {
  return database === "sqlite" ? sql`${column} like ${pattern} escape '\\'` : sql`${column} ilike ${pattern}`;
}

/** SQLite finds a text inside another faster than it matches a pattern. */
function contains({ column, database }: Compared, value: unknown): SQL {
  if (database === "sqlite") return sql`instr(${column}, ${value}) > 0`;
  return sql`${column} like ${`%${literal(value as string)}%`}`;
}

/** The same, whatever the case of ASCII letters. */
function icontains({ column, database }: Compared, value: unknown): SQL {
  if (database === "sqlite") return sql`instr(lower(${column}), lower(${value})) > 0`;
  return sql`${column} ilike ${`%${literal(value as string)}%`}`;
}

const not = (condition: SQL): SQL => sql`not (${condition})`;

type Match = (column: Compared, pattern: string) => SQL;

/**
 * What reading a text of a few hundred characters costs, where reading a row costs 1: as it is, and with its letters
 * folded, whatever is looked for in it.
 */
const READ = 8;
const FOLDED = 16;

/** Each wildcard may begin the search anew. */
const wild = (cost: number) => (value: unknown) => cost + (value as string).split("%").length - 1;

const pattern = (match: Match, cost: number): Operator => ({
  operand: "pattern",
  weight: wild(cost),
  applies: isText,
  build: (column, value) => match(column, value as string),
});

const text = (match: Operator["build"], cost: number): Operator => ({
  operand: "literal",
  weight: () => cost,
  applies: isText,
  build: match,
});

const affix = (match: Match, before: string, after: string, cost: number): Operator =>
  text((column, value) => match(column, before + literal(value as string) + after), cost);

/** Patterns with `%` and `_` (a backslash makes them literal), and the same for text taken as it is. */
export const TEXT: readonly (readonly [string, Operator])[] = [
  ["like", pattern(like, READ)],
  ["notLike", pattern((column, value) => not(like(column, value)), READ)],
  ["ilike", pattern(ilike, FOLDED)],
  ["notIlike", pattern((column, value) => not(ilike(column, value)), FOLDED)],
  ["contains", text(contains, READ)],
  ["startsWith", affix(like, "", "%", READ)],
  ["endsWith", affix(like, "%", "", READ)],
  ["icontains", text(icontains, FOLDED)],
  ["istartsWith", affix(ilike, "", "%", FOLDED)],
  ["iendsWith", affix(ilike, "%", "", FOLDED)],
];
