import type { One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../infer.ts";

/** Up or down. */
export type RuleDirection = "asc" | "desc" | 1 | -1;

/** How rows stand by one key: up or down, and where those without a value stand; by default first ascending, last descending. */
export type RuleSort =
  | RuleDirection
  | { readonly sort: RuleDirection; readonly nulls?: "first" | "last" | undefined };

/** The relations of a table that lead to one row. */
export type OneRelationOf<Schema extends SchemaShape, T extends TableName<Schema>> = {
  [R in keyof RelationsOf<Schema, T>]: RelationsOf<Schema, T>[R] extends One ? R : never;
}[keyof RelationsOf<Schema, T>] &
  string;

/** The relations of a table that lead to a list. */
export type ManyRelationOf<Schema extends SchemaShape, T extends TableName<Schema>> = Exclude<
  keyof RelationsOf<Schema, T> & string,
  OneRelationOf<Schema, T>
>;

/** The table that a relation leads to, by the relation's name. */
export type TargetAt<
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  R extends keyof RelationsOf<Schema, T>,
> = TargetOf<Schema, RelationsOf<Schema, T>[R]>;

/** What rows may be ordered by, by what its name is: a column of theirs or of the one row a relation leads to, or how many rows a relation has. */
export type SortKey<Schema extends SchemaShape, T extends TableName<Schema>> =
  | ColumnName<Schema, T>
  | `${ManyRelationOf<Schema, T>}.count`
  | PathOver<Schema, T>;

type ColumnName<Schema extends SchemaShape, T extends TableName<Schema>> = keyof ColumnsOf<Schema, T> &
  string;

// Paths over two relations are looked up; longer ones are text, or there would be no end of them in a schema with circles.
type PathOver<Schema extends SchemaShape, T extends TableName<Schema>> = {
  [R in OneRelationOf<Schema, T>]: `${R}.${
    | ColumnName<Schema, TargetAt<Schema, T, R>>
    | LongPath<Schema, TargetAt<Schema, T, R>>}`;
}[OneRelationOf<Schema, T>];

type LongPath<Schema extends SchemaShape, T extends TableName<Schema>> = {
  [
    R in OneRelationOf<Schema, T>
  ]: `${R}.${ColumnName<Schema, TargetAt<Schema, T, R>> | `${string}.${string}`}`;
}[OneRelationOf<Schema, T>];

/** The order of a rule's rows, by its keys as they are written. */
export type RuleOrder<Schema extends SchemaShape, T extends TableName<Schema>> = {
  readonly [K in SortKey<Schema, T>]?: RuleSort;
};
