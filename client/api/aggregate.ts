import type { AnyApi, ColumnsOf } from "../../src/infer.ts";
import type { Filter, FilterOn, OpenFilter } from "../column/filter.ts";
import type { FunctionName } from "../column/function.ts";
import type { Sort } from "../column/ordering.ts";
import type { NumberFlags } from "../options.ts";
import type { Simplify } from "../part.ts";
import type { Open, Unasked, Written } from "./draft.ts";
import type { FigureGround, FigureName, FigureOf, FunctionsOf, NumberRules } from "./figure.ts";
import type { GroupPath } from "./group.ts";
import type { RuleGround } from "./ground.ts";
import type { ParamsDraft, ParamsPart } from "./parameters.ts";
import type { AnyScope } from "./question.ts";
import type { Anything, TableOf, Unknown } from "./resource.ts";

/** A question for numbers about rows: functions of columns, of all rows or of groups. */
export type AggregateQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        NumberFlags &
          ParamsPart<A, R, "GET", NumberRules<A, R, AnyScope>> &
          Figures<ColumnsOf<A["schema"], TableOf<A, R>>, NumberRules<A, R, AnyScope>> &
          GroupParts<A, TableOf<A, R>, NumberRules<A, R, AnyScope>>
      >;

/** The figures that are asked for, by function; `count: true` counts rows. */
export type Figures<C, Rule> = {
  readonly [F in FunctionsOf<Rule>]?:
    | { readonly [K in FigureOf<C, Rule, F>]?: boolean | undefined }
    | (F extends "count" ? boolean : never)
    | undefined;
};

/** Of which rows, by which groups, and which of these. */
export interface GroupParts<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly groupBy?: readonly GroupPath<A, T, Rule>[] | undefined;
  readonly where?: FilterOn<RuleGround<A, T, Rule>> | undefined;
  readonly having?: Filter<FigureGround<A, T, Rule>["columns"]> | undefined;
  readonly orderBy?:
    | {
        readonly [K in FigureName<ColumnsOf<A["schema"], T>, Rule> | GroupPath<A, T, Rule>]?:
          | Sort
          | undefined;
      }
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** The clocks by which dates fall in stretches of time: `UTC`, an offset as `+02:00`, on PostgreSQL a name. */
  readonly timeZone?: string | undefined;
}

/** The same, as it is written. */
export type AggregateDraft<A extends AnyApi, R extends string> = NumberFlags &
  Open &
  Unasked &
  ParamsDraft<A, R, "GET", NumberRules<A, R, AnyScope>> &
  FigureDraft<ColumnsOf<A["schema"], TableOf<A, R>>, NumberRules<A, R, AnyScope>> &
  GroupDraft<A, TableOf<A, R>, NumberRules<A, R, AnyScope>>;

type FigureDraft<C, Rule> = {
  readonly [F in FunctionName]?:
    | ({ readonly [K in FigureOf<C, Rule, F>]?: boolean | undefined } & Open<boolean | undefined>)
    | (F extends "count" ? boolean : never)
    | undefined;
};

/** Groups, as they are written. */
export interface GroupDraft<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly groupBy?: readonly (GroupPath<A, T, Rule> | Lowercase<string> | (string & {}))[] | undefined;
  readonly where?: OpenFilter<RuleGround<A, T, Rule>, Open<Written<T>>> | undefined;
  readonly having?: OpenFilter<FigureGround<A, T, Rule>, Open<Written<T>>> | undefined;
  readonly orderBy?:
    | ({ readonly [K in FigureName<ColumnsOf<A["schema"], T>, Rule>]?: Sort | undefined } & Open<
        Sort | undefined
      >)
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly timeZone?: string | undefined;
}
