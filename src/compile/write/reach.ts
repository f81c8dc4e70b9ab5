import type { Rows } from "../../author/author.ts";
import { Cache } from "../../cache.ts";
import { type Names, someText, speaksOnlyOf, textOf, tokensOf } from "../../drizzle/drizzle.ts";
import type { ColumnInfo, TableInfo } from "../../schema/schema.ts";

/**
 * What a check looks at: its own row alone; tables, as the statement itself sees them; or whatever a function that nobody
 * here knows looks at, which may see rows the statement has just written.
 */
export type Reach = "row" | "tables" | "unknown";

export function reachOf(check: Rows, table: TableInfo, names: Names): Reach {
  if (typeof check === "string") return "row";
  const own = speaksOnlyOf(check, table);
  // No function of SQLite asks tables. What speaks of its row alone has each call in one piece of text.
  if (
    table.database === "postgresql" &&
    (own ? someText(check, callsUnknown) : callsUnknown(textOf(check, names)))
  )
    return "unknown";
  return own ? "row" : "tables";
}

/** Whether SQL may speak of a column: it holds the name, by itself. */
export const speaksOf = (text: string, { column }: ColumnInfo, names: Names): boolean =>
  // A quote in a name can be written in several ways.
  column.name.includes('"') || mentions(text, names.column(column).slice(1, -1));

/** Whether SQL holds a name by itself. */
export function mentions(text: string, name: string): boolean {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = new RegExp(`(?<![\\p{L}\\p{N}_$])${escaped(name)}(?![\\p{L}\\p{N}_$])`, "iu");
    patterns.set(name, pattern);
  }
  return pattern.test(text);
}

const patterns = new Cache<RegExp>(1_000);

/** A text as a pattern writes it. */
export const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** What is no call though a parenthesis follows, and functions of PostgreSQL that look at no table. */
const HARMLESS: ReadonlySet<string> = new Set(
  (
    "all and any array as between bit by case char decimal distinct else except exists filter from group having ilike in " +
    "intersect is join lateral like limit materialized not numeric offset on or order over row select similar some then " +
    "time timestamp timestamptz to union using values varchar when where " +
    "abs age array_agg array_length array_position array_to_string avg bool_and bool_or btrim cardinality cast ceil " +
    "ceiling char_length clock_timestamp coalesce concat concat_ws count current_setting date date_bin date_part " +
    "date_trunc every extract floor format generate_series greatest initcap json_agg json_array_length " +
    "json_build_object jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_object " +
    "jsonb_exists jsonb_extract_path_text jsonb_typeof least left length lower lpad ltrim make_date make_interval max " +
    "md5 min mod now nullif octet_length overlay position power random regexp_match regexp_replace repeat replace " +
    "reverse right round row_number rpad rtrim sign split_part sqrt starts_with string_agg string_to_array strpos substr " +
    "substring sum to_char to_date to_json to_jsonb to_number to_timestamp translate trim trunc unnest upper"
  ).split(" "),
);

/** Texts of other forms, in which a quote is none, and a quote that PostgreSQL does not know. */
const FOREIGN = /[\\`]|\$[\p{L}\p{N}_]*\$/u;

/** Whether SQL calls what is not known to look at no table. */
function callsUnknown(text: string): boolean {
  if (!text.includes("(")) return false;
  if (FOREIGN.test(text)) return true;
  const tokens = tokensOf(text);
  return tokens.some((token, index) => token === "(" && index > 0 && isUnknown(tokens[index - 1]!));
}

/** Whether what stands before a parenthesis is called, and unknown: a name in quotes may be anything. */
const isUnknown = (token: string): boolean =>
  token.startsWith('"') || (/^[\p{L}_]/u.test(token) && !HARMLESS.has(token.toLowerCase()));
