import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { OpenFilter } from "../column/filter.ts";
import type { OrderingBy, Sort } from "../column/ordering.ts";
import type { ChangeMethod, Flags, OnConflict, PageFlags, ReadFlags, Turn, Version } from "../options.ts";
import type { PatchBody, PostBody } from "./body.ts";
import type { Nameable, Visible } from "./columns.ts";
import type { RuleGround } from "./ground.ts";
import type { ParamsDraft } from "./parameters.ts";
import type { AnyScope, GroundOf, Relevance } from "./question.ts";
import type { Countable, Embeddable, RelationAt, RelationRules } from "./relations.ts";
import type { Anything, TableOf, Unknown } from "./resource.ts";
import type { Rules } from "./rules.ts";

// Questions as they are written: with any name, since `Checked` has a sentence for each that is none.

/** Any name. A question of nothing but unknown names would else be refused without a word. */
export interface Open<V = unknown> {
  readonly [name: string]: V;
}

/**
 * Any value, as it is written. That it depends on a name not known yet makes TypeScript keep literals as they are, at every
 * depth: `"todo"`, and not `string`; the empty list makes it keep pairs: `[1, 2]`, and not `number[]`.
 */
export type Written<Name> = [Name] extends [PropertyKey]
  ?
      | string
      | number
      | bigint
      | boolean
      | object
      | Members<Name>
      | readonly Written<Name>[]
      | []
      | null
      | undefined
  : never;
/** An object of any values, as it is written. */
export interface Members<Name> {
  readonly [name: string]: Written<Name>;
}

declare const unasked: unique symbol;

/** What no question has. TypeScript takes a question that is left out for its constraint, and this is how to tell. */
export interface Unasked {
  readonly [unasked]?: never;
}

/** Whether a question was left out. */
export type Omitted<Q> = keyof Unasked extends keyof Q ? true : false;

/** What a read of a list asks, as it is written. */
export type ReadDraft<A extends AnyApi, R extends string> = PageFlags & Turn & FirstDraft<A, R>;

/** What a read of one row asks, as it is written. */
export type FirstDraft<A extends AnyApi, R extends string> = ReadFlags &
  Open &
  Unasked &
  ParamsDraft<A, R, "GET"> &
  ListDraft<A, TableOf<A, R>, Rules<A, R, "GET", AnyScope>>;

/** What a POST asks for, as it is written. */
export type PostDraft<A extends AnyApi, R extends string> = Flags & {
  readonly onConflict?:
    | OnConflict<
        (keyof PostBody<A, R> & string) | Lowercase<string> | (string & {}),
        (keyof PatchBody<A, R> & string) | Lowercase<string> | (string & {})
      >
    | undefined;
} & Open &
  Unasked &
  ParamsDraft<A, R, "POST"> &
  RowDraft<A, TableOf<A, R>, Rules<A, R, "POST", AnyScope>>;

/** What a PATCH or DELETE asks for, as it is written. `Checked` refuses a filter, or a version, that may be undefined, and says why. */
export type ChangeDraft<A extends AnyApi, R extends string, M extends ChangeMethod> = Flags & {
  readonly ifVersion?: Version | undefined;
} & Open &
  Unasked &
  ParamsDraft<A, R, M> &
  RowDraft<A, TableOf<A, R>, Rules<A, R, M, AnyScope>> & {
    readonly where?: OpenFilter<GroundOf<A, R, M>, Open<Written<R>>> | undefined;
  };

/** A draft, or anything where nothing is known. */
export type Draft<A extends AnyApi, D> = Unknown<A> extends true ? Anything : D;

/** What of a row is asked for, as it is written. */
export interface RowDraft<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly columns?:
    | boolean
    | ({ readonly [K in Nameable<ColumnsOf<A["schema"], T>, Rule>]?: boolean | undefined } & Open<
        boolean | undefined
      >)
    | undefined;
  readonly with?:
    | ({ readonly [K in Embeddable<Rule>]?: boolean | RelationDraft<A, T, Rule, K> | undefined } & Open<
        Wish<T>
      >)
    | undefined;
  readonly count?:
    | ({ readonly [K in Countable<A, T, Rule>]?: boolean | CountDraft<A, T, Rule, K> | undefined } & Open<
        Wish<T>
      >)
    | undefined;
}

/** What is asked of a relation, by whatever name. */
export type Wish<Name> = boolean | object | AliasDraft<Name> | undefined;

/**
 * A relation under another name, as it is written. Of what stands deeper TypeScript keeps no literals here: every word more
 * would be a tenth of what a whole call costs.
 */
export interface AliasDraft<Name> {
  readonly relation: string | Lowercase<string>;
  readonly columns?: Open<boolean>;
  readonly where?: Written<Name>;
  readonly orderBy?: Open<Sort | undefined> | undefined;
}

/** What of a list is asked for, as it is written. */
export interface ListDraft<A extends AnyApi, T extends keyof A["schema"], Rule> extends RowDraft<A, T, Rule> {
  readonly where?: OpenFilter<RuleGround<A, T, Rule>, Open<Written<T>>> | undefined;
  readonly orderBy?:
    | (OrderingBy<Pick<ColumnsOf<A["schema"], T>, Visible<ColumnsOf<A["schema"], T>, Rule>>> & {
        readonly [K in Countable<A, T, Rule> as `${K}.count`]?: Sort | undefined;
      } & Relevance<Rule> &
        Open<Sort | undefined>)
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly search?: string | undefined;
}

/** What of a relation is asked for, as it is written. */
export type RelationDraft<A extends AnyApi, T extends keyof A["schema"], Rule, K> = (RelationAt<
  A["schema"],
  T,
  K,
  Rule
> extends One
  ? RowDraft<A, TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>, RelationRules<A, Rule, K>>
  : ListDraft<A, TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>, RelationRules<A, Rule, K>>) & {
  /** The relation, where its rows are answered under another name. */
  readonly relation?: string | Lowercase<string> | undefined;
  /** Whether rows that have no row there are left out. */
  readonly required?: boolean | undefined;
} & Open;

/** Which rows of a relation are counted, as it is written. */
export type CountDraft<A extends AnyApi, T extends keyof A["schema"], Rule, K> = {
  /** The relation, where the number has another name. */
  readonly relation?: string | Lowercase<string> | undefined;
  readonly where?:
    | OpenFilter<
        RuleGround<A, TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>, RelationRules<A, Rule, K>>,
        Open<Written<T>>
      >
    | undefined;
} & Open;
