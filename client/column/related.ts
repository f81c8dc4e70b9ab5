import type { FilterOn, OpenFilter } from "./filter.ts";
import type { ColumnsAt, ManiesAt, OnesAt, Usable } from "./ground.ts";

/** What a number of rows is compared with, by the operator. */
export interface CountOperands {
  readonly eq: number;
  readonly ne: number;
  readonly gt: number;
  readonly gte: number;
  readonly lt: number;
  readonly lte: number;
  readonly in: readonly number[];
  readonly between: readonly [number, number];
}

/** Conditions on the rows that relations of a ground lead to. A column of a relation's name wins over it. */
export type Related<G> = OfMany<ManiesAt<G>, keyof ColumnsAt<G>> & OfOne<OnesAt<G>, keyof ColumnsAt<G>>;

type OfMany<M, Column> = Numbered<Pick<M, Usable<M, "where"> & Usable<M, "count">>> & {
  readonly [K in Usable<M, "where"> as Exclude<K, Column> | `${K}.some` | `${K}.none`]?:
    | true
    | FilterOn<M[K]>;
} & { readonly [K in Usable<M, "where"> as `${K}.every`]?: FilterOn<M[K]> } & {
  readonly [K in Usable<M, "where"> & Usable<M, "count"> as `${K}.count`]?: number | CountOf<M[K]>;
};

type OfOne<O, Column> = {
  readonly [K in Usable<O, "where"> as Exclude<K, Column> | `${K}.is` | `${K}.isNot`]?: null | FilterOn<O[K]>;
};

/** The same, as it is written. */
export type OpenRelated<G, Beside> = OpenMany<ManiesAt<G>, keyof ColumnsAt<G>, Beside> &
  OpenOne<OnesAt<G>, keyof ColumnsAt<G>, Beside>;

// Numbers by operators are not offered here, as there are many of them; they are checked where they stand.
type OpenMany<M, Column, Beside> = {
  readonly [K in keyof M & string as Exclude<K, Column> | `${K}.some` | `${K}.none` | `${K}.every`]?:
    | true
    | OpenFilter<M[K], Beside>;
} & {
  readonly [K in keyof M & string as `${K}.count`]?: number | OpenCount<M[K], Beside>;
};

/** Comparisons of a number of rows, as they are written, and which of them are counted. */
export interface OpenCount<G, Beside> extends Partial<CountOperands> {
  readonly where?: OpenFilter<G, Beside>;
}

type OpenOne<O, Column, Beside> = {
  readonly [K in keyof O & string as Exclude<K, Column> | `${K}.is` | `${K}.isNot`]?: null | OpenFilter<
    O[K],
    Beside
  >;
};

/** How many rows of lists there are, by operators. */
type Numbered<M> = {
  readonly [K in keyof M & string as `${K}.count.${Exclude<keyof CountOperands, "in" | "between">}`]?: number;
} & { readonly [K in keyof M & string as `${K}.count.in`]?: readonly number[] } & {
  readonly [K in keyof M & string as `${K}.count.between`]?: readonly [number, number];
};

/** One comparison of a number of rows, and which of them are counted. */
type CountOf<G> = {
  [Operator in keyof CountOperands]: { readonly where?: FilterOn<G> } & {
    readonly [K in Operator]: CountOperands[K];
  } & { readonly [K in Exclude<keyof CountOperands, Operator>]?: never };
}[keyof CountOperands];
