import type { ColumnInfo } from "../schema/schema.ts";

/**
 * What is selected, filtered or ordered by, resolved under the rule of its place. A union of one: the compiler of types
 * names every place that must read another kind.
 */
export type Expression = ColumnExpression;

/** A column that the rule of its place lets out. */
export interface ColumnExpression {
  readonly kind: "column";
  readonly column: ColumnInfo;
}

/** A member of a row that is answered. */
export interface Selected {
  readonly name: string;
  readonly expression: Expression;
}

/** A key of an order. */
export interface Ordered {
  readonly expression: Expression;
  readonly direction: "asc" | "desc";
}

export const columnExpression = (column: ColumnInfo): Expression => ({ kind: "column", column });

export const selectedColumn = (column: ColumnInfo): Selected => ({
  name: column.name,
  expression: columnExpression(column),
});

/** The column whose type an expression's values have. */
export const typeOf = ({ column }: Expression): ColumnInfo => column;
