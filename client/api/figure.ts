import type { AnyApi, ColumnsOf } from "../../src/infer.ts";
import type { ColumnsFor, FigureAt, FunctionName } from "../column/function.ts";
import type { Chosen, Visible } from "./columns.ts";
import type { Role, RulesOf } from "./resource.ts";
import type { Applicable } from "./rules.ts";

/** The rules by which numbers about rows may be asked for. */
export type NumberRules<A extends AnyApi, R extends string, Q> = Extract<
  RulesOf<A, R, "GET">[Applicable<Role<A, R, "GET">, Q>],
  { readonly aggregate: true | object }
>;

/** The functions that some of the rules let be used. */
export type FunctionsOf<Rule> = Rule extends {
  readonly aggregate: { readonly functions: readonly (infer F)[] };
}
  ? F & FunctionName
  : Rule extends unknown
    ? FunctionName
    : never;

/** The columns that some of the rules let be grouped by. */
export type GroupColumn<C, Rule> = Granted<C, Rule, "groupBy">;

/** The columns that some of the rules let a function be used on. A rule that names functions means hidden columns too. */
export type FigureOf<C, Rule, F extends FunctionName> = ColumnsFor<C, F> &
  (Rule extends unknown
    ? F extends FunctionsOf<Rule>
      ? F extends "min" | "max"
        ? Granted<C, Rule, "columns"> &
            (Rule extends { readonly aggregate: { readonly functions: readonly unknown[] } }
              ? unknown
              : Visible<C, Rule>)
        : Granted<C, Rule, "columns">
      : never
    : never);

type Granted<C, Rule, Part extends "columns" | "groupBy"> = Rule extends {
  readonly aggregate: { readonly [P in Part]: infer Choice };
}
  ? Chosen<C, Choice>
  : Visible<C, Rule>;

/** What groups are filtered and ordered by: the number of their rows, and `<function>.<column>`. */
export type FigureName<C, Rule> =
  | ("count" & FunctionsOf<Rule>)
  | { [F in FunctionName]: `${F}.${FigureOf<C, Rule, F>}` }[FunctionName];

/** Groups, as a ground: where filters of them look names up. */
export interface FigureGround<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly columns: {
    readonly [N in FigureName<ColumnsOf<A["schema"], T>, Rule>]: FigureAt<ColumnsOf<A["schema"], T>, N>;
  };
  readonly one: object;
  readonly many: object;
}
