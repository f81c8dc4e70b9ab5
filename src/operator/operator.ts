import type { SQL } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";
import { ARRAY } from "./array.ts";
import { COMPARISON } from "./comparison.ts";
import { LIST } from "./list.ts";
import { PRESENCE } from "./presence.ts";
import { RANGE } from "./range.ts";
import { TEXT } from "./text.ts";

/**
 * A comparison a client may ask for. INVARIANT: it is total. For no stored value may it make the database raise an
 * error, because the database may try it on rows that the rule's filter drops, and an error is an answer about them.
 */
export interface Operator {
  /**
   * What stands on its right: one value, a list of them, a list of an array's elements, a pair, a yes or no, a pattern with
   * wildcards, a text taken literally.
   */
  readonly operand: "scalar" | "list" | "elements" | "pair" | "flag" | "pattern" | "literal";
  /** The columns it compares; every column where absent. */
  readonly applies?: (column: ColumnInfo) => boolean;
  /** What stands between a column and its value, encoded and cast as the column says, where that is all the operator is. */
  readonly sign?: string;
  /** Whether at most one value satisfies it. */
  readonly fixes?: boolean;
  /** Whether `N` may stand on its right. */
  readonly nullable?: boolean;
  build(column: ColumnInfo, value: unknown): SQL;
}

/** Every operator a client can reach, by the name it writes. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...COMPARISON,
  ...TEXT,
  ...LIST,
  ...RANGE,
  ...PRESENCE,
  ...ARRAY,
]);

/** The operators that apply to a column. */
export function operatorsFor(column: ColumnInfo): readonly string[] {
  return [...OPERATORS].filter(([, operator]) => operator.applies?.(column) ?? true).map(([name]) => name);
}
