import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../dialect/dialect.ts";
import { speaksOnlyOf } from "../drizzle/drizzle.ts";
import type { Row, Rows, WritePlan } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import { EXACT, exactKey, exactParts } from "./answer.ts";
import { nodeCondition, rowsCondition } from "./condition.ts";
import type { WriteRows } from "./write.ts";

/**
 * Whether a write locks its rows before it changes them. PostgreSQL asks a condition again of a row it had to wait for,
 * but shows it every other table as it was when the statement began: a right that was lost meanwhile would still count.
 */
export function holdsFirst(
  { kind, answer: { table } }: WritePlan,
  { rows, check }: Pick<WriteRows, "rows" | "check">,
): boolean {
  if (kind === "insert" || table.database !== "postgresql") return false;
  return [rows[0]!, check].some(
    (condition) => typeof condition !== "string" && !speaksOnlyOf(condition, table),
  );
}

/**
 * Waits for the rows that a write reaches and locks them. The answer admits those of them that still are the caller's to
 * a statement that begins afterwards, and so sees what was written meanwhile.
 */
export async function hold(database: Database, plan: WritePlan, using: Rows): Promise<Rows> {
  const { table } = plan.answer;
  const held = (await database
    .select(Object.fromEntries(exactKey(table)))
    .from(table.table)
    .where(nodeCondition(plan.answer, using))
    .for("update")) as Row[];
  if (held.length === 0) return "none";
  const condition = rowsCondition(using);
  const among = keysAmong(table, held);
  return condition === undefined ? among : sql`${condition} and ${among}`;
}

/** Rows by their keys, which are one value however many they are. */
function keysAmong(table: TableInfo, rows: readonly Row[]): SQL {
  const parts = exactParts(table);
  const keys = JSON.stringify(rows.map((row) => parts.map(([name]) => row[EXACT + name])));
  const columns = parts.map(([, part]) => part);
  const values = parts.map(([, , type], index) => sql`("~key" ->> ${sql.raw(`${index}`)})::${sql.raw(type)}`);
  const given = sql`select ${list(values)} from jsonb_array_elements(${keys}::text::jsonb) as "~key"`;
  return sql`(${list(columns)}) in (${given})`;
}

const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);
