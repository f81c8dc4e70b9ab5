import type { Method } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Counted, Link } from "./link.ts";
import type { Search } from "./search.ts";

/** A value of a row's own, as the rule of its place lets it out. */
export type Cell = ColumnExpression | MaskedExpression;

/** What is ordered and grouped by, resolved under the rules of its places. */
export type Expression = Cell | PathExpression | CountExpression | RankExpression;

/** A column that the rule of its place lets out. */
export interface ColumnExpression {
  readonly kind: "column";
  readonly column: ColumnInfo;
}

/** A column that the rule lets out on some rows; on the others it has no value. */
export interface MaskedExpression {
  readonly kind: "masked";
  readonly column: ColumnInfo;
  readonly mask: Mask;
}

/** A value of the one row that a relation leads to; none where that row is missing or hidden. */
export interface PathExpression {
  readonly kind: "path";
  /** The column at its end. */
  readonly column: ColumnInfo;
  readonly link: Link;
  readonly value: Expression;
}

/** How many rows of a relation there are. */
export interface CountExpression {
  readonly kind: "count";
  /** What counts compare as: `COUNTED` of the database. */
  readonly column: ColumnInfo;
  readonly counted: Counted;
}

/** How well the words that are looked for fit a row. */
export interface RankExpression {
  readonly kind: "rank";
  /** What it compares as: a number of rows does so too. */
  readonly column: ColumnInfo;
  readonly search: Search;
}

/** The rows on which columns are let out: those of which one of these grants holds. What has the same grants shares one. */
export interface Mask {
  /** By their places in the rule. */
  readonly grants: readonly number[];
}

/** A change of the caller's, of which is asked what rows it would reach. Its place is behind those of the rule's grants. */
export interface Reach extends Mask {
  readonly method: Method;
}

/** What is asked of each row beside its members. */
export type Mark = Mask | Reach;

/** The member of a row that says what the caller may do with it. */
export const CAN = "$can";

/** The member of a row that names those of its columns that are masked. */
export const MASKED = "$masked";

/** The member of a row that names those of its lists of which a maximum left rows out. */
export const MORE = "$more";

/** A member of a row that is answered. */
export interface Selected {
  readonly name: string;
  readonly expression: Cell;
}

/** A key of an order. */
export interface Ordered {
  readonly expression: Expression;
  readonly direction: "asc" | "desc";
  /** Where rows without a value stand; absent where nobody said so: first ascending, last descending. */
  readonly nulls?: "first" | "last" | undefined;
}

export const columnExpression = (column: ColumnInfo): Cell => ({ kind: "column", column });

export const selectedColumn = (column: ColumnInfo): Selected => ({
  name: column.name,
  expression: columnExpression(column),
});

/** Whether an expression is a value of the row itself. */
export const isCell = (expression: Expression): expression is Cell =>
  expression.kind === "column" || expression.kind === "masked";

/** The column whose type an expression's values have. */
export const typeOf = ({ column }: Expression): ColumnInfo => column;

const NONE: readonly never[] = [];

/** The masks of expressions, each once. */
export function masksOf(holders: readonly { readonly expression: Expression }[]): readonly Mask[] {
  const masks = new Set<Mask>();
  for (const { expression } of holders) if (expression.kind === "masked") masks.add(expression.mask);
  return masks.size === 0 ? NONE : [...masks];
}
