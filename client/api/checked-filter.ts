import type { ComputedKey, NotSpeltOut, Operand } from "../column/filter.ts";
import type { ColumnsAt, Forbids, ManiesAt, OnesAt } from "../column/ground.ts";
import type { OperatorName } from "../column/operator.ts";
import type { Value } from "../column/value.ts";
import type { CountOperands } from "../column/related.ts";

/**
 * What a draft has checked of a filter: the values of columns; nothing, behind a path and under another name of a relation;
 * or all that is inside, where the filter's type was spelt out elsewhere.
 */
export type Drafted = "known" | "unknown" | "typed";

/** A filter in which a sentence stands wherever a condition is not one of its own. */
export type CheckedFilter<
  G,
  Name extends string,
  F,
  Known extends Drafted = "known",
> = F extends readonly unknown[]
  ? { [I in keyof F]: CheckedFilter<G, Name, F[I], Known> }
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
                : CheckedCondition<G, Name, K, F[K], ComputedKey extends keyof F ? "typed" : Known>;
          }
    : F;

type CheckedCondition<G, Name extends string, K, V, Known extends Drafted> = K extends
  | keyof ColumnsAt<G>
  | ComputedKey
  ? Known extends "unknown"
    ? Value<ColumnsAt<G>[K & keyof ColumnsAt<G>]> | null
    : V
  : K extends "AND" | "OR" | "NOT"
    ? Known extends "typed"
      ? V
      : CheckedFilter<G, Name, V, Known>
    : CheckedName<G, Name, K, V, Known>;

/** A condition whose name begins with a column, or else with a relation. */
type CheckedName<
  G,
  Name extends string,
  K,
  V,
  Known extends Drafted,
> = K extends `${infer Head}.${infer Rest}`
  ? Head extends keyof ColumnsAt<G>
    ? Rest extends OperatorName
      ? CheckedOperand<ColumnsAt<G>[Head], Head, Rest, V, Known>
      : CheckedDotted<G, Name, K, `there is no operator \`${Rest}\``, V, Known>
    : Head extends keyof OnesAt<G> | keyof ManiesAt<G>
      ? CheckedRelated<G, Head, Rest, V, Known>
      : CheckedDotted<
          G,
          Name,
          K,
          Rest extends Word ? `\`${Name}\` lets out no relation \`${Head}\`` : undefined,
          V,
          Known
        >
  : K extends keyof OnesAt<G> | keyof ManiesAt<G>
    ? CheckedRelated<G, K, "", V, Known>
    : NoColumn<Name, K>;

/** A condition on a column in whose name there is a dot, or a sentence. */
type CheckedDotted<
  G,
  Name extends string,
  K,
  Sentence,
  V,
  Known extends Drafted,
> = K extends `${infer Column}.${OperatorName}`
  ? Column extends keyof ColumnsAt<G>
    ? K extends `${Column}.${infer Operator extends OperatorName}`
      ? CheckedOperand<ColumnsAt<G>[Column], Column, Operator, V, Known>
      : never
    : Sentence extends string
      ? Sentence
      : NoColumn<Name, Column>
  : K extends `${infer Column}.${string}`
    ? Sentence extends string
      ? Sentence
      : NoColumn<Name, Column>
    : never;

/** What an operator stands for a column. */
type CheckedOperand<C, Column extends string, Operator extends OperatorName, V, Known extends Drafted> = [
  Operand<C, Operator>,
] extends [never]
  ? `\`${Column}\` cannot be compared like this: \`${Column}.${Operator}\``
  : Known extends "unknown"
    ? Operand<C, Operator>
    : V;

/** A word that only stands behind a relation. */
type Word = "some" | "none" | "every" | "is" | "isNot" | "count" | `count.${string}`;

type CheckedRelated<
  G,
  R extends string | number | symbol,
  Rest,
  V,
  Known extends Drafted,
> = R extends keyof OnesAt<G>
  ? Forbids<OnesAt<G>[R], "where"> extends true
    ? Forbidden<"where", R>
    : CheckedOne<OnesAt<G>[R], R & string, Rest, V, Known>
  : R extends keyof ManiesAt<G>
    ? Forbids<ManiesAt<G>[R], "where"> extends true
      ? Forbidden<"where", R>
      : CheckedMany<ManiesAt<G>[R], R & string, Rest, V, Known>
    : never;

type CheckedOne<G, Name extends string, Rest, V, Known extends Drafted> = Rest extends
  | ""
  | Exclude<"is" | "isNot", keyof ColumnsAt<G> | keyof OnesAt<G> | keyof ManiesAt<G>>
  ? Alone<V, null> extends true
    ? null
    : V extends object | null
      ? CheckedInner<G, Name, V, Known>
      : `\`${Name}\` is one row: give it a filter, or null`
  : CheckedCondition<G, Name, Rest, V, "unknown">;

/** A filter inside a filter. */
type CheckedInner<G, Name extends string, V, Known extends Drafted> = Known extends "typed"
  ? V
  : CheckedFilter<G, Name, V, Known>;

type CheckedMany<G, Name extends string, Rest, V, Known extends Drafted> = Rest extends
  | ""
  | "some"
  | "none"
  | "every"
  ? V extends true
    ? Rest extends "every"
      ? `every row of \`${Name}\`: give it a filter`
      : true
    : V extends object
      ? CheckedInner<G, Name, V, Known>
      : `\`${Name}\` is a list: give it a filter${Rest extends "every" ? "" : ", or true"}`
  : Rest extends "count" | `count.${string}`
    ? Forbids<G, "count"> extends true
      ? Forbidden<"count", Name>
      : CheckedCount<G, Name, Rest, V, Known>
    : `\`${Name}\` is a list: ask for \`${Name}.some\`, \`none\`, \`every\` or \`count\``;

type CheckedCount<
  G,
  Name extends string,
  Rest,
  V,
  Known extends Drafted,
> = Rest extends `count.${infer Operator}`
  ? Operator extends keyof CountOperands
    ? CountOperands[Operator]
    : NoCountOperator<Operator>
  : V extends object
    ? Known extends "typed"
      ? V
      : CheckedComparison<G, Name, V, Known>
    : number;

/** One comparison in a map, and the filter beside it. */
type CheckedComparison<G, Name extends string, V, Known extends Drafted> =
  IsOne<Exclude<keyof V, "where">> extends true
    ? {
        [K in keyof V]: K extends "where"
          ? CheckedFilter<G, Name, V[K], Known>
          : K extends keyof CountOperands
            ? CountOperands[K]
            : NoCountOperator<K>;
      }
    : "a count takes one comparison";

type NoCountOperator<K> = `a number of rows is not compared by \`${K & string}\``;

type IsOne<K, U = K> = [K] extends [never]
  ? false
  : K extends unknown
    ? [U] extends [K]
      ? true
      : false
    : never;

type Alone<V, Only> = [V] extends [Only] ? true : false;

/** Why a name is none of a table's columns. */
export type NoColumn<Name extends string, K> = `\`${Name}\` lets out no column \`${K & string}\``;

/** Why something may not be asked. */
export type Forbidden<Use, Name> = `\`${Use & string}\` is forbidden in \`${Name & string}\``;
