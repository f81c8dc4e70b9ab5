import type { Column, SQL } from "drizzle-orm";
import type { ComputedField, Field } from "../column/value.ts";

/** Distributes over rules: the columns of `C` that some of the rules let out. */
export type Visible<C, Rule> = Rule extends { readonly select: infer Choice } ? Chosen<C, Choice> : never;

/** The columns a rule's `select` or `write` chooses, be it for some rows only. */
export type Chosen<C, Choice> = Choice extends true
  ? keyof C & string
  : Choice extends false | undefined
    ? never
    : Choice extends { readonly mode: false; readonly columns: infer List }
      ? Exclude<keyof C & string, Listed<List>>
      : Choice extends { readonly columns: infer List }
        ? keyof C & Listed<List>
        : Choice extends readonly (infer Grant)[]
          ? keyof C & Listed<ListOf<Grant>>
          : keyof C & string;

/** The columns a choice lets out on every row. */
export type ChosenAlways<C, Choice> = Choice extends readonly (infer Grant)[]
  ? keyof C & Listed<ListOf<ForAll<Grant>>>
  : Chosen<C, Choice>;

/** The columns that some of the rules let out on some rows only. */
export type Masked<C, Rule> = Rule extends { readonly select: readonly (infer Grant)[] }
  ? Exclude<keyof C & Listed<ListOf<Grant>>, Listed<ListOf<ForAll<Grant>>>>
  : never;

type ListOf<Grant> = Grant extends { readonly columns: infer List } ? List : never;
/** The grants for every row. Inferred beside one that has a `when`, a grant has one that is undefined; elsewhere it has none. */
type ForAll<Grant> = Grant extends unknown
  ? "when" extends keyof Grant
    ? Grant["when"] extends undefined
      ? Grant
      : never
    : Grant
  : never;

type Listed<List> = List extends ReadonlySet<infer Name> | readonly (infer Name)[] ? Name & string : never;

/**
 * The columns a filter may name: those let out; where a rule for writing lets none out, the primary key. A relation's rule
 * that lets none out has none, and one for numbers alone neither.
 */
export type Filterable<C, Rule> = Rule extends { readonly select: infer Choice }
  ? Chosen<C, Choice>
  : Rule extends { readonly relation: true } | { readonly aggregate: unknown }
    ? never
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
export type FieldAt<C, Rule, K> = K extends keyof C
  ? Field<C[K]> | (K extends Masked<C, Rule> ? null : never)
  : ComputedValue<Rule, K>;

/** A computed field is what its author says it is, where JSON carries that as it is. */
type ComputedValue<Rule, K> = Rule extends { readonly extras: infer Extras }
  ? K extends keyof Extras
    ? Extras[K] extends (...parameters: never[]) => infer Answer
      ? ComputedField<ComputedType<Awaited<Answer>>>
      : ComputedField<ComputedType<Extras[K]>>
    : never
  : never;

type ComputedType<Extra> = Extra extends SQL.Aliased<infer T> | SQL<infer T> ? T : unknown;
