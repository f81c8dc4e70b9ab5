import type { One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TargetOf } from "../../src/infer.ts";

/** The columns that may be named at a ground: where names of a question are looked up. */
export type ColumnsAt<G> = G extends { readonly columns: infer C } ? C : never;
/** Its relations to one row, each a ground of its own. */
export type OnesAt<G> = G extends { readonly one: infer One } ? One : never;
/** Its relations to lists, each a ground of its own. */
export type ManiesAt<G> = G extends { readonly many: infer Many } ? Many : never;

/** Whether all rules of a ground forbid something; a rule that does not say allows it, and a schema has none. */
export type Forbids<G, Use> = G extends { readonly rule: infer Rule } ? RulesForbid<Rule, Use> : false;

/** Whether every rule forbids something; one that does not say allows it. */
export type RulesForbid<Rule, Use> = [Rule] extends [
  { readonly forbidQuery: { readonly [P in Use & string]: true } },
]
  ? [Rule] extends [never]
    ? false
    : true
  : false;

/** The relations that may be used so. */
export type Usable<Relations, Use> = {
  [R in keyof Relations & string]: Forbids<Relations[R], Use> extends true ? never : R;
}[keyof Relations & string];

/**
 * The columns at a ground by the paths that lead to them, over two relations at most: a circle of relations has no end. What
 * lies beyond is reached by a filter inside a filter.
 */
export type PathColumns<G, Use> = ColumnsAt<G> & {
  readonly [P in Exclude<PathName<G, Use>, keyof ColumnsAt<G>>]: ColumnAtPath<G, P>;
};

type PathName<G, Use> = {
  [R in Usable<OnesAt<G>, Use>]: `${R}.${
    | (keyof ColumnsAt<OnesAt<G>[R]> & string)
    | NearPath<OnesAt<G>[R], Use>}`;
}[Usable<OnesAt<G>, Use>];

type NearPath<G, Use> = {
  [R in Usable<OnesAt<G>, Use>]: `${R}.${keyof ColumnsAt<OnesAt<G>[R]> & string}`;
}[Usable<OnesAt<G>, Use>];

/** The column that a path leads to. */
export type ColumnAtPath<G, P> = P extends keyof ColumnsAt<G>
  ? ColumnsAt<G>[P]
  : P extends `${infer R}.${infer Rest}`
    ? R extends keyof OnesAt<G>
      ? ColumnAtPath<OnesAt<G>[R], Rest>
      : never
    : never;

/** A table as a ground, by the schema alone. */
export interface TableGround<S extends SchemaShape, T extends keyof S> {
  readonly columns: ColumnsOf<S, T>;
  readonly one: {
    readonly [K in keyof RelationsOf<S, T> as RelationsOf<S, T>[K] extends One ? K : never]: TableGround<
      S,
      TargetOf<S, RelationsOf<S, T>[K]>
    >;
  };
  readonly many: {
    readonly [K in keyof RelationsOf<S, T> as RelationsOf<S, T>[K] extends One ? never : K]: TableGround<
      S,
      TargetOf<S, RelationsOf<S, T>[K]>
    >;
  };
}
