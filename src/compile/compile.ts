import type { ReadPlan, Rows } from "../plan/plan.ts";
import { type DrizzleDatabase, readRelational } from "./relational.ts";

export type { DrizzleDatabase } from "./relational.ts";
export { compileWrite, type WriteOutcome, type WriteStatement } from "./write.ts";

/** What a read found: rows (or with `first` the row or null) or their number, and the total where it was asked for. */
export interface ReadOutcome {
  readonly rows?: unknown;
  readonly count?: number;
  readonly total?: number;
}

/** A read ready to run, on the database or in a transaction of it. */
export type ReadStatement = (database: DrizzleDatabase) => Promise<ReadOutcome>;

/**
 * Picks the reader for a plan. `rows` holds what each node of it admits, by the node's index.
 * The portable reader takes every plan; a faster one may take those it can answer alike.
 */
export function compileRead(plan: ReadPlan, rows: readonly Rows[]): ReadStatement {
  return (database) => readRelational(database, plan, rows);
}
