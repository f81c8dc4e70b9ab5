import type { SQL } from "drizzle-orm";
import type { Row } from "../../author/author.ts";
import { masksOf, type WritePlan } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import { filteredRows } from "../sql/secured.ts";
import type { ReadStatement, Select } from "../statement.ts";
import { type Read, readWhole } from "./answer.ts";
import { lock } from "./held.ts";
import { field, KEY, keysIn } from "./keys.ts";
import type { WriteRows } from "./parts.ts";

/** Rows that are read before it is known what becomes of them. */
export interface RevisedRows {
  readonly plan: WritePlan;
  /** Locks them, so many of them that it is known whether there are more than may be. */
  readonly ask: Select;
  /** Reads columns of those that are locked, as their client sees them. */
  readonly read: (held: readonly Row[]) => ReadStatement;
  /** One of them, by its key. */
  readonly only: (held: Row) => SQL;
}

/** The rows that a change would reach, and columns of them. */
export function revisedRows(
  plan: WritePlan,
  { admitted }: WriteRows,
  read: Read,
  columns: readonly ColumnInfo[],
  most: number,
): RevisedRows {
  const { secured } = plan.answer;
  const { table } = secured;
  const selected = columns.map((column) => ({ name: column.name, expression: secured.seen(column) }));
  const answer = {
    ...plan.answer,
    selected,
    marks: masksOf(selected),
    tellsChanges: false,
    extras: new Map(),
    relations: new Map(),
    counts: new Map(),
  };
  const seen: WritePlan = { ...plan, answer, nodes: [answer] };
  const keys = Object.fromEntries(table.primaryKey.map((key) => [KEY + key.name, field(key)]));
  return {
    plan: seen,
    ask: lock(filteredRows(plan.answer, admitted), table, keys, most + 1),
    read: (held) => readWhole(read, seen, admitted, keysIn(table, held)),
    only: (held) => keysIn(table, [held]),
  };
}
