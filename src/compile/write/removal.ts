import { sql } from "drizzle-orm";
import type { Admission } from "../../author/author.ts";
import type { WritePlan } from "../../plan/plan.ts";
import { among, type SecuredRows } from "../sql/secured.ts";
import type { Delete, Update } from "../statement.ts";
import { readWhole } from "./answer.ts";
import { chunks, isSimple, keysIn, keysOf } from "./keys.ts";
import { fieldsOf, paired, reached, type Write } from "./parts.ts";
import { asTheyWere, deletion, forgets } from "./soft.ts";
import type { Step, Writing } from "./steps.ts";

/** Whether rows are read before they are removed, because a statement that removes them says too little of them. */
export const readsBefore = (plan: WritePlan, admission: Admission, triggered: boolean): boolean =>
  !isSimple(plan.answer, admission) || (plan.softDelete !== undefined && forgets(plan, triggered));

/** Removes rows; where RETURNING says too little they are read before, and no other is removed that came meanwhile. */
export function removal(write: Write): readonly Step[] {
  const { plan, admitted, read } = write;
  const { table } = plan.answer.secured;
  const removing = (rows: readonly SecuredRows[]): Writing => ({
    kind: "rows",
    asks: rows.map((from) => removed(write, from)),
    again: undefined,
  });
  const step = { kind: "write", refusal: "check-failed" } as const;
  if (!write.reads)
    return [{ ...step, writing: (known) => removing([reached(write, known)]) }, ...paired(write)];
  return [
    {
      kind: "before",
      read: (known) => readWhole(read, plan, admitted, reached(write, known).where ?? sql`1 = 1`),
    },
    {
      ...step,
      writing: (known) =>
        removing(
          table.primaryKey.length === 0
            ? [reached(write, known)]
            : chunks(keysOf(known.before!, table), table).map((keys) =>
                among(reached(write, known), keysIn(table, keys)),
              ),
        ),
    },
    ...paired(write),
  ];
}

/** Rows that exist no longer: removed, or with the date of their deletion. */
function removed(write: Write, rows: SecuredRows): Update | Delete {
  const { plan } = write;
  const { softDelete } = plan;
  const fields = fieldsOf(write, "all");
  if (softDelete === undefined) return { kind: "delete", rows, fields };
  return deletion(plan, softDelete, rows, asTheyWere(plan, fields));
}
