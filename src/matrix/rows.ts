import { createHash } from "node:crypto";
import { getOperators, is, SQL } from "drizzle-orm";
import type { AuthorFunction } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import { recording } from "./record.ts";
import { writeSQL } from "./sql.ts";

/** Which rows a function of a rule admits: all, none, those of a condition; or only it knows, and goes by its source. */
export type MatrixRows = "all" | "none" | { readonly sql: string } | { readonly dynamic: string };

const operators = Object.freeze(getOperators());

/** What branches, waits or goes round, strings aside: of such a function one answer is not the whole. */
export const BRANCHES: RegExp =
  /\b(?:if|switch|for|while|do|await|async|try|catch|yield)\b|\?(?!\.)|&&|\|\||!(?![=01])|[!=]==?(?!>)/;

/** Asks a function which rows it admits, without a caller. */
export function rowsOf(ask: AuthorFunction | undefined, table: TableInfo): MatrixRows {
  if (ask === undefined) return "all";
  const source = sourceOf(ask);
  if (BRANCHES.test(source)) return dynamic(source);
  const answer = asked(() => ask(recording(), table.table, operators), table);
  if (answer === undefined) return dynamic(source);
  const nobody = asked(() => ask({}, table.table, operators), table);
  // What it answers to nobody, where it answers at all, has to be of the kind that it always is.
  const same = nobody === undefined || kindOf(nobody) === kindOf(answer);
  return same ? answer : dynamic(source);
}

const kindOf = (rows: MatrixRows): string => (typeof rows === "string" ? rows : "sql");

/** What a function answers; `undefined` where it throws, waits, or answers what is no filter. */
function asked(ask: () => unknown, { database }: TableInfo): MatrixRows | undefined {
  try {
    const answer = ask();
    if (answer === true) return "all";
    if (answer === false || answer === null || answer === undefined) return "none";
    if (is(answer, SQL)) return { sql: writeSQL(answer, database) };
    return undefined;
  } catch {
    return undefined;
  }
}

/** A function as it is written, without what says nothing. */
export const sourceOf = (ask: AuthorFunction): string =>
  String(ask)
    .replaceAll(/'[^'\n]*'|"[^"\n]*"/g, (text) => text.replaceAll(/[?!&|=/]/g, "."))
    .replaceAll(/\/\*[^*]*\*\/|\/\/[^\n]*/g, "");

/** The hash of a source, whatever spaces a compiler leaves in it. */
const dynamic = (source: string): MatrixRows => ({
  dynamic: createHash("sha256")
    .update(source.replaceAll(/[\s;,()]+/g, ""))
    .digest("hex")
    .slice(0, 12),
});
