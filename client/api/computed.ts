import type { AnyApi, ColumnsOf } from "../../src/infer.ts";
import type { Figure, FunctionName, IsExact } from "../column/function.ts";
import type { NullOf } from "../column/value.ts";
import type { PartOf, Simplify } from "../part.ts";
import type { Cut, Filtered, Formats, SureKey } from "./answer.ts";
import type { Masked } from "./columns.ts";
import type { NumberRules } from "./figure.ts";
import type { GroupValue } from "./group.ts";
import type { Anything, EntryOf, TableOf, Unknown } from "./resource.ts";

/** The answer of `aggregate`: figures of all rows, or those of each group and what its rows share. */
export type AggregateAnswer<A extends AnyApi, R extends string, Q> =
  Unknown<A> extends true
    ? Anything
    : R extends keyof A["answers"]
      ? A["answers"][R]
      : Formats<EntryOf<A, R> | NumberRules<A, R, Q>> extends true
        ? unknown
        : [PartOf<Q, "groupBy">] extends [readonly unknown[]]
          ? Simplify<
              { [K in R]: GroupOf<A, TableOf<A, R>, NumberRules<A, R, Q>, Q>[] } & {
                count: number;
              } & Filtered<Q> &
                Cut<Q>
            >
          : {
              [K in R]: Computed<
                ColumnsOf<A["schema"], TableOf<A, R>>,
                NumberRules<A, R, Q>,
                Q,
                All<NumberRules<A, R, Q>>
              >;
            };

/** A group: what its rows share, by the paths as they were written, and figures of them. */
type GroupOf<A extends AnyApi, T extends keyof A["schema"], Rule, Q> = Simplify<
  {
    group: {
      [P in Extract<PartOf<Q, "groupBy">, readonly unknown[]>[number] & string]: GroupValue<A, T, Rule, P>;
    };
  } & Computed<ColumnsOf<A["schema"], T>, Rule, Q, "group">
>;

/** Figures of a group, of all rows, or of so many that there may be too few of them to be told. */
type Of = "group" | "all" | "few";
type All<Rule> = true extends (
  Rule extends { readonly aggregate: { readonly minGroupSize: number } } ? true : never
)
  ? "few"
  : "all";

type Computed<C, Rule, Q, Rows extends Of> = Simplify<
  {
    [F in keyof Q & FunctionName as Q[F] extends true | object ? F : never]: ByFunction<
      C,
      Rule,
      F,
      Q[F],
      Rows
    >;
  } & {
    [F in keyof Q & FunctionName as Q[F] extends true | object | false | undefined ? never : F]?: ByFunction<
      C,
      Rule,
      F,
      Exclude<Q[F], false | undefined>,
      Rows
    >;
  }
>;

type ByFunction<C, Rule, F extends FunctionName, P, Rows extends Of> = P extends object
  ? Simplify<
      { [K in SureKey<P> & keyof C]: FigureIn<C, Rule, F, K, Rows> } & {
        [
          K in Exclude<keyof P, SureKey<P>> & keyof C as P[K & keyof P] extends false | undefined ? never : K
        ]?: FigureIn<C, Rule, F, K, Rows>;
      }
    >
  : number | (Rows extends "few" ? null : never);

/** A figure; null where nothing comes to it, where it is too large, and where too few rows would tell it. */
type FigureIn<C, Rule, F extends FunctionName, K extends keyof C, Rows extends Of> =
  | Figure<C[K], F>
  | (Rows extends "few"
      ? null
      : F extends "count" | "countDistinct"
        ? never
        : Rows extends "all"
          ? null
          : K extends Masked<C, Rule>
            ? null
            : F extends "sum" | "avg"
              ? IsExact<C[K]> extends true
                ? NullOf<C[K]>
                : null
              : NullOf<C[K]>);
