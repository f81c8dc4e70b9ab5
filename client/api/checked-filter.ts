import type { ComputedKey, Conditions, NotSpeltOut } from "../column/filter.ts";
import type { OperatorName } from "../column/operator.ts";

/** A filter in which a sentence stands wherever a condition is not one of its own. */
export type CheckedFilter<C, Name extends string, F> = F extends readonly unknown[]
  ? { [I in keyof F]: CheckedFilter<C, Name, F[I]> }
  : F extends object
    ? string extends keyof F
      ? NotSpeltOut
      : number extends keyof F
        ? F
        : {
            [K in keyof F]: undefined extends Required<F>[K]
              ? "a condition that may be undefined would let more rows through"
              : [Required<F>[K]] extends [never]
                ? F[K]
                : CheckedCondition<C, Name, K, F[K]>;
          }
    : F;

type CheckedCondition<C, Name extends string, K, V> = K extends keyof C | ComputedKey
  ? V
  : K extends "AND" | "OR" | "NOT"
    ? CheckedFilter<C, Name, V>
    : K extends `${infer Column}.${OperatorName}`
      ? Column extends keyof C
        ? K extends keyof Conditions<Pick<C, Column>>
          ? V
          : `\`${Column}\` cannot be compared like this: \`${K}\``
        : NoColumn<Name, Column>
      : K extends `${infer Column}.${infer Operator}`
        ? Column extends keyof C
          ? `there is no operator \`${Operator}\``
          : NoColumn<Name, Column>
        : NoColumn<Name, K>;

/** Why a name is none of a table's columns. */
export type NoColumn<Name extends string, K> = `\`${Name}\` lets out no column \`${K & string}\``;
