import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Operator } from "./contract.ts";

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

function like({ column, database }: ColumnInfo, pattern: string): SQL {
  return database === "sqlite" ? sql`${column} glob ${toGlob(pattern)}` : sql`${column} like ${pattern}`;
}

function ilike({ column, database }: ColumnInfo, pattern: string): SQL {
  return database === "sqlite" ? sql`${column} like ${pattern} escape '\\'` : sql`${column} ilike ${pattern}`;
}

/** SQLite finds a text inside another faster than it matches a pattern. */
function contains({ column, database }: ColumnInfo, value: unknown): SQL {
  if (database === "sqlite") return sql`instr(${column}, ${value}) > 0`;
  return sql`${column} like ${`%${literal(value as string)}%`}`;
}

/** The same, whatever the case of ASCII letters. */
function icontains({ column, database }: ColumnInfo, value: unknown): SQL {
  if (database === "sqlite") return sql`instr(lower(${column}), lower(${value})) > 0`;
  return sql`${column} ilike ${`%${literal(value as string)}%`}`;
}

const not = (condition: SQL): SQL => sql`not (${condition})`;

type Match = (column: ColumnInfo, pattern: string) => SQL;

const pattern = (match: Match): Operator => ({
  operand: "pattern",
  applies: isText,
  build: (column, value) => match(column, value as string),
});

const affix = (match: Match, before: string, after: string): Operator => ({
  operand: "literal",
  applies: isText,
  build: (column, value) => match(column, before + literal(value as string) + after),
});

/** Patterns with `%` and `_` (a backslash makes them literal), and the same for text taken as it is. */
export const TEXT: readonly (readonly [string, Operator])[] = [
  ["like", pattern(like)],
  ["notLike", pattern((column, text) => not(like(column, text)))],
  ["ilike", pattern(ilike)],
  ["notIlike", pattern((column, text) => not(ilike(column, text)))],
  ["contains", { operand: "literal", applies: isText, build: contains }],
  ["startsWith", affix(like, "", "%")],
  ["endsWith", affix(like, "%", "")],
  ["icontains", { operand: "literal", applies: isText, build: icontains }],
  ["istartsWith", affix(ilike, "", "%")],
  ["iendsWith", affix(ilike, "%", "")],
];
