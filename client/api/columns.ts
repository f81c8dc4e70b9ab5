import type { Column, SQL } from "drizzle-orm";
import type { ComputedField, Field } from "../column/value.ts";

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
