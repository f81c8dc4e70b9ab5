import type { SQL } from "drizzle-orm";
import type { Admitted, Row } from "../../author/author.ts";
import { columnExpression, type ReadPlan, selectedColumn, type WritePlan } from "../../plan/plan.ts";
import type { ReadStatement } from "../statement.ts";
import { chunks, exactKey, keysIn, MAX_READ } from "./keys.ts";

/** How rows are read that were written, or are to be removed: as rows, not as their text. */
export type Read = (plan: ReadPlan, admitted: Admitted) => ReadStatement;

/** Reads rows whole, with their keys, whatever the rule's own filter says of them: they are the ones that are written. */
export function readWhole(read: Read, plan: WritePlan, admitted: Admitted, which: SQL): ReadStatement {
  const { answer, nodes, mentions, policy } = plan;
  const { table } = answer.secured;
  const named = new Set(answer.selected.map(({ name }) => name));
  const keys = table.primaryKey.filter(({ name }) => !named.has(name));
  const root = {
    ...answer,
    selected: [...answer.selected, ...keys.map(selectedColumn)],
    extras: new Map([...answer.extras, ...exactKey(table)]),
    where: undefined,
    orderBy: table.primaryKey.map(
      (column) => ({ expression: columnExpression(column), direction: "asc" }) as const,
    ),
    limit: Number.POSITIVE_INFINITY,
    offset: 0,
  };
  const whole: ReadPlan = {
    kind: "read",
    policy,
    root,
    nodes: [root, ...nodes.slice(1)],
    mentions,
    first: false,
    total: false,
    filtered: false,
    countOnly: false,
    recurring: false,
    asksExtras: false,
    searches: plan.searches,
    blanks: [],
    changes: [],
  };
  return read(whole, admitted.with(root, which));
}

/** Reads rows that were written, by their keys. */
export const readWritten = (
  read: Read,
  plan: WritePlan,
  admitted: Admitted,
  written: readonly Row[],
): readonly ReadStatement[] => {
  const { table } = plan.answer.secured;
  return chunks(written, table, MAX_READ).map((keys) => readWhole(read, plan, admitted, keysIn(table, keys)));
};
