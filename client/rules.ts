import type { Column, One, SQL } from "drizzle-orm";
import type { AnyApi, ColumnsOf, RelationsOf, SchemaShape } from "../src/infer.ts";
import type { ComputedField, Field } from "./row.ts";

/** The methods rules are written for. */
export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/**
 * Whether the API's type is `any`, or made of it, as an import that was not found leaves it. Then nothing is known, so that
 * everything may be asked and anything answered.
 */
export type Unknown<A extends AnyApi> = 0 extends 1 & (A["acl"] | A["schema"]) ? true : false;
// oxlint-disable-next-line typescript/no-explicit-any -- what is asked and answered where nothing is known
export type Anything = any;

/** The resources of an API, by the ids of their URLs. */
export type Resource<A extends AnyApi> = keyof A["acl"] & string;

/** The entry of a resource. */
export type EntryOf<A extends AnyApi, R extends string> = R extends Resource<A> ? A["acl"][R] : never;

/** The table behind a resource. */
export type TableOf<A extends AnyApi, R extends string> = EntryOf<A, R>["table"] extends infer T extends
  keyof A["schema"]
  ? T
  : never;

/** The rules of a resource for a method, by role. */
export type RulesOf<A extends AnyApi, R extends string, M extends Method> =
  EntryOf<A, R> extends {
    readonly control: { readonly [K in M]: infer Rules };
  }
    ? Rules
    : {};

/** The resources that have a rule for a method. */
export type Offering<A extends AnyApi, M extends Method> = {
  [R in Resource<A>]: [Role<A, R, M>] extends [never] ? never : R;
}[Resource<A>];

type Role<A extends AnyApi, R extends string, M extends Method> = keyof RulesOf<A, R, M>;

/**
 * The rules that may apply to a question, as the server tries them: role, mine, all, or guest, all. Which role the caller
 * has is not known here, so there may be several; a scope narrows them.
 */
export type Rules<A extends AnyApi, R extends string, M extends Method, Q> = Readable<
  M,
  RulesOf<A, R, M>[Applicable<Role<A, R, M>, Q>]
>;

/** A read under a rule without `select` is refused, so such a rule answers none. */
type Readable<M extends Method, Rule> = M extends "GET" ? Extract<Rule, { readonly select: unknown }> : Rule;

/** Whether a scope leads to any rule. */
export type HasScope<A extends AnyApi, R extends string, M extends Method, Scope extends string> = [
  Applicable<Role<A, R, M>, { readonly [K in Scope]: true }>,
] extends [never]
  ? false
  : true;

type Applicable<Roles, Q> =
  Unsure<Q> extends true
    ? Roles
    : Q extends { readonly mine: true }
      ? Mine<Roles>
      : Q extends { readonly guest: true }
        ? Guest<Roles>
        : Q extends { readonly "mine|guest": true }
          ? Named<Roles> | MineOrGuest<Roles> | Guest<Roles>
          : Named<Roles> | Mine<Roles> | Guest<Roles>;

type Named<Roles> = Exclude<Roles, "mine" | "guest" | "all">;
type Mine<Roles> = "mine" extends Roles ? "mine" : Extract<Roles, "all">;
type Guest<Roles> = "guest" extends Roles ? "guest" : Extract<Roles, "all">;
type MineOrGuest<Roles> = "mine" extends Roles ? "mine" : Guest<Roles>;

/** Whether a flag of the question is known only when it is asked. */
type Unsure<Q> = true extends {
  [K in keyof Q & ("mine" | "guest" | "mine|guest")]-?: boolean extends Q[K] ? true : false;
}[keyof Q & ("mine" | "guest" | "mine|guest")]
  ? true
  : false;

/** Distributes over rules: the columns of `C` that some of the rules let out. */
export type Visible<C, Rule> = Rule extends { readonly select: infer Choice } ? Chosen<C, Choice> : never;

/** The columns a rule's `select` or `write` chooses. */
export type Chosen<C, Choice> = Choice extends true
  ? keyof C & string
  : Choice extends false | undefined
    ? never
    : Choice extends { readonly mode: false; readonly columns: infer List }
      ? Exclude<keyof C & string, Listed<List>>
      : Choice extends { readonly columns: infer List }
        ? keyof C & Listed<List>
        : keyof C & string;

type Listed<List> = List extends ReadonlySet<infer Name> | readonly (infer Name)[] ? Name & string : never;

/** The columns a filter may name: those let out; where a rule for writing lets none out, the primary key. */
export type Filterable<C, Rule> = Rule extends { readonly select: infer Choice }
  ? Chosen<C, Choice>
  : PrimaryKey<C>;

type PrimaryKey<C> = {
  [K in keyof C & string]: C[K] extends Column ? (C[K]["_"]["isPrimaryKey"] extends true ? K : never) : never;
}[keyof C & string];

/** The rules that answer rows: at the top those with `select`, all of a relation's. */
export type Answering<Rule> = Extract<Rule, { readonly select: unknown } | { readonly relation: true }>;

/** The computed fields that some of the rules have. */
export type Computed<Rule> =
  Answering<Rule> extends infer Open
    ? Open extends { readonly extras: infer Extras }
      ? keyof Extras & string
      : never
    : never;

/** What of a row can be named in `columns`: columns and computed fields. */
export type Nameable<C, Rule> = Visible<C, Rule> | Computed<Rule>;

/** What of a row every one of the rules has, so that it is surely there. */
export type Certain<C, Rule> = keyof (Rule extends unknown ? Record<Nameable<C, Rule>, true> : never);

/** The value of a column or computed field in a row. */
export type FieldAt<C, Rule, K> = K extends keyof C ? Field<C[K]> : ComputedValue<Rule, K>;

/** A computed field is what its author says it is, where JSON carries that as it is. */
type ComputedValue<Rule, K> = Rule extends { readonly extras: infer Extras }
  ? K extends keyof Extras
    ? Extras[K] extends SQL.Aliased<infer T>
      ? ComputedField<T>
      : unknown
    : never
  : never;

/** The relations that some of the rules let be asked for. */
export type Embeddable<Rule> =
  Answering<Rule> extends infer Open
    ? Open extends { readonly with: infer With }
      ? { [K in keyof With]: With[K] extends false | undefined ? never : K }[keyof With] & string
      : never
    : never;

/** The rules a relation is under. `relation` sets them apart: they give computed fields even without `select`. */
export type RelationRules<Rule, K> = Rule extends { readonly with: infer With }
  ? K extends keyof With
    ? With[K] extends true
      ? { readonly select: true; readonly relation: true }
      : With[K] extends object
        ? With[K] & { readonly relation: true }
        : never
    : never
  : never;

/** The relation `K` of a table. */
export type RelationAt<S extends SchemaShape, T extends keyof S, K> = K extends keyof RelationsOf<S, T>
  ? RelationsOf<S, T>[K]
  : never;

/** Whether a row may be missing: its foreign key may be null, or a rule may hide it. */
export type MayMiss<R, Rule> =
  R extends One<string, infer NotNull>
    ? NotNull extends true
      ? Rule extends { readonly where: (...parameters: never[]) => unknown }
        ? true
        : never
      : true
    : never;

/** The columns of a resource's table. */
export type ResourceColumns<A extends AnyApi, R extends string> = ColumnsOf<A["schema"], TableOf<A, R>>;
