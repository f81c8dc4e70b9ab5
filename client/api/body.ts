import type { Column } from "drizzle-orm";
import type { AnyApi } from "../../src/infer.ts";
import type { Addend, NullOf, Value } from "../column/value.ts";
import type { BodyMethod } from "../options.ts";
import type { Simplify } from "../part.ts";
import type { Chosen, ChosenAlways, Masked } from "./columns.ts";
import type { Omitted, Open, Unasked, Written } from "./draft.ts";
import type { CheckedWish, HasNests, Nested, WishFor } from "./nested.ts";
import type { Anything, FactsOf, ResourceColumns, RulesOf, TableOf, Unknown } from "./resource.ts";

/**
 * A row to create: the columns a client may write. One that must have a value is required, unless a rule provides it: by
 * `injectBody`, as its type says, or by a default of the validator; or what is true of the table does.
 */
export type PostBody<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Plain<A, R, "POST"> extends true
      ? NewColumns<A, R>
      : Simplify<NewColumns<A, R> & Nested<A, R, "POST", AnyRule<A, R, "POST">> & HasNests>;

type NewColumns<A extends AnyApi, R extends string> = Given<
  ResourceColumns<A, R>,
  Writable<ResourceColumns<A, R>, AnyRule<A, R, "POST">, "POST", FactsOf<A, TableOf<A, R>>>,
  Exclude<
    Needed<ResourceColumns<A, R>>,
    Provided<AnyRule<A, R, "POST">> | Set<FactsOf<A, TableOf<A, R>>, AnyRule<A, R, "POST">>
  >
>;

/** The columns to change. */
export type PatchBody<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Plain<A, R, "PATCH"> extends true
      ? ChangedColumns<A, R>
      : Simplify<ChangedColumns<A, R> & Nested<A, R, "PATCH", AnyRule<A, R, "PATCH">> & HasNests>;

type ChangedColumns<A extends AnyApi, R extends string> = Changed<
  ResourceColumns<A, R>,
  Writable<ResourceColumns<A, R>, AnyRule<A, R, "PATCH">, "PATCH", FactsOf<A, TableOf<A, R>>>
>;

/** Whether no rule lets other rows be written with its own, as mostly. */
type Plain<A extends AnyApi, R extends string, M extends BodyMethod> = [
  Extract<AnyRule<A, R, M>, { readonly nest: object }>,
] extends [never]
  ? true
  : false;

type AnyRule<A extends AnyApi, R extends string, M extends BodyMethod> = RulesOf<A, R, M>[keyof RulesOf<
  A,
  R,
  M
>];

/** What a body must be like for its type to be taken down; `AskedBody` says the rest. */
export type BodyDraft<R extends string, Row> = 0 extends 1 & Row
  ? Anything
  : Partial<Row> & Open<Written<R>> & Unasked;

/**
 * A body, or a list of them, if all its names are columns a client may write; else a sentence stands where one is not.
 * Where a value does not fit, TypeScript takes the draft for the body: then it is what was expected.
 */
export type AskedBody<R extends string, Row, B, Expected> =
  true extends IsDraft<B> ? Expected : B extends CheckedBody<R, Row, B> ? B : CheckedBody<R, Row, B>;

type IsDraft<B> = B extends readonly (infer Row)[] ? Omitted<Row> : Omitted<B>;

type CheckedBody<R extends string, Row, B> = B extends readonly unknown[]
  ? { [I in keyof B]: CheckedRow<R, Row, B[I]> }
  : CheckedRow<R, Row, B>;

/** A row, or parameters, with a sentence in place of each name that is none of its own. */
export type CheckedRow<R extends string, Row, B> = keyof HasNests extends keyof Row
  ? CheckedNests<R, Row, B>
  : Simplify<
      {
        [K in keyof B as Exclude<K, RequiredKey<Row>>]: K extends keyof Row
          ? Row[K]
          : string extends K
            ? B[K]
            : `\`${R}\` takes no \`${K & string}\``;
      } & { [K in RequiredKey<Row>]: Row[K] }
    >;

/** The same of a row with which others may be written. */
type CheckedNests<R extends string, Row, B> = Simplify<
  {
    [K in keyof B as Exclude<K, Owed<Row, B>>]: K extends keyof Row
      ? CheckedValue<Row[K], B[K]>
      : string extends K
        ? B[K]
        : `\`${R}\` takes no \`${K & string}\``;
  } & { [K in Owed<Row, B>]: Row[K] }
>;

/** What a body must have. What a row refers to may be written with it, and then its column is the server's to write. */
type Owed<Row, B> = true extends Refers<Row, B> ? never : RequiredKey<Row>;

type Refers<Row, B> = {
  [K in keyof B & keyof Row]: "one" extends WishFor<Row[K]> ? true : never;
}[keyof B & keyof Row];

/** What stands under a name of a row. */
type CheckedValue<Expected, V> = [WishFor<Expected>] extends [never] ? Expected : CheckedWish<Expected, V>;

type RequiredKey<Row> = { [K in keyof Row]-?: {} extends Pick<Row, K> ? never : K }[keyof Row];

type Given<C, Names, Required> = Simplify<Gives<C, Names, Required>>;

/** Values of columns, and of those that hold numbers what is added to them. */
type Changed<C, Names> = Simplify<{
  readonly [K in keyof C & Names]?: Value<C[K]> | NullOf<C[K]> | Addend<C[K]> | undefined;
}>;

type Gives<C, Names, Required> = {
  readonly [K in keyof C & Names & Required]: Value<C[K]> | NullOf<C[K]>;
} & {
  readonly [K in keyof C & Exclude<Names, Required>]?: Value<C[K]> | NullOf<C[K]> | undefined;
};

/** The columns some rule lets a client write: those it names, else those the server does not make. */
type Writable<C, Rule, M, Facts> = Rule extends { readonly write: infer Choice }
  ? Exclude<M extends "POST" ? ChosenAlways<C, Choice> : Chosen<C, Choice>, Kept<Facts, Rule>>
  : Rule extends unknown
    ? Exclude<
        { [K in keyof C & string]: Made<C[K], M> extends true ? never : K }[keyof C & string],
        Masked<C, Rule> | Kept<Facts, Rule>
      >
    : never;

/** The columns that are not a client's to write, as what is true of the table says; a rule may lift some of it. */
type Kept<Facts, Rule> = Set<Facts, Rule> | (Rule extends Restoring ? never : Named<Facts, "softDelete">);

/** The columns of a new row that the server sets. */
type Set<Facts, Rule> =
  | Named<Facts, "version">
  | (Rule extends { readonly unrestricted: true }
      ? never
      : Facts extends { readonly set: infer Columns }
        ? keyof Columns
        : never);

type Named<Facts, Key extends string> = Facts extends { readonly [K in Key]: infer Name } ? Name : never;

/** A rule that lets deleted rows be restored, where it names the column: not by all but some. */
interface Restoring {
  readonly deleted: string;
  readonly write: { readonly mode?: true; readonly columns: unknown } | readonly unknown[];
}

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

/** The columns some rule provides; any, where TypeScript cannot tell. */
type Provided<Rule> = Rule extends { readonly beforeQuery: (...parameters: never[]) => unknown }
  ? string
  :
      | (Rule extends { injectBody(body: infer Body, ...rest: never[]): infer Row }
          ? Injected<Body, Awaited<Row>>
          : never)
      | (Rule extends { readonly validateBody: { readonly "~standard": { readonly types?: infer Types } } }
          ? Filled<NonNullable<Types>>
          : never);

/** What a row has that its body need not have. Where that is nothing, the author changed it in a way no type says. */
type Injected<Body, Row> = 0 extends 1 & Row
  ? string
  : [Added<Body, Row>] extends [never]
    ? string
    : Added<Body, Row>;

type Added<Body, Row> = Row extends unknown ? Exclude<SureKey<Row>, SureKey<Body>> : never;

type Filled<Types> = Types extends { readonly input: infer Body; readonly output: infer Row }
  ? Added<Body, Row>
  : never;

/** The keys an object surely has. */
type SureKey<T> = keyof {
  [K in keyof T as string extends K ? never : {} extends Pick<T, K> ? never : K]: true;
};

type Needed<C> = {
  [K in keyof C]: C[K] extends Column
    ? C[K]["_"]["notNull"] extends true
      ? C[K]["_"]["hasDefault"] extends true
        ? never
        : K
      : never
    : never;
}[keyof C];
