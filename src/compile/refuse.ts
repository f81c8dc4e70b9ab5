import type { WritePlan } from "../plan/plan.ts";
import { nodeCondition } from "./condition.ts";
import { selectCount } from "./relational.ts";
import type { WriteRows, WriteStatement } from "./write.ts";

/**
 * A write whose caller may leave no row behind, refused before the database sees one: whether a value is taken, or a
 * referenced row is there, is not for him to hear.
 */
export function refuseFirst(
  write: WriteStatement,
  plan: WritePlan,
  { rows, check, ensure }: WriteRows,
): WriteStatement {
  if (plan.kind === "delete" || (check !== "none" && ensure !== "none")) return write;
  const { table } = plan.answer.table;
  const reached = nodeCondition(plan.answer, rows[0]!);
  return async (database, values) => {
    const refused = plan.kind === "insert" || (await selectCount(database, table, reached)) > 0;
    return refused ? { rowsAffected: 0, passed: false } : write(database, values);
  };
}
