import type { AnyApi } from "../../src/infer.ts";
import type { Simplify } from "../part.ts";
import type { Method } from "../options.ts";
import type { Open } from "./draft.ts";
import type { AnyScope } from "./question.ts";
import type { EntryOf, Resource, RulesOf } from "./resource.ts";
import type { Rules } from "./rules.ts";

/**
 * The parameters of a question under a rule, as their validators take them: those the resource declares, and those of the
 * resources whose rules it borrows. One that not every rule that may apply wants may be left out.
 */
export type ParamsOf<A extends AnyApi, R extends string, Rule> =
  Declares<A> extends true ? Inputs<Validators<A, R, Rule>, Wanted<A, R, Rule>> : {};

/** Whether anything is declared anywhere: if not, as mostly, nobody goes along the rules and what they borrow. */
export type Declares<A extends AnyApi> = [
  Extract<A["acl"][Resource<A>], { readonly params: object }>,
] extends [never]
  ? false
  : true;

type Inputs<V, Name> = Simplify<
  {
    readonly [K in keyof V & Name]: Input<V[K]>;
  } & {
    readonly [K in Exclude<keyof V, Name>]?: Input<V[K]> | undefined;
  }
>;

type Input<Validator> = Validator extends { readonly "~standard": { readonly types?: infer Types } }
  ? NonNullable<Types> extends { readonly input: infer Value }
    ? Value
    : unknown
  : unknown;

/** The validators of the parameters that some of the rules take. */
type Validators<A extends AnyApi, R extends string, Rule> = Merged<
  Declared<A, R | Lenders<A, Borrowed<Rule>>>
>;

/** The parameters that each of the rules wants. */
type Wanted<A extends AnyApi, R extends string, Rule> = keyof (Rule extends unknown
  ? Record<RequiredName<Validators<A, R, Rule>>, true>
  : never);

type RequiredName<V> = { [K in keyof V]: undefined extends Input<V[K]> ? never : K }[keyof V];

type Declared<A extends AnyApi, R extends string> =
  EntryOf<A, R> extends infer Entry ? (Entry extends { readonly params: infer Own } ? Own : never) : never;

/** One record of a union of records. */
type Merged<U> = {
  [K in U extends unknown ? keyof U : never]: U extends { readonly [P in K]: infer V } ? V : never;
};

/** Resources, and those whose rules theirs borrow, in circles too. */
type Lenders<A extends AnyApi, R extends string, Seen extends string = never> = [R] extends [never]
  ? Seen
  : Lenders<A, Exclude<Borrowed<Readers<A, R>>, Seen | R>, Seen | R>;

/** The rules that somebody may GET resources by. */
type Readers<A extends AnyApi, R extends string> =
  R extends Resource<A> ? RulesOf<A, R, "GET">[keyof RulesOf<A, R, "GET">] : never;

/** The resources that rules name, in their relations and as parents. */
type Borrowed<Rule> =
  | (Rule extends { readonly parent: infer Parents } ? Extract<Parents[keyof Parents], string> : never)
  | (Rule extends { readonly with: infer With } ? BorrowedByRelation<With[keyof With]> : never);

type BorrowedByRelation<Relation> = Relation extends string
  ? Relation
  : Relation extends object
    ? Borrowed<Relation>
    : never;

/** Whether no rule that may apply lets a question go without parameters. */
export type WantsParams<A extends AnyApi, R extends string, Rule> =
  {} extends ParamsOf<A, R, Rule> ? false : true;

/** The part of a question that holds parameters, where it takes any. */
export type ParamsPart<
  A extends AnyApi,
  R extends string,
  M extends Method,
  Rule = Rules<A, R, M, AnyScope>,
> =
  Declares<A> extends true
    ? ParamsOf<A, R, Rule> extends infer Params
      ? [keyof Params] extends [never]
        ? unknown
        : {} extends Params
          ? { readonly params?: Params | undefined }
          : { readonly params: Params }
      : never
    : unknown;

/** The same, as it is written. */
export type ParamsDraft<
  A extends AnyApi,
  R extends string,
  M extends Method,
  Rule = Rules<A, R, M, AnyScope>,
> =
  Declares<A> extends true
    ? ParamsOf<A, R, Rule> extends infer Params
      ? [keyof Params] extends [never]
        ? unknown
        : { readonly params?: (Partial<Params> & Open) | undefined }
      : never
    : unknown;
