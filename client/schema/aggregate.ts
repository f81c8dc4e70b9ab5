import type { ColumnsOf, SchemaShape } from "../../src/infer.ts";
import type { Cut, Filtered } from "../api/answer.ts";
import type { OrderedKey } from "../column/comparable.ts";
import type { Filter, FilterAt } from "../column/filter.ts";
import type { Bucket, ColumnsFor, Figure, FigureAt, FunctionName, HoldsMoments } from "../column/function.ts";
import type { ColumnAtPath, PathColumns, TableGround } from "../column/ground.ts";
import type { Sort } from "../column/ordering.ts";
import type { Field } from "../column/value.ts";
import type { NumberFlags, Parameters } from "../options.ts";
import type { KeysWith, PartOf, Simplify } from "../part.ts";

/** The question of `Aggregate`. */
export interface AggregateOptions<
  in out S extends SchemaShape,
  in out T extends keyof S,
> extends NumberFlags {
  /** What the resource declares beside. */
  readonly params?: Parameters | undefined;
  readonly aggregate: Aggregation<S, T>;
}

/** What is computed of rows: functions of columns, of all rows or of groups. */
export interface Aggregation<in out S extends SchemaShape, in out T extends keyof S> extends AllFigures<
  ColumnsOf<S, T>
> {
  readonly groupBy?: readonly GroupKey<S, T>[] | undefined;
  readonly where?: FilterAt<S, T> | undefined;
  readonly having?: Filter<FigureColumns<ColumnsOf<S, T>>> | undefined;
  readonly orderBy?:
    | { readonly [K in keyof FigureColumns<ColumnsOf<S, T>> | GroupKey<S, T>]?: Sort | undefined }
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** The clocks by which dates fall in stretches of time: `UTC`, an offset as `+02:00`, on PostgreSQL a name. */
  readonly timeZone?: string | undefined;
}

/** The figures that are asked for, by function; `count: true` counts rows. */
export interface AllFigures<C> {
  readonly count?: boolean | ColumnFigures<C, "count"> | undefined;
  readonly countDistinct?: ColumnFigures<C, "countDistinct"> | undefined;
  readonly sum?: ColumnFigures<C, "sum"> | undefined;
  readonly avg?: ColumnFigures<C, "avg"> | undefined;
  readonly min?: ColumnFigures<C, "min"> | undefined;
  readonly max?: ColumnFigures<C, "max"> | undefined;
}

/** The columns of which a figure is asked for. */
export type ColumnFigures<C, F extends FunctionName> = {
  readonly [K in ColumnsFor<C, F>]?: boolean | undefined;
};

/** What groups are filtered and ordered by: the number of their rows, and `<function>.<column>`. */
export type FigureColumns<C> = {
  readonly [N in "count" | { [F in FunctionName]: `${F}.${ColumnsFor<C, F>}` }[FunctionName]]: FigureAt<C, N>;
};

/** What rows may be grouped by: columns, dates by stretches of time, and those at paths over two relations at most. */
export type GroupKey<S extends SchemaShape, T extends keyof S> = PathKey<
  PathColumns<TableGround<S, T>, "orderBy">
>;

type PathKey<C> = {
  [K in keyof C & string]: OrderedKey<C[K], K> | (HoldsMoments<C[K]> extends true ? `${K}.${Bucket}` : never);
}[keyof C & string];

/**
 * The answer with figures under the resource's name `R`: of all rows, or a list of groups. Rules may mask what they are of, or
 * tell nothing of a few rows, so that each may be null. Without the question's type nothing is known of it.
 */
export type NumberAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> =
  AggregateOptions<S, T> extends O
    ? { [K in R]: unknown }
    : O extends { readonly aggregate: infer Q }
      ? PartOf<Q, "groupBy"> extends readonly (infer P)[]
        ? Simplify<{ [K in R]: GroupOf<S, T, Q, P>[] } & { count: number } & Filtered<O> & Cut<Q>>
        : { [K in R]: Computed<ColumnsOf<S, T>, Q, null> }
      : never;

type GroupOf<S extends SchemaShape, T extends keyof S, Q, P> = Simplify<
  { group: { [K in P & string]: SharedAt<S, T, K> } } & Computed<ColumnsOf<S, T>, Q, never>
>;

/** What the rows of a group share; null behind a path over a row that is missing, or a mask. */
type SharedAt<S extends SchemaShape, T extends keyof S, P> = [ColumnAtPath<TableGround<S, T>, P>] extends [
  never,
]
  ? string | null
  : Field<ColumnAtPath<TableGround<S, T>, P>> | null;

/** Figures; `Few` is null where there may be too few rows for a number of them to be told. */
type Computed<C, Q, Few> = Simplify<{
  [F in keyof Q & FunctionName as Q[F] extends true | object ? F : never]: Q[F] extends true
    ? number | Few
    : {
        [K in KeysWith<Q[F], true> & keyof C]: F extends "count" | "countDistinct"
          ? number | Few
          : Figure<C[K], F> | null;
      };
}>;
