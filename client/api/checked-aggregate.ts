import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { Bucket, FunctionName, HoldsMoments } from "../column/function.ts";
import type { RulesForbid } from "../column/ground.ts";
import type { Scope } from "../options.ts";
import type { PartOf } from "../part.ts";
import type { GroupParts } from "./aggregate.ts";
import type { WithoutWhere } from "./callable.ts";
import type { CheckedParams } from "./checked.ts";
import type { CheckedFilter, Forbidden, NoColumn } from "./checked-filter.ts";
import type { Visible } from "./columns.ts";
import type { Omitted } from "./draft.ts";
import type { FigureGround, FigureName, FigureOf, FunctionsOf, GroupColumn, NumberRules } from "./figure.ts";
import type { RuleGround } from "./ground.ts";
import type { Declares, ParamsOf, WantsParams } from "./parameters.ts";
import type { WantsWhere } from "./question.ts";
import type { ManyName, OneName, RelationAt, RelationRules } from "./relations.ts";
import type { Offering, Resource, TableOf, Unknown } from "./resource.ts";
import type { HasScope } from "./rules.ts";

/** A resource's name, or in its place the sentence that says why no numbers are asked of it. */
export type Computing<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? R
    : [R] extends [Computable<A>]
      ? R
      : Resource<A> extends R
        ? Computable<A>
        : R extends Resource<A>
          ? `no rule lets numbers of \`${R}\` be asked for`
          : `there is no resource \`${R}\``;

type Computable<A extends AnyApi> = {
  [R in Offering<A, "GET">]: [NumberRules<A, R, { readonly mine: boolean }>] extends [never] ? never : R;
}[Offering<A, "GET">];

/** A question for numbers in which a sentence stands wherever a name is not one of its own. */
export type CheckedAggregate<A extends AnyApi, R extends string, Q> = true extends Unknown<A> | Omitted<Q>
  ? Q
  : {
      [K in keyof Q]: K extends FunctionName
        ? CheckedFigures<ColumnsOf<A["schema"], TableOf<A, R>>, NumberRules<A, R, Q>, R, K, Q[K]>
        : K extends keyof GroupParts<A, TableOf<A, R>, unknown>
          ? CheckedPart<A, TableOf<A, R>, NumberRules<A, R, Q>, R, K, Q>
          : K extends Scope
            ? HasScope<A, R, "GET", K> extends true
              ? Q[K]
              : Q[K] extends true
                ? `\`${R}\` has no rule for \`${K}\``
                : Q[K]
            : K extends "countFiltered"
              ? OfGroups<Q, K, Q[K]>
              : K extends "params"
                ? CheckedParams<A, R, NumberRules<A, R, Q>, Q[K]>
                : string extends K
                  ? Q[K]
                  : `there is no \`${K & string}\` in an aggregate of \`${R}\``;
    } & Asking<Q> &
      Missing<A, R, NumberRules<A, R, Q>, Q>;

/** What is forgotten altogether: what is asked for, a filter, parameters. */
type Asking<Q> = [keyof Q & (FunctionName | "groupBy")] extends [never]
  ? { readonly count: "ask for a function, or for groups" }
  : unknown;

type Missing<A extends AnyApi, R extends string, Rule, Q> = (WantsWhere<Rule> extends true
  ? "where" extends keyof Q
    ? unknown
    : { readonly where: WithoutWhere<R> }
  : unknown) &
  (Declares<A> extends true
    ? "params" extends keyof Q
      ? unknown
      : WantsParams<A, R, Rule> extends true
        ? { readonly params: ParamsOf<A, R, Rule> }
        : unknown
    : unknown);

/** What says something of groups, where there are some. */
type OfGroups<Q, K, V> = "groupBy" extends keyof Q
  ? V
  : `\`${K & string}\` is of groups: name them with \`groupBy\``;

type CheckedFigures<C, Rule, Name extends string, F extends FunctionName, P> =
  F extends FunctionsOf<Rule>
    ? P extends object
      ? {
          [K in keyof P]: K extends FigureOf<C, Rule, F>
            ? P[K]
            : string extends K
              ? P[K]
              : K extends FigureOf<C, Rule, "count">
                ? `\`${F}\` takes no \`${K & string}\``
                : NoColumn<Name, K>;
        }
      : P
    : `\`${F}\` is not allowed in \`${Name}\``;

type CheckedPart<A extends AnyApi, T extends keyof A["schema"], Rule, Name extends string, K, Q> =
  RulesForbid<Rule, K> extends true
    ? Forbidden<K, Name>
    : K extends "groupBy"
      ? CheckedPaths<A, T, Rule, Name, PartOf<Q, "groupBy">>
      : K extends "where"
        ? CheckedFilter<RuleGround<A, T, Rule>, Name, PartOf<Q, "where">>
        : OfGroups<
            Q,
            K,
            K extends "having"
              ? CheckedFilter<FigureGround<A, T, Rule>, Name, PartOf<Q, "having">>
              : K extends "orderBy"
                ? CheckedOrder<
                    | FigureName<ColumnsOf<A["schema"], T>, Rule>
                    | Extract<PartOf<Q, "groupBy">, readonly unknown[]>[number],
                    PartOf<Q, "orderBy">
                  >
                : PartOf<Q, K & string>
          >;

type CheckedOrder<Known, P> = P extends object
  ? {
      [K in keyof P]: K extends Known
        ? P[K]
        : string extends K
          ? P[K]
          : `groups are ordered by figures, and by what they share: \`${K & string}\` is neither`;
    }
  : P;

type CheckedPaths<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  P,
> = P extends readonly unknown[] ? { [I in keyof P]: CheckedGroup<A, T, Rule, Name, P[I]> } : P;

// Each member of a list by itself: TypeScript may know no more than what stands in it somewhere.
type CheckedGroup<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  P,
> = P extends unknown
  ? CheckedPath<A, T, Rule, Name, P, P, GroupColumn<ColumnsOf<A["schema"], T>, Rule>>
  : never;

/** A path, if each step of it is one; `Own` are the columns that stand at its beginning. */
type CheckedPath<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  Whole,
  P,
  Own,
> = string extends P
  ? Whole
  : P extends Own
    ? Whole
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends Own
        ? Rest extends Bucket
          ? HoldsMoments<ColumnsOf<A["schema"], T>[Head & keyof ColumnsOf<A["schema"], T>]> extends true
            ? Whole
            : `\`${Head}\` holds no dates`
          : `there is no stretch of time \`${Rest}\``
        : Head extends OneName<A, T, Rule>
          ? RulesForbid<RelationRules<A, Rule, Head>, "orderBy"> extends true
            ? Forbidden<"orderBy", Head>
            : CheckedStep<
                A,
                TargetOf<A["schema"], RelationAt<A["schema"], T, Head, Rule>>,
                RelationRules<A, Rule, Head>,
                Head,
                Whole,
                Rest
              >
          : Head extends ManyName<A, T, Rule>
            ? `\`${Head}\` is a list, which has no one value`
            : NoColumn<Name, P>
      : NoColumn<Name, P>;

type CheckedStep<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  Whole,
  P,
> = CheckedPath<A, T, Rule, Name, Whole, P, Visible<ColumnsOf<A["schema"], T>, Rule>>;
