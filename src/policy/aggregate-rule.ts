import type { ColumnFunction } from "../request/aggregate.ts";
import type { ColumnChoice } from "./rule.ts";

/** What clients may have computed about the rows of a rule: everything of the columns it lets out, or what this says. */
export type AggregateChoice<Name extends string> = true | AggregateRule<Name>;

/** Which numbers about rows clients may have. */
export interface AggregateRule<Name extends string> {
  /** The functions they may use; by default all. On columns that `select` hides, `min` and `max` only if they are named here. */
  readonly functions?: readonly ColumnFunction[];
  /** The columns of functions; by default those that `select` lets out. Columns that it hides may be named here. */
  readonly columns?: ColumnChoice<Name>;
  /** The columns to group by; by default those that `select` lets out. Columns that it hides may be named here. */
  readonly groupBy?: ColumnChoice<Name>;
  /** Groups of fewer rows are left out of every answer. It bounds single answers, not the difference between two. */
  readonly minGroupSize?: number;
}
