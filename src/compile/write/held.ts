import { type SQL, sql } from "drizzle-orm";
import type { Row, Rows } from "../../author/author.ts";
import { speaksOnlyOf } from "../../drizzle/drizzle.ts";
import type { SecuredRelation, WritePlan } from "../../plan/plan.ts";
import type { TableInfo } from "../../schema/schema.ts";
import { list } from "../sql/list.ts";
import { among, type SecuredRows, writtenRows } from "../sql/secured.ts";
import type { Fields, Select } from "../statement.ts";
import { EXACT, exactKey, exactParts } from "./keys.ts";

/**
 * Whether a write locks its rows before it changes them. PostgreSQL asks a condition again of a row it had to wait for,
 * but shows it every other table as it was when the statement began: a right that was lost meanwhile would still count.
 * Rows whose versions are compared, or that are read before they are deleted softly, stay what they are meanwhile.
 */
export function holdsFirst(plan: WritePlan, conditions: readonly Rows[], reads: boolean): boolean {
  const { kind, answer, versions, softDelete, meeting } = plan;
  const { table } = answer.secured;
  // Rows that new ones have met are locked already.
  if (kind === "insert" || meeting !== undefined || table.database !== "postgresql") return false;
  if (versions !== undefined || (reads && softDelete !== undefined)) return true;
  return conditions.some((condition) => typeof condition !== "string" && !speaksOnlyOf(condition, table));
}

/**
 * Waits for rows and locks them, and tells of them, as they are then, what is asked for. SQLite has one lock for all, which
 * a transaction that writes has taken.
 */
export const lock = (from: SecuredRows, table: TableInfo, fields: Fields, limit?: number): Select => ({
  kind: "select",
  fields: { ...Object.fromEntries(exactKey(table)), ...fields },
  from,
  limit,
  locks: table.database === "postgresql",
});

/** The rows that are locked, whether or not they still are the caller's. */
export const heldRows = (secured: SecuredRelation, held: readonly Row[]): SecuredRows =>
  writtenRows(secured, held.length === 0 ? sql`1 = 0` : keysAmong(secured.table, held));

/**
 * The rows that are locked, of those that a write reaches. Of them it admits those that still are the caller's to a
 * statement that begins afterwards, and so sees what was written meanwhile.
 */
export const heldOf = (rows: SecuredRows, held: readonly Row[], table: TableInfo): SecuredRows =>
  among(rows, held.length === 0 ? sql`1 = 0` : keysAmong(table, held));

/** Rows by their keys, which are one value however many they are. */
function keysAmong(table: TableInfo, rows: readonly Row[]): SQL {
  const parts = exactParts(table);
  const keys = JSON.stringify(rows.map((row) => parts.map(([name]) => row[EXACT + name])));
  const columns = parts.map(([, part]) => part);
  const values = parts.map(([, , type], index) => sql`("~key" ->> ${sql.raw(`${index}`)})::${sql.raw(type)}`);
  const given = sql`select ${list(values)} from jsonb_array_elements(${keys}::text::jsonb) as "~key"`;
  return sql`(${list(columns)}) in (${given})`;
}
