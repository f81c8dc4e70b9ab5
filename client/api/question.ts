import type { One } from "drizzle-orm";
import type { SelectorKey } from "../../src/request/method.ts";
import type { AnyApi, ColumnsOf, TargetOf } from "../../src/infer.ts";
import type { ConditionsOn, FilterOn, OneOf } from "../column/filter.ts";
import type { Ordering, Sort } from "../column/ordering.ts";
import type { ChangeMethod, Flags, Guards, Method, OnConflict, PageFlags, Turn } from "../options.ts";
import type { Simplify } from "../part.ts";
import type { PatchBody, PostBody } from "./body.ts";
import type { Nameable } from "./columns.ts";
import type { RuleGround } from "./ground.ts";
import type { Countable, Embeddable, RelationAt, RelationRules, Searches } from "./relations.ts";
import type { Anything, TableOf, Unknown } from "./resource.ts";
import type { ParamsPart } from "./parameters.ts";
import type { Rules } from "./rules.ts";

/** What a read asks: flags and selector in one object, each name one that a rule lets out. */
export type ReadQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        PageFlags &
          Turn &
          ParamsPart<A, R, "GET"> &
          ListParts<A, TableOf<A, R>, Rules<A, R, "GET", AnyScope>> &
          (WantsWhere<Rules<A, R, "GET", AnyScope>> extends true
            ? { readonly where: FilterOf<A, R, "GET"> }
            : { readonly where?: FilterOf<A, R, "GET"> | undefined })
      >;

/** What a POST asks for beside its body. */
export type PostQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags & {
          readonly onConflict?: OnConflict<keyof PostBody<A, R>, keyof PatchBody<A, R>> | undefined;
        } & ParamsPart<A, R, "POST"> &
          RowParts<A, TableOf<A, R>, Rules<A, R, "POST", AnyScope>>
      >;

/** Which rows a PATCH or DELETE changes, and what of them comes back. */
export type ChangeQuestion<A extends AnyApi, R extends string, M extends ChangeMethod> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags &
          Guards &
          ParamsPart<A, R, M> &
          RowParts<A, TableOf<A, R>, Rules<A, R, M, AnyScope>> &
          (WantsWhere<Rules<A, R, M, AnyScope>> extends true
            ? { readonly where: FilterOf<A, R, M> }
            : { readonly where?: FilterOf<A, R, M> })
      >;

/** Which rows of a resource a request is about. */
export type FilterOf<A extends AnyApi, R extends string, M extends Method> =
  | Where<A, R, M>
  | OneOf<WithinOf<A, R, M>>
  | (Unknown<A> extends true ? Anything : never);

// Named by what a reader knows, as errors print it: 'statu' does not exist in type 'Where<Api, "tasks", "GET">'.
type Where<A extends AnyApi, R extends string, M extends Method> = ConditionsOn<
  GroundOf<A, R, M>,
  WithinOf<A, R, M>
>;
/** The filters that may stand inside a `FilterOf`. */
export interface WithinOf<A extends AnyApi, R extends string, M extends Method> {
  readonly filter: FilterOf<A, R, M>;
}

/** What the filters of a resource look names up in. */
export type GroundOf<A extends AnyApi, R extends string, M extends Method> = RuleGround<
  A,
  TableOf<A, R>,
  Rules<A, R, M, AnyScope>
>;

/** Whether every rule refuses a question without a filter; what one must name is not known here. */
export type WantsWhere<Rule> = [Rule] extends [{ readonly requireWhere: true | "key" }]
  ? [Rule] extends [never]
    ? false
    : true
  : false;

/** A scope that may be any. */
export type AnyScope = { readonly mine: boolean };

/** What of a row is asked for, as far as rules let it out. */
export interface RowParts<A extends AnyApi, T extends keyof A["schema"], Rule> {
  readonly columns?:
    | boolean
    | { readonly [K in Nameable<ColumnsOf<A["schema"], T>, Rule>]?: boolean | undefined }
    | undefined;
  readonly with?:
    | {
        readonly [K in Embeddable<Rule>]?:
          | boolean
          | RelationParts<
              A,
              TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>,
              RelationRules<A, Rule, K>,
              RelationAt<A["schema"], T, K, Rule>
            >
          | undefined;
      }
    | undefined;
  /** The relations of which rows are counted: all that are seen, or those of a filter. */
  readonly count?:
    | {
        readonly [K in Countable<A, T, Rule>]?:
          | boolean
          | {
              readonly where?:
                | FilterOn<
                    RuleGround<
                      A,
                      TargetOf<A["schema"], RelationAt<A["schema"], T, K, Rule>>,
                      RelationRules<A, Rule, K>
                    >
                  >
                | undefined;
            }
          | undefined;
      }
    | undefined;
}

/** What a list is asked for beside its filter. */
export interface ListParts<A extends AnyApi, T extends keyof A["schema"], Rule> extends RowParts<A, T, Rule> {
  readonly orderBy?: (Ordering<RuleGround<A, T, Rule>> & Relevance<Rule>) | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Words to look for. */
  readonly search?: (Searches<Rule> extends true ? string : undefined) | undefined;
}

/** The order by how well rows match the words that are looked for. */
export type Relevance<Rule> = Searches<Rule> extends true ? { readonly search?: Sort | undefined } : unknown;

/** What of a relation is asked for: of one row its shape, of a list its rows and their order too. */
export type RelationParts<A extends AnyApi, T extends keyof A["schema"], Rule, R> = R extends One
  ? Simplify<RowParts<A, T, Rule> & Needed>
  : Simplify<
      ListParts<A, T, Rule> &
        Needed & {
          readonly where?: FilterOn<RuleGround<A, T, Rule>> | undefined;
        }
    >;

/** Whether rows that have no row there are left out. */
export interface Needed {
  readonly required?: boolean | undefined;
}

/** The parts a question may have, by method; `one` is a relation to one row, `many` to a list. */
export type Parts = {
  readonly GET: SelectorKey;
  readonly POST: "columns" | "with" | "count";
  readonly PATCH: "columns" | "where" | "with" | "count";
  readonly DELETE: "columns" | "where" | "with" | "count";
  readonly one: "columns" | "with" | "count" | "relation" | "required";
  readonly many: Exclude<SelectorKey, "after" | "before"> | "relation" | "required";
};
