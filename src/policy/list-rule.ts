import type { Operators, Table } from "drizzle-orm";
import type { RelationsOf, SchemaShape, TableName } from "../infer.ts";
import type { Awaitable, RequestContext, RowFilter } from "./context.ts";
import type { ManyRelationOf, OneRelationOf, TargetAt } from "./order-rule.ts";
import type { RelationRule, ResourceId } from "./rule.ts";

/**
 * The rule of a list that passes a join table: the relation to it, and the one from it. Clients know the list by the name it
 * has in `with`, and of the join table nothing. Its functions are handed what is common to lists of this table.
 *
 * @example with: { tags: { through: ["postTags", "tag"], select: { columns: ["id", "name"] } } }
 */
export interface ListRule<
  Context,
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Way extends readonly [many: string, one: string],
  Ends extends TableName<Schema>,
  Joined extends TableName<Schema>,
> extends RelationRule<Context, Schema, T, Ends> {
  readonly through: Way;
  /** The resource by whose GET rule the caller sees its rows; then nothing else is said here but which join rows count. */
  readonly resource?: ResourceId;
  /** The rows of the join table that count. */
  readonly throughWhere?: (
    context: Context & RequestContext,
    joinTable: Handed<Schema, Joined>,
    operators: Operators,
  ) => Awaitable<RowFilter>;
}

/** Lists by names of the author's own, by every way over a join table that there is. */
export interface Lists<
  Context,
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Many extends ManyRelationOf<Schema, T>,
> {
  readonly [name: string]:
    | `\`${T}\` has no relation of this name; a list that passes a join table says \`through\``
    | AnyListRule<Context, Schema, T, Many>;
}

/** The rule of a list, by whichever way. */
export type AnyListRule<
  Context,
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Many extends ManyRelationOf<Schema, T>,
> = {
  [M in Many]: {
    [O in Onward<Schema, T, TargetAt<Schema, T, M>>]: ListRule<
      Context,
      Schema,
      TargetAt<Schema, TargetAt<Schema, T, M>, O>,
      readonly [M, O],
      EndOf<Schema, T, Many>,
      JoinedOf<Schema, T, Many>
    >;
  }[Onward<Schema, T, TargetAt<Schema, T, M>>];
}[Many];

/** The relations that lead on from a join table: not the one that leads back to the very row. */
type Onward<Schema extends SchemaShape, T extends TableName<Schema>, Joined extends TableName<Schema>> =
  true extends IsUnion<Back<Schema, T, Joined>>
    ? OneRelationOf<Schema, Joined>
    : Exclude<OneRelationOf<Schema, Joined>, Back<Schema, T, Joined>>;

type Back<Schema extends SchemaShape, T extends TableName<Schema>, Joined extends TableName<Schema>> = {
  [O in OneRelationOf<Schema, Joined>]: TargetAt<Schema, Joined, O> extends T ? O : never;
}[OneRelationOf<Schema, Joined>];

/** The tables in which some way ends. */
type EndOf<
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Many extends ManyRelationOf<Schema, T>,
> = {
  [M in Many]: {
    [O in Onward<Schema, T, TargetAt<Schema, T, M>>]: TargetAt<Schema, TargetAt<Schema, T, M>, O>;
  }[Onward<Schema, T, TargetAt<Schema, T, M>>];
}[Many];

/** The tables that some way passes. */
type JoinedOf<
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Many extends ManyRelationOf<Schema, T>,
> = {
  [M in Many]: [Onward<Schema, T, TargetAt<Schema, T, M>>] extends [never] ? never : TargetAt<Schema, T, M>;
}[Many];

/**
 * What a function is handed of the table that its rule is about: the table. Of a list's, where ways of several lists end in
 * several tables, it is all that one of those has: TypeScript types parameters before it knows which way was taken.
 */
export type Handed<Schema extends SchemaShape, T extends TableName<Schema>> =
  true extends IsUnion<T> ? Merged<Schema[T]> & Table : Schema[T];

type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? never : true) : never;

type Merged<U> = {
  readonly [K in Exclude<KeyOf<U>, keyof Table>]: U extends { readonly [P in K]: infer C } ? C : never;
};
type KeyOf<U> = U extends unknown ? keyof U & string : never;

/** The tables that a relation leads to from some tables, those of them that have it. */
export type TargetFrom<Schema extends SchemaShape, T extends TableName<Schema>, R> = T extends unknown
  ? R extends keyof RelationsOf<Schema, T>
    ? TargetAt<Schema, T, R>
    : never
  : never;

/** The relations that some tables have and this one has not. They are no names of lists, or their functions had no types. */
export type Elsewhere<
  Schema extends SchemaShape,
  T extends TableName<Schema>,
  Ends extends TableName<Schema>,
> = {
  readonly [R in Exclude<RelationName<Schema, Ends>, keyof RelationsOf<Schema, T>>]?: never;
};

type RelationName<Schema extends SchemaShape, T extends TableName<Schema>> = T extends unknown
  ? keyof RelationsOf<Schema, T>
  : never;
