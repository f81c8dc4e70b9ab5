import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { OpenFilter } from "../column/filter.ts";
import type { Direction, Ordering } from "../column/ordering.ts";
import type { ChangeMethod, Flags } from "../options.ts";
import type { Nameable, Visible } from "./columns.ts";
import type { AnyScope, Filtered } from "./question.ts";
import type { Embeddable, RelationAt, RelationRules } from "./relations.ts";
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

/** What a read asks, as it is written. */
export type ReadDraft<A extends AnyApi, R extends string> = Flags &
  Open &
  Unasked &
  ListDraft<A["schema"], TableOf<A, R>, Rules<A, R, "GET", AnyScope>>;

/** What a POST asks for, as it is written. */
export type PostDraft<A extends AnyApi, R extends string> = Flags &
  Open &
  Unasked &
  RowDraft<A["schema"], TableOf<A, R>, Rules<A, R, "POST", AnyScope>>;

/** What a PATCH or DELETE asks for, as it is written. `Checked` refuses a filter that may be undefined, and says why. */
export type ChangeDraft<A extends AnyApi, R extends string, M extends ChangeMethod> = Flags &
  Open &
  Unasked &
  RowDraft<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> & {
    readonly where?: OpenFilter<Filtered<A, R, M>, Open<Written<R>>> | undefined;
  };

/** A draft, or anything where nothing is known. */
export type Draft<A extends AnyApi, D> = Unknown<A> extends true ? Anything : D;

/** What of a row is asked for, as it is written. */
export interface RowDraft<S extends SchemaShape, T extends keyof S, Rule> {
  readonly columns?:
    | boolean
    | ({ readonly [K in Nameable<ColumnsOf<S, T>, Rule>]?: boolean | undefined } & Open<boolean | undefined>)
    | undefined;
  readonly with?:
    | ({ readonly [K in Embeddable<Rule>]?: boolean | RelationDraft<S, T, Rule, K> | undefined } & Open<
        boolean | object | undefined
      >)
    | undefined;
}

/** What of a list is asked for, as it is written. */
export interface ListDraft<S extends SchemaShape, T extends keyof S, Rule> extends RowDraft<S, T, Rule> {
  readonly where?:
    | OpenFilter<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>, Open<Written<T>>>
    | undefined;
  readonly orderBy?:
    | (Ordering<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> & Open<Direction | undefined>)
    | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** What of a relation is asked for, as it is written. */
export type RelationDraft<S extends SchemaShape, T extends keyof S, Rule, K> = (RelationAt<
  S,
  T,
  K
> extends One
  ? RowDraft<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>
  : ListDraft<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>>) &
  Open;
