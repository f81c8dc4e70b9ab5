import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { ChangeMethod, Inserted, Method } from "../options.ts";
import type { AskedOfRelation, KeysWith, PartOf, Simplify } from "../part.ts";
import type { Answering, Certain, Computed, FieldAt, Masked, Nameable } from "./columns.ts";
import type { Embeddable, ManyName, MayMiss, Meant, RelationAt, RelationRules } from "./relations.ts";
import type { Anything, EntryOf, TableOf, Unknown } from "./resource.ts";
import type { Rules } from "./rules.ts";

/** The answer of `get`: the rows under the resource's name, and how many there are. */
export type ListAnswer<A extends AnyApi, R extends string, Q> = Shaped<
  A,
  R,
  "GET",
  Q,
  RuledRows<A, R, "GET", Q, RowOf<A, R, "GET", Q>[]> & { count: number } & RuledTotal<A, R, Q> &
    Filtered<Q> &
    Paged<Q> &
    Cut<Q>
>;

/** The answer of `first`: the row under the resource's name, or null. */
export type RowAnswer<A extends AnyApi, R extends string, Q> = Shaped<
  A,
  R,
  "GET",
  Q,
  RuledRows<A, R, "GET", Q, RowOf<A, R, "GET", Q> | null> & RuledTotal<A, R, Q>
>;

/** The answer of a write: the rows as they are after it (as they were, where they are gone), where a rule lets them out. */
export type ChangeAnswer<A extends AnyApi, R extends string, M extends Method, Q> = Shaped<
  A,
  R,
  M,
  Q,
  RuledRows<A, R, M, Q, RowOf<A, R, M, Q>[]> & { rowsAffected: number; count: number } & RuledTotal<A, R, Q> &
    Inserted<Q>
>;

/** A row of a resource, as it is answered to a question. */
export type RowOf<A extends AnyApi, R extends string, M extends Method = "GET", Q = {}> =
  Unknown<A> extends true
    ? Anything
    : RuledRow<
        A,
        TableOf<A, R>,
        Answering<Rules<A, R, M, Q>>,
        Q,
        M extends "GET" ? RuledChanges<A, R, Q> : unknown
      >;

/** Which methods may change a row, where the question asks for it: of those that somebody has a rule for, the caller's. */
type RuledChanges<A extends AnyApi, R extends string, Q> = [PartOf<Q, "can">] extends [false | undefined]
  ? unknown
  : [PartOf<Q, "can">] extends [true]
    ? { $can: Changes<A, R, Q> }
    : { $can?: Changes<A, R, Q> };

type Changes<A extends AnyApi, R extends string, Q> = Simplify<{
  [M in ChangeMethod as [Rules<A, R, M, Q>] extends [never] ? never : M]?: boolean;
}>;

/** Where an author's `formatResult` shapes the answer, it is what the API's type says of it: unknown, if nothing. */
type Shaped<A extends AnyApi, R extends string, M extends Method, Q, Answer> =
  Unknown<A> extends true
    ? Anything
    : R extends keyof A["answers"]
      ? A["answers"][R]
      : Formats<EntryOf<A, R> | Rules<A, R, M, Q>> extends true
        ? unknown
        : Simplify<Answer>;

/** Whether an author shapes the answer. */
export type Formats<E> = true extends (
  E extends { readonly formatResult: (...parameters: never[]) => unknown } ? true : never
)
  ? true
  : false;

type RuledTotal<A extends AnyApi, R extends string, Q> = "countTotal" extends keyof Q
  ? [PartOf<Q, "countTotal">] extends [true]
    ? { total: number }
    : [PartOf<Q, "countTotal">] extends [false]
      ? unknown
      : { total?: number }
  : EntryOf<A, R> extends { readonly countTotal: true }
    ? { total: number }
    : unknown;

/** Rows under their name; without columns only counts are answered, unless computed fields or relations ask for rows. */
type RuledRows<A extends AnyApi, R extends string, M extends Method, Q, V> =
  Presence<Rules<A, R, M, Q>, Q> extends infer P
    ? P extends "always"
      ? { [K in R]: V }
      : P extends "never"
        ? unknown
        : { [K in R]?: V }
    : never;

type Presence<Rule, Q> = [Answering<Rule>] extends [never]
  ? "never"
  : [Rule] extends [Answering<Rule>]
    ? [PartOf<Q, "columns">] extends [false]
      ? [Computed<Rule>] extends [never]
        ? [PartOf<Q, "with">, PartOf<Q, "count">] extends [undefined, undefined]
          ? "never"
          : "perhaps"
        : "perhaps"
      : false extends PartOf<Q, "columns">
        ? "perhaps"
        : "always"
    : "perhaps";

/** How many rows there are for the filter, where that is asked. */
export type Filtered<Q> = [PartOf<Q, "countFiltered">] extends [false | undefined]
  ? unknown
  : [PartOf<Q, "countFiltered">] extends [true]
    ? { filtered: number }
    : { filtered?: number };

/** Where the next page begins, and the previous one; null where there is none. */
export interface Page {
  next: string | null;
  previous: string | null;
}

type Paged<Q> = [PartOf<Q, "cursor">, PartOf<Q, "after">, PartOf<Q, "before">] extends [
  false | undefined,
  undefined,
  undefined,
]
  ? unknown
  : Q extends { readonly cursor: true } | { readonly after: string } | { readonly before: string }
    ? { page: Page }
    : { page?: Page };

/** Whether a rule's maximum left rows out; where the question says how many it wants, nothing is said. */
export type Cut<Q> = Q extends { readonly limit: number } | { readonly columns: false }
  ? unknown
  : { more?: true };

/** A row of a table, as rules let it out. */
type RuledRow<A extends AnyApi, T extends keyof A["schema"], Rule, Q, More = unknown> = Simplify<
  Fields<ColumnsOf<A["schema"], T>, Rule, PartOf<Q, "columns">> &
    RuledRelations<A, T, Rule, PartOf<Q, "with">> &
    Counted<PartOf<Q, "count">> &
    More
>;

/** How many rows relations have, where that is asked. */
export type Counted<P> = [P] extends [undefined]
  ? unknown
  : [keyof P] extends [never]
    ? unknown
    : [SureKey<P>] extends [never]
      ? [PossibleKey<P>] extends [never]
        ? unknown
        : { _count?: Numbers<P> }
      : { _count: Numbers<P> };

type Numbers<P> = Simplify<
  { [K in SureKey<P>]: number } & { [K in Exclude<PossibleKey<P>, SureKey<P>>]?: number }
>;

/** The relations that are surely asked for, by the names they are answered under. */
export type SureKey<P> = { [K in keyof P]-?: P[K] extends true | object ? K : never }[keyof P];
/** Those that are asked for perhaps. */
type PossibleKey<P> = { [K in keyof P]-?: P[K] extends false | undefined ? never : K }[keyof P];

/** What of a row was asked for: by default everything, with computed fields. */
type Fields<C, Rule, P> = [P] extends [undefined] | [true]
  ? Present<C, Rule, Certain<C, Rule>, Nameable<C, Rule>>
  : [P] extends [false]
    ? Present<C, Rule, Extract<Certain<C, Rule>, Computed<Rule>>, Computed<Rule>>
    : [P] extends [object]
      ? [KeysWith<P, true>] extends [never]
        ? [Exclude<keyof P, KeysWith<P, false>>] extends [never]
          ? Present<C, Rule, Exclude<Certain<C, Rule>, keyof P>, Exclude<Nameable<C, Rule>, keyof P>>
          : Present<C, Rule, never, Exclude<Nameable<C, Rule>, KeysWith<P, false>>>
        : Present<C, Rule, KeysWith<P, true>, Exclude<keyof P, KeysWith<P, boolean>> | KeysWith<P, true>>
      : Present<C, Rule, never, Nameable<C, Rule>>;

/** The names `Sure` are there, the others of `Known` perhaps: not every rule that may apply has them. Some may be masked. */
type Present<C, Rule, Sure, Known> = { [K in Extract<Known, Sure> & PropertyKey]: FieldAt<C, Rule, K> } & {
  [K in Exclude<Known, Sure> & PropertyKey]?: FieldAt<C, Rule, K>;
} & Masks<Extract<Known, Masked<C, Rule>>>;

/** Which columns of a row are masked, where some are. */
type Masks<Name> = [Name] extends [never] ? unknown : { $masked?: readonly Name[] };

/** The relations asked for, by the names they are answered under, and which of them were cut short. */
type RuledRelations<A extends AnyApi, T extends keyof A["schema"], Rule, W> = [W] extends [undefined]
  ? unknown
  : [W] extends [object]
    ? {
        [K in SureKey<W> as Known<Rule, K, W[K]>]: RuledRelation<A, T, Rule, Meant<K, W[K]>, W[K]>;
      } & {
        [K in Exclude<PossibleKey<W>, SureKey<W>> as Known<Rule, K, W[K]>]?: RuledRelation<
          A,
          T,
          Rule,
          Meant<K, W[K]>,
          W[K]
        >;
      } & CutRelations<CutKey<A, T, Rule, W>>
    : { [K in Embeddable<Rule>]?: RuledRelation<A, T, Rule, K, true> } & CutRelations<ManyName<A, T, Rule>>;

/** The name of a relation in the answer, where a rule lets it be asked for. */
type Known<Rule, K, Wish> = Meant<K, Wish> extends Embeddable<Rule> ? K : never;

/** Which lists of a row a rule's maximum cut short. */
type CutRelations<Name> = [Name] extends [never] ? unknown : { $more?: readonly Name[] };

/** The lists of which the question does not say how many rows it wants. */
type CutKey<A extends AnyApi, T extends keyof A["schema"], Rule, W> = {
  [K in PossibleKey<W>]: Meant<K, W[K]> extends ManyName<A, T, Rule>
    ? W[K] extends { readonly limit: number }
      ? never
      : K
    : never;
}[PossibleKey<W>];

/** One row, or null where it may be missing, or a list of rows. */
type RuledRelation<A extends AnyApi, T extends keyof A["schema"], Rule, K, Q> =
  RelationAt<A["schema"], T, K, Rule> extends infer R
    ? R extends One
      ? RelatedRow<A, TargetOf<A["schema"], R>, R, RelationRules<A, Rule, K>, Q>
      : RelationRow<A, TargetOf<A["schema"], R>, RelationRules<A, Rule, K>, Q>[]
    : never;

/** Rows without a row that is required are left out; else it may be missing. */
type RelatedRow<A extends AnyApi, T extends keyof A["schema"], R, Rule, Q> =
  | RelationRow<A, T, Rule, Q>
  | (Q extends { readonly required: true } ? never : true extends MayMiss<A, T, R, Rule> ? null : never);

type RelationRow<A extends AnyApi, T extends keyof A["schema"], Rule, Q> = RuledRow<
  A,
  T,
  Rule,
  AskedOfRelation<Q>
>;
