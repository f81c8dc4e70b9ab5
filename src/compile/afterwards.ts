import {
  Column,
  getTableName,
  is,
  Name,
  Param,
  SQL,
  type SQLWrapper,
  StringChunk,
  Subquery,
  Table,
} from "drizzle-orm";
import type { Rows } from "../plan/plan.ts";
import type { TableInfo } from "../schema/schema.ts";
import { speaksOnlyOf } from "./condition.ts";
import { syntaxFor } from "./transport.ts";

/**
 * Whether a check is to be asked when all is written: PostgreSQL's RETURNING shows every table as it was before the
 * statement, so that a check which looks at its own table would not see the rows it is about.
 */
export function isAskedAfterwards(check: Rows, table: TableInfo): check is SQL {
  if (typeof check === "string" || syntaxFor(table).mark !== "$") return false;
  return !speaksOnlyOf(check, table) && mayLookAt(table, check);
}

/** A name behind FROM or JOIN that is written by hand: what it stands for is not known here. */
const BY_HAND = /\b(?:from|join|table)\s+["a-z_]/i;
const CALL = /\b([a-z_]\w*)\s*\(/gi;

/** What looks at no table by itself. */
const HARMLESS: ReadonlySet<string> = new Set(
  (
    "abs all and any array array_agg as avg between bool_and bool_or btrim by case cast ceil char_length coalesce concat " +
    "count current_setting date_part date_trunc distinct else every exists extract filter floor from greatest having in " +
    "is join json_agg jsonb_agg least left length like limit lower ltrim max min mod not now nullif numeric offset on or " +
    "order over position power replace right round row rtrim select some split_part starts_with string_agg strpos substr " +
    "substring sum then to_char to_timestamp trim unnest upper using values varchar when where"
  ).split(" "),
);

/** Whether SQL may look at a table: it names it, or calls or names what nobody here knows. */
function mayLookAt(table: TableInfo, query: SQL): boolean {
  const own = getTableName(table.table);
  return query.queryChunks.some((chunk: unknown): boolean => {
    if (typeof chunk !== "object" || chunk === null || is(chunk, Column) || is(chunk, Param)) return false;
    if (is(chunk, StringChunk)) return isUnknown(chunk.value.join(""));
    if (is(chunk, Table)) return originalName(chunk) === own;
    if (is(chunk, Name)) return chunk.value === own;
    if (is(chunk, Subquery)) return mayLookAt(table, chunk._.sql);
    if (Array.isArray(chunk)) return mayLookAt(table, new SQL(chunk as SQL["queryChunks"]));
    const inner = is(chunk, SQL) ? chunk : (chunk as Partial<SQLWrapper>).getSQL?.();
    // A view gives itself; what stands behind it is not known here.
    if (inner === undefined || inner.queryChunks.includes(chunk as never)) return true;
    return mayLookAt(table, inner);
  });
}

function isUnknown(text: string): boolean {
  const plain = text.replaceAll(/'[^']*'/g, "''");
  return (
    BY_HAND.test(plain) || [...plain.matchAll(CALL)].some(([, name]) => !HARMLESS.has(name!.toLowerCase()))
  );
}

// Drizzle keeps it to itself: the name of a table whatever it is called in a statement.
const ORIGINAL = Symbol.for("drizzle:OriginalName");
const originalName = (table: Table): string =>
  (table as unknown as { [ORIGINAL]?: string })[ORIGINAL] ?? getTableName(table);
