import type { Row, Rows } from "../../author/author.ts";
import { textOf } from "../../drizzle/drizzle.ts";
import type { WritePlan } from "../../plan/plan.ts";
import type { TableInfo } from "../../schema/schema.ts";
import type { Speech } from "../sql/speech.ts";
import { counted } from "./counted.ts";
import { MAX_VALUES } from "./keys.ts";
import { type Reach, speaksOf } from "./reach.ts";

/**
 * How a row is judged: as one more value that comes back with it, by a rehearsal, or not at all, where it cannot have
 * left what its rule admits.
 */
export type Judged = "riding" | "rehearsed" | "kept";

/**
 * What comes back of a row sees, on PostgreSQL, every table as it was before the statement, but the functions of others
 * see more; on SQLite the rows written so far, its own included.
 */
export function judgeOf(
  plan: WritePlan,
  using: Rows,
  check: Rows,
  reach: Reach,
  triggered: boolean,
  speech: Speech,
): (values: readonly Row[]) => Judged {
  const { kind, answer } = plan;
  const { table } = answer.secured;
  if (typeof check === "string" || reach === "row") return () => "riding";
  if (reach === "unknown") return () => "rehearsed";
  const snapshot = table.database === "postgresql" && !triggered;
  return (values) => {
    if (snapshot && values.length <= rowsAtOnce(table)) return "riding";
    if (kind !== "update" || check !== using || triggered) return "rehearsed";
    return mayChange(table, counted(values[0]!, plan), textOf(check, speech), speech) ? "rehearsed" : "kept";
  };
}

/** How many new rows one statement takes. */
export const rowsAtOnce = ({ columns }: TableInfo): number =>
  Math.max(1, Math.floor(MAX_VALUES / columns.size));

/** Whether a change may change what a condition says of a row. */
function mayChange({ columns }: TableInfo, change: Row, text: string, speech: Speech): boolean {
  return [...columns.values()].some((column) => {
    const { generated, onUpdateFn } = column.column;
    const set = Object.hasOwn(change, column.name) || onUpdateFn !== undefined || generated !== undefined;
    return set && (column.primary || speaksOf(text, column, speech));
  });
}

/** Whether a check may ask about the rows a new row refers to. */
export const looksElsewhere = (reach: Reach, { columns }: TableInfo): boolean =>
  reach !== "row" && [...columns.values()].some(({ foreign }) => foreign);
