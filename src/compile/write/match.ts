import { sql } from "drizzle-orm";
import type { Versions } from "../../plan/plan.ts";
import { countOf } from "../sql/count.ts";
import { list } from "../sql/list.ts";
import type { SecuredRows } from "../sql/secured.ts";
import type { Count } from "../statement.ts";

/** Asks whether there are rows, and all of them are of a version that their caller knows. */
export function matching(rows: SecuredRows, { column, known }: Versions): Count {
  if (known === "any") return { ask: countOf(rows), atLeast: 1 };
  const versions = list(known.map((version) => sql`${sql.param(version, column.column)}`));
  const others = sql`sum(case when ${column.column} in (${versions}) then 0 else 1 end)`;
  const count = sql<number>`case when ${others} = 0 then count(*) else 0 end`;
  return { ask: { kind: "select", fields: { count }, from: rows }, atLeast: 1 };
}
