import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { Method } from "../options.ts";
import type { AskedOfRelation, KeysWith, PartOf, Simplify } from "../part.ts";
import type { Answering, Certain, Computed, FieldAt, Nameable } from "./columns.ts";
import type { Embeddable, MayMiss, RelationAt, RelationRules } from "./relations.ts";
import type { Anything, EntryOf, TableOf, Unknown } from "./resource.ts";
import type { Rules } from "./rules.ts";

/** The answer of `get`: the rows under the resource's name, and how many there are. */
export type ListAnswer<A extends AnyApi, R extends string, Q> = Shaped<
  A,
  R,
  "GET",
  Q,
  RuledRows<A, R, "GET", Q, RowOf<A, R, "GET", Q>[]> & { count: number } & RuledTotal<A, R, Q>
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
  RuledRows<A, R, M, Q, RowOf<A, R, M, Q>[]> & { rowsAffected: number; count: number } & RuledTotal<A, R, Q>
>;

/** A row of a resource, as it is answered to a question. */
export type RowOf<A extends AnyApi, R extends string, M extends Method = "GET", Q = {}> =
  Unknown<A> extends true ? Anything : RuledRow<A["schema"], TableOf<A, R>, Answering<Rules<A, R, M, Q>>, Q>;

/** Where an author's `formatResult` shapes the answer, it is what the API's type says of it: unknown, if nothing. */
type Shaped<A extends AnyApi, R extends string, M extends Method, Q, Answer> =
  Unknown<A> extends true
    ? Anything
    : R extends keyof A["answers"]
      ? A["answers"][R]
      : Formats<EntryOf<A, R> | Rules<A, R, M, Q>> extends true
        ? unknown
        : Simplify<Answer>;

type Formats<E> = true extends (
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
        ? [PartOf<Q, "with">] extends [undefined]
          ? "never"
          : "perhaps"
        : "perhaps"
      : false extends PartOf<Q, "columns">
        ? "perhaps"
        : "always"
    : "perhaps";

/** A row of a table, as rules let it out. */
type RuledRow<S extends SchemaShape, T extends keyof S, Rule, Q> = Simplify<
  Fields<ColumnsOf<S, T>, Rule, PartOf<Q, "columns">> & RuledRelations<S, T, Rule, PartOf<Q, "with">>
>;

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

/** The names `Sure` are there, the others of `Known` perhaps: not every rule that may apply has them. */
type Present<C, Rule, Sure, Known> = { [K in Extract<Known, Sure> & PropertyKey]: FieldAt<C, Rule, K> } & {
  [K in Exclude<Known, Sure> & PropertyKey]?: FieldAt<C, Rule, K>;
};

/** The relations asked for. */
type RuledRelations<S extends SchemaShape, T extends keyof S, Rule, W> = [W] extends [undefined]
  ? unknown
  : [W] extends [object]
    ? {
        [K in keyof W & Embeddable<Rule> as W[K] extends true | object ? K : never]: RuledRelation<
          S,
          T,
          Rule,
          K,
          W[K]
        >;
      } & {
        [
          K in keyof W & Embeddable<Rule> as W[K] extends true | object
            ? never
            : W[K] extends false | undefined
              ? never
              : K
        ]?: RuledRelation<S, T, Rule, K, W[K]>;
      }
    : { [K in Embeddable<Rule>]?: RuledRelation<S, T, Rule, K, true> };

/** One row, or null where it may be missing, or a list of rows. */
type RuledRelation<S extends SchemaShape, T extends keyof S, Rule, K, Q> =
  RelationAt<S, T, K> extends infer R
    ? R extends One
      ?
          | RelationRow<S, R, RelationRules<Rule, K>, Q>
          | (true extends MayMiss<R, RelationRules<Rule, K>> ? null : never)
      : RelationRow<S, R, RelationRules<Rule, K>, Q>[]
    : never;

type RelationRow<S extends SchemaShape, R, Rule, Q> = RuledRow<S, TargetOf<S, R>, Rule, AskedOfRelation<Q>>;
