import type { Column } from "drizzle-orm";
import type { AnyApi } from "../src/infer.ts";
import type { Chosen, ResourceColumns, RulesOf } from "./rules.ts";
import type { Bare, Open } from "./question.ts";
import type { Simplify } from "./row.ts";
import type { NullOf, Value } from "./selector.ts";

/**
 * A row to create: the columns a client may write. One that must have a value is required, unless a rule may put it there:
 * with `injectBody` or `beforeQuery` none is.
 */
export type PostBody<A extends AnyApi, R extends string> = Given<
  ResourceColumns<A, R>,
  Writable<ResourceColumns<A, R>, AnyRule<A, R, "POST">, "POST">,
  true extends Injects<AnyRule<A, R, "POST">> ? never : Needed<ResourceColumns<A, R>>
>;

/** The columns to change. */
export type PatchBody<A extends AnyApi, R extends string> = Given<
  ResourceColumns<A, R>,
  Writable<ResourceColumns<A, R>, AnyRule<A, R, "PATCH">, "PATCH">,
  never
>;

type AnyRule<A extends AnyApi, R extends string, M extends "POST" | "PATCH"> = RulesOf<A, R, M>[keyof RulesOf<
  A,
  R,
  M
>];

/** What a body must be like for its type to be taken down; `CheckedBody` says the rest. */
export type AnyBody<Row> = Partial<Row> & Open;

/** A body, or a list of them, in which a sentence stands wherever a name is none of the columns a client may write. */
export type CheckedBody<R extends string, Row, B> = B extends readonly unknown[]
  ? { [I in keyof B]: CheckedRow<R, Row, B[I]> }
  : CheckedRow<R, Row, B>;

type CheckedRow<R extends string, Row, B> = Bare<
  {
    [K in keyof B]: K extends keyof Row
      ? Row[K]
      : string extends K
        ? B[K]
        : `\`${R}\` takes no \`${K & string}\``;
  } & { [K in Exclude<RequiredKey<Row>, keyof B>]: Row[K & keyof Row] }
>;

type RequiredKey<Row> = { [K in keyof Row]-?: {} extends Pick<Row, K> ? never : K }[keyof Row];

type Given<C, Names, Required> = Simplify<Gives<C, Names, Required>>;

type Gives<C, Names, Required> = { readonly [K in keyof C & Names & Required]: Written<C[K]> } & {
  readonly [K in keyof C & Exclude<Names, Required>]?: Written<C[K]> | undefined;
};

type Written<C> = Value<C> | NullOf<C>;

/** The columns some rule lets a client write: those it names, else those the server does not make. */
type Writable<C, Rule, M> = Rule extends { readonly write: infer Choice }
  ? Chosen<C, Choice>
  : Rule extends unknown
    ? { [K in keyof C & string]: Made<C[K], M> extends true ? never : K }[keyof C & string]
    : never;

// `$onUpdate` leaves no trace in a column's type: such a column passes here, and the server refuses it.
type Made<C, M> = C extends Column
  ? C["_"]["generated"] extends undefined
    ? C["_"]["identity"] extends undefined
      ? C["_"]["isPrimaryKey"] extends true
        ? M extends "PATCH"
          ? true
          : C["_"]["hasDefault"]
        : false
      : true
    : true
  : false;

type Injects<Rule> = Rule extends
  | { readonly injectBody: (...parameters: never[]) => unknown }
  | { readonly beforeQuery: (...parameters: never[]) => unknown }
  ? true
  : never;

type Needed<C> = {
  [K in keyof C]: C[K] extends Column
    ? C[K]["_"]["notNull"] extends true
      ? C[K]["_"]["hasDefault"] extends true
        ? never
        : K
      : never
    : never;
}[keyof C];
