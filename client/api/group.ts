import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { Bucket, HoldsMoments } from "../column/function.ts";
import type { PathColumns } from "../column/ground.ts";
import type { Field } from "../column/value.ts";
import type { OrderedKey } from "../column/comparable.ts";
import type { Masked, Visible } from "./columns.ts";
import type { GroupColumn } from "./figure.ts";
import type { RuleGround } from "./ground.ts";
import type { MayMiss, OneName, RelationAt, RelationRules } from "./relations.ts";

/**
 * What rows may be grouped by: columns, dates by stretches of time, and paths over two relations at most, as far as the types
 * of questions go. In a call a path may be longer.
 */
export type GroupPath<A extends AnyApi, T extends keyof A["schema"], Rule> =
  | OwnPath<ColumnsOf<A["schema"], T>, GroupColumn<ColumnsOf<A["schema"], T>, Rule>>
  | PathBeyond<PathColumns<RuleGround<A, T, Rule>, "orderBy">, keyof ColumnsOf<A["schema"], T>>;

type PathBeyond<C, Own> = OwnPath<C, Exclude<keyof C, Own>>;

type OwnPath<C, Name> = {
  [K in keyof C & Name & string]:
    | OrderedKey<C[K], K>
    | (HoldsMoments<C[K]> extends true ? `${K}.${Bucket}` : never);
}[keyof C & Name & string];

type TargetAt<A extends AnyApi, T extends keyof A["schema"], K, Rule> = TargetOf<
  A["schema"],
  RelationAt<A["schema"], T, K, Rule>
>;

/** The value by which a group is named, under the path as it was written. */
export type GroupValue<A extends AnyApi, T extends keyof A["schema"], Rule, P> =
  P extends GroupColumn<ColumnsOf<A["schema"], T>, Rule>
    ? Shared<ColumnsOf<A["schema"], T>, Rule, P>
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends GroupColumn<ColumnsOf<A["schema"], T>, Rule>
        ? First<ColumnsOf<A["schema"], T>, Rule, Head>
        : PathValue<A, T, Rule, Head, Rest>
      : unknown;

type PathValue<A extends AnyApi, T extends keyof A["schema"], Rule, Head, Rest> =
  Head extends OneName<A, T, Rule>
    ?
        | ReadValue<A, TargetAt<A, T, Head, Rule>, RelationRules<A, Rule, Head>, Rest>
        | (true extends MayMiss<
            A,
            TargetAt<A, T, Head, Rule>,
            RelationAt<A["schema"], T, Head, Rule>,
            RelationRules<A, Rule, Head>
          >
            ? null
            : never)
    : unknown;

type ReadValue<A extends AnyApi, T extends keyof A["schema"], Rule, P> =
  P extends Visible<ColumnsOf<A["schema"], T>, Rule>
    ? Shared<ColumnsOf<A["schema"], T>, Rule, P>
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends Visible<ColumnsOf<A["schema"], T>, Rule>
        ? First<ColumnsOf<A["schema"], T>, Rule, Head>
        : PathValue<A, T, Rule, Head, Rest>
      : unknown;

/** What the rows of a group share. */
type Shared<C, Rule, K> = K extends keyof C
  ? Field<C[K]> | (K extends Masked<C, Rule> ? null : never)
  : never;

/** The first moment of a stretch of time. */
type First<C, Rule, K> = string | Extract<Shared<C, Rule, K>, null>;
