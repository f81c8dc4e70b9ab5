import type { Column, SQL } from "drizzle-orm";
import type { ColumnInfo } from "../schema/schema.ts";

/** What may stand on the right of an operator. */
export type OperandKind = "scalar" | "list" | "elements" | "pair" | "flag" | "pattern" | "literal" | "json";

/** What the operands of a whole request count against. */
export interface OperandBudget {
  /** A list of so many items. */
  addList(length: number, path: string): void;
  /** A text looked for inside others. */
  addText(text: string, path: string): void;
  /** A pattern with wildcards. */
  addPattern(pattern: string, path: string): void;
}

/** A kind of what stands on the right of operators. */
export interface Operand {
  /**
   * Reads what a client wrote at a path, for a column.
   *
   * @throws QueryError `invalid-value` or `too-complex`.
   */
  read(value: unknown, column: ColumnInfo, path: string, budget: OperandBudget): unknown;
  /** What a column that it cannot be compared with is, or lacks. */
  mismatch(column: ColumnInfo): string;
}

/** What is compared: a column, or SQL whose values are of a column's type. */
export interface Compared extends Omit<ColumnInfo, "column"> {
  readonly column: Column | SQL;
}

/**
 * A comparison a client may ask for. INVARIANT: it is total. For no stored value may it make the database raise an
 * error, because the database may try it on rows that the rule's filter drops, and an error is an answer about them.
 */
export interface Operator {
  readonly operand: OperandKind;
  /** The columns it compares; every column where absent. */
  readonly applies?: (column: ColumnInfo) => boolean;
  /** What stands between a column and its value, encoded and cast as the column says, where that is all the operator is. */
  readonly sign?: string;
  /** Whether at most one value satisfies it. */
  readonly fixes?: boolean;
  /** Whether an index finds what satisfies it otherwise: by each item of its list, or in one stretch. */
  readonly finds?: "each" | "range";
  /** What trying it on a row costs, where reading the row costs 1; little where absent. */
  readonly weight?: (value: unknown) => number;
  /** Whether `N` may stand on its right. */
  readonly nullable?: boolean;
  /** What it says where there is no value to compare with its own: unknown where absent, or where it answers nothing. */
  readonly ofNothing?: (value: unknown) => boolean | undefined;
  build(column: Compared, value: unknown): SQL;
}
