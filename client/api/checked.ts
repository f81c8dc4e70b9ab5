import type { One } from "drizzle-orm";
import type { AnyApi, ColumnsOf, RelationsOf, TargetOf } from "../../src/infer.ts";
import type { RulesForbid } from "../column/ground.ts";
import type {
  ChangeMethod,
  Flags,
  Method,
  OnConflict,
  PageFlags,
  ReadFlags,
  Scope,
  Turn,
} from "../options.ts";
import type { CheckedRow, PatchBody, PostBody } from "./body.ts";
import type { WithoutWhere } from "./callable.ts";
import type { CheckedFilter, Drafted, Forbidden, NoColumn } from "./checked-filter.ts";
import type { CheckedOrder } from "./checked-order.ts";
import type { Nameable } from "./columns.ts";
import type { Omitted } from "./draft.ts";
import type { RuleGround } from "./ground.ts";
import type { Declares, ParamsOf, WantsParams } from "./parameters.ts";
import type { Parts, WantsWhere } from "./question.ts";
import type { Embeddable, Meant, RelationAt, RelationRules, Searches } from "./relations.ts";
import type { FactsOf, TableOf, Unknown } from "./resource.ts";
import type { HasScope, Rules } from "./rules.ts";

/** A question about rows to change. Where every rule wants a filter, it has one. */
export type CheckedChange<A extends AnyApi, R extends string, M extends ChangeMethod, Q> = [
  WantsWhere<Rules<A, R, M, Q>>,
  Omitted<Q>,
  {},
] extends [true, false, Pick<Q, "where" & keyof Q>]
  ? { readonly where: WithoutWhere<R> }
  : Checked<A, R, M, Q>;

/** A question about rows to read. Where every rule wants a filter, it has one. */
export type CheckedRead<A extends AnyApi, R extends string, Q> = [
  WantsWhere<Rules<A, R, "GET", Q>>,
  Omitted<Q>,
  undefined,
] extends [true, false, Filter<Q>]
  ? { readonly where: WithoutWhere<R> }
  : Checked<A, R, "GET", Q>;

/** A question about one row to read, which is on no page. */
export type CheckedFirst<A extends AnyApi, R extends string, Q> = [keyof Q & OfLists] extends [never]
  ? CheckedRead<A, R, Q>
  : { [K in keyof Q]: K extends OfLists ? OfList<K, Q[K]> : Q[K] };

/** A question about all pages of a list, from the first on or behind a cursor. */
export type CheckedPages<A extends AnyApi, R extends string, Q> = "before" extends keyof Q
  ? {
      [K in keyof Q]: K extends "before"
        ? "pages are walked forward: begin behind a cursor with `after`"
        : Q[K];
    }
  : CheckedRead<A, R, Q>;

type OfLists = Exclude<keyof PageFlags, keyof ReadFlags> | keyof Turn;

/** What is asked of lists alone; a question that may be for either is let through. */
type OfList<K extends string, V> = undefined extends V
  ? V
  : `\`first\` answers one row, which has no \`${K}\`: call \`get\``;

/** The filter of a question, or undefined, where it may have none. */
type Filter<Q> = Q extends { readonly where: infer Where } ? Where : undefined;

/** A question in which a sentence stands wherever a name is not one of its own; it is the question itself when all are. */
export type Checked<A extends AnyApi, R extends string, M extends Method, Q> = true extends
  | Unknown<A>
  | Omitted<Q>
  ? Q
  : {
      [K in keyof Q]: K extends Parts[M]
        ? CheckedPart<A, TableOf<A, R>, Rules<A, R, M, Q>, M, R, K, Required<Q>[K]>
        : K extends Scope
          ? HasScope<A, R, M, K> extends true
            ? Q[K]
            : Q[K] extends true
              ? `\`${R}\` has no rule for \`${K}\``
              : Q[K]
          : K extends keyof (M extends "GET" ? PageFlags : Flags)
            ? CheckedFlag<Rules<A, R, M, Q>, R, K, Q[K]>
            : K extends "params" | "ifVersion" | "onConflict"
              ? CheckedBeside<A, R, M, Q, K>
              : string extends K
                ? Q[K]
                : Stranger<K, M, R>;
    } & MissingParams<A, R, M, Q>;

/** Why a name is no part of a question. */
type Stranger<K, M extends Method, R extends string> = `there is no \`${K & string}\` in a ${M} of \`${R}\``;

/** What stands beside the selector and is no flag. */
type CheckedBeside<
  A extends AnyApi,
  R extends string,
  M extends Method,
  Q,
  K extends keyof Q,
> = K extends "params"
  ? CheckedParams<A, R, Rules<A, R, M, Q>, Q[K]>
  : K extends "onConflict"
    ? M extends "POST"
      ? CheckedConflict<A, R, Q[K]>
      : Stranger<K, M, R>
    : M extends ChangeMethod
      ? Unversioned<A, TableOf<A, R>> extends true
        ? `\`${R}\` counts no versions`
        : undefined extends Required<Q>[K]
          ? "a version that may be undefined would guard nothing"
          : Q[K]
      : Stranger<K, M, R>;

/** By which key rows meet, and what is changed then: columns that a POST writes, and those that a PATCH does. */
type CheckedConflict<A extends AnyApi, R extends string, Wish> = Wish extends object
  ? {
      [K in keyof Wish]: K extends "target"
        ? ConflictNames<R, keyof PostBody<A, R>, Wish[K]>
        : K extends "update"
          ? ConflictNames<R, keyof PatchBody<A, R>, Wish[K]>
          : K extends keyof OnConflict
            ? Wish[K]
            : `there is no \`${K & string}\` in \`onConflict\``;
    }
  : Wish;

type ConflictNames<R extends string, Name, Names> = Names extends readonly unknown[]
  ? {
      [I in keyof Names]: Names[I] extends Name
        ? Names[I]
        : string extends Names[I]
          ? Names[I]
          : `\`${R}\` takes no \`${Names[I] & string}\``;
    }
  : Names;

/** Parameters, as the rules that may apply take them. */
export type CheckedParams<A extends AnyApi, R extends string, Rule, P> = [
  keyof ParamsOf<A, R, Rule>,
] extends [never]
  ? `\`${R}\` takes no parameters`
  :
      | CheckedRow<R, ParamsOf<A, R, Rule>, NonNullable<P>>
      | (WantsParams<A, R, Rule> extends true ? never : undefined);

/** Whether a table surely counts no versions: where something is said of tables, and of this one it is not. */
type Unversioned<A extends AnyApi, T> = [keyof A["tables"]] extends [never]
  ? false
  : [FactsOf<A, T>] extends [{ readonly version: string }]
    ? [FactsOf<A, T>] extends [never]
      ? true
      : false
    : true;

/** Parameters that were forgotten altogether. */
type MissingParams<A extends AnyApi, R extends string, M extends Method, Q> = "params" extends keyof Q
  ? unknown
  : Declares<A> extends true
    ? WantsParams<A, R, Rules<A, R, M, Q>> extends true
      ? { readonly params: ParamsOf<A, R, Rules<A, R, M, Q>> }
      : unknown
    : unknown;

/** A flag that rules may forbid. */
type CheckedFlag<Rule, Name extends string, K, V> = K extends "cursor"
  ? RulesForbid<Rule, "cursor"> extends true
    ? Forbidden<K, Name>
    : V
  : V;

type CheckedPart<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Kind extends keyof Parts,
  Name extends string,
  K,
  P,
  Known extends Drafted = "known",
> =
  Forbids<Rule, K> extends true
    ? Forbidden<K, Name>
    : K extends "columns"
      ? CheckedNames<Nameable<ColumnsOf<A["schema"], T>, Rule>, Name, P>
      : K extends "orderBy"
        ? CheckedOrder<RuleGround<A, T, Rule>, Name, P>
        : K extends "where"
          ? [Kind, undefined] extends [ChangeMethod, P]
            ? "a filter that may be undefined would change every row"
            : CheckedFilter<RuleGround<A, T, Rule>, Name, P, Known>
          : K extends "with"
            ? Kind extends "one" | "many" | "GET"
              ? CheckedRelations<A, T, Rule, Name, P>
              : Insists<P> extends true
                ? Insisted<P, Kind>
                : CheckedRelations<A, T, Rule, Name, P>
            : K extends "count"
              ? CheckedCounts<A, T, Rule, Name, P>
              : K extends "search"
                ? Searches<Rule> extends true
                  ? P
                  : [P] extends [undefined]
                    ? P
                    : `no rule of \`${Name}\` lets words be looked for`
                : P;

/** Whether every rule forbids a part; cursors are one thing. */
type Forbids<Rule, K> = K extends keyof Turn ? RulesForbid<Rule, "cursor"> : RulesForbid<Rule, K>;

type CheckedNames<Known, Name extends string, P> = P extends object
  ? { [K in keyof P]: K extends Known ? P[K] : string extends K ? P[K] : NoColumn<Name, K> }
  : P;

/** Whether a relation is required, by which rows are left out. */
type Insists<P> = true extends {
  [K in keyof P]: P[K] extends { readonly required: true } ? true : never;
}[keyof P]
  ? true
  : false;

/** Relations of which some are required where nothing is left out. */
type Insisted<P, Kind extends string> = {
  [K in keyof P]: P[K] extends { readonly required: true }
    ? {
        [I in keyof P[K]]: I extends "required"
          ? `a ${Kind} answers every row it writes: \`required\` leaves out none`
          : P[K][I];
      }
    : P[K];
};

type CheckedRelations<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  P,
> = P extends object
  ? {
      [K in keyof P]: Meant<K, P[K]> extends infer R
        ? R extends Embeddable<Rule>
          ? P[K] extends object
            ? [R, K] extends [K, R] | [unknown, Exclude<K, Nameable<ColumnsOf<A["schema"], T>, Rule>>]
              ? CheckedRelation<
                  A,
                  TargetOf<A["schema"], RelationAt<A["schema"], T, R, Rule>>,
                  RelationRules<A, Rule, R>,
                  RelationAt<A["schema"], T, R, Rule> extends One ? "one" : "many",
                  R,
                  P[K],
                  [R] extends [K] ? "known" : "unknown"
                >
              : `\`${K & string}\` is a column of \`${Name}\`: give \`${R}\` another name`
            : P[K]
          : string extends K
            ? P[K]
            : P[K] extends false | undefined
              ? P[K]
              : NoRelation<A, T, Name, R>
        : never;
    }
  : P;

/** Why a relation is none that may be asked for. */
type NoRelation<A extends AnyApi, T extends keyof A["schema"], Name extends string, R> = [
  R & keyof RelationsOf<A["schema"], T>,
] extends [never]
  ? `\`${Name}\` has no relation \`${R & string}\``
  : `no rule of \`${Name}\` lets \`${R & string}\` be asked for`;

type CheckedRelation<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Kind extends "one" | "many",
  Name extends string,
  Q,
  Known extends Drafted,
> = {
  [K in keyof Q]: K extends Parts[Kind]
    ? CheckedPart<A, T, Rule, Kind, Name, K, Q[K], Known>
    : K extends Parts["many"]
      ? `\`${Name}\` is one row: it takes \`columns\`, \`with\` and \`count\` only`
      : string extends K
        ? Q[K]
        : `there is no \`${K & string}\` in a relation`;
};

/** The relations of which rows are counted. */
type CheckedCounts<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  P,
> = P extends object
  ? {
      [K in keyof P]: Meant<K, P[K]> extends infer R
        ? R extends Embeddable<Rule>
          ? RelationAt<A["schema"], T, R, Rule> extends One
            ? `\`${R}\` is one row, and is not counted`
            : RulesForbid<RelationRules<A, Rule, R>, "count"> extends true
              ? Forbidden<"count", R>
              : P[K] extends object
                ? CheckedCount<
                    A,
                    TargetOf<A["schema"], RelationAt<A["schema"], T, R, Rule>>,
                    RelationRules<A, Rule, R>,
                    R,
                    P[K],
                    [R] extends [K] ? "known" : "unknown"
                  >
                : P[K]
          : string extends K
            ? P[K]
            : P[K] extends false | undefined
              ? P[K]
              : NoRelation<A, T, Name, R>
        : never;
    }
  : P;

/** Which rows of a relation are counted. */
type CheckedCount<
  A extends AnyApi,
  T extends keyof A["schema"],
  Rule,
  Name extends string,
  Q,
  Known extends Drafted,
> = {
  [K in keyof Q]: K extends "where"
    ? RulesForbid<Rule, "where"> extends true
      ? Forbidden<"where", Name>
      : CheckedFilter<RuleGround<A, T, Rule>, Name, Q[K], Known>
    : K extends "relation"
      ? Q[K]
      : `there is no \`${K & string}\` in a count: it takes \`where\` and \`relation\``;
};
