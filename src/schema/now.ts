import { type SQL, sql } from "drizzle-orm";
import type { ColumnInfo } from "./column.ts";

/** Types that hold moments, or days. */
const MOMENTS = /^(timestamp(tz)?|date)\b/;

/** Whether a column holds moments, or days, whichever way it is read. */
export const holdsMoments = ({ kind, type, database }: ColumnInfo): boolean =>
  kind === "date" || (database === "postgresql" && WRITABLE.has(kind) && MOMENTS.test(type));

/** The kinds in which PostgreSQL's moments are read as text, or as their author maps them. */
const WRITABLE: ReadonlySet<ColumnInfo["kind"]> = new Set(["text", "custom"]);

/** This moment as a value of such a column; without a zone it is UTC. */
export function presentMoment({ kind, type }: ColumnInfo): Date | string | SQL {
  const now = new Date();
  if (kind === "date") return now;
  const text = now.toISOString();
  const value = type.startsWith("date") ? text.slice(0, 10) : text;
  // A mapping of the author's takes values of its own, and the database takes this one.
  return kind === "custom" ? sql`${value}::text::${sql.raw(type)}` : value;
}
