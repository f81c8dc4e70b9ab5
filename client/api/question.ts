import type { One } from "drizzle-orm";
import type { SelectorKey } from "../../src/request/method.ts";
import type { AnyApi, ColumnsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { Conditions, FilterAt, OneOf } from "../column/filter.ts";
import type { Ordering } from "../column/ordering.ts";
import type { ChangeMethod, Flags, Method } from "../options.ts";
import type { Simplify } from "../part.ts";
import type { Filterable, Nameable, Visible } from "./columns.ts";
import type { Embeddable, RelationAt, RelationRules } from "./relations.ts";
import type { Anything, ResourceColumns, TableOf, Unknown } from "./resource.ts";
import type { Rules } from "./rules.ts";

/** What a read asks: flags and selector in one object, each name one that a rule lets out. */
export type ReadQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags &
          ListParts<A["schema"], TableOf<A, R>, Rules<A, R, "GET", AnyScope>> & {
            readonly where?: FilterOf<A, R, "GET"> | undefined;
          }
      >;

/** What a POST asks for beside its body. */
export type PostQuestion<A extends AnyApi, R extends string> =
  Unknown<A> extends true
    ? Anything
    : Simplify<Flags & RowParts<A["schema"], TableOf<A, R>, Rules<A, R, "POST", AnyScope>>>;

/** Which rows a PATCH or DELETE changes, and what of them comes back. */
export type ChangeQuestion<A extends AnyApi, R extends string, M extends ChangeMethod> =
  Unknown<A> extends true
    ? Anything
    : Simplify<
        Flags &
          RowParts<A["schema"], TableOf<A, R>, Rules<A, R, M, AnyScope>> &
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
type Where<A extends AnyApi, R extends string, M extends Method> = Conditions<
  Filtered<A, R, M>,
  WithinOf<A, R, M>
>;
/** The filters that may stand inside a `FilterOf`. */
export interface WithinOf<A extends AnyApi, R extends string, M extends Method> {
  readonly filter: FilterOf<A, R, M>;
}

/** The columns a filter may name. */
export type Filtered<A extends AnyApi, R extends string, M extends Method> = Pick<
  ResourceColumns<A, R>,
  M extends "GET"
    ? Visible<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>
    : Filterable<ResourceColumns<A, R>, Rules<A, R, M, AnyScope>>
>;

/** Whether every rule refuses to change rows that no filter names. */
export type WantsWhere<Rule> = [Rule] extends [{ readonly requireWhere: true }]
  ? [Rule] extends [never]
    ? false
    : true
  : false;

/** A scope that may be any. */
export type AnyScope = { readonly mine: boolean };

/** What of a row is asked for, as far as rules let it out. */
export interface RowParts<S extends SchemaShape, T extends keyof S, Rule> {
  readonly columns?:
    | boolean
    | { readonly [K in Nameable<ColumnsOf<S, T>, Rule>]?: boolean | undefined }
    | undefined;
  readonly with?:
    | {
        readonly [K in Embeddable<Rule>]?:
          | boolean
          | RelationParts<S, TargetOf<S, RelationAt<S, T, K>>, RelationRules<Rule, K>, RelationAt<S, T, K>>
          | undefined;
      }
    | undefined;
}

/** What a list is asked for beside its filter. */
export interface ListParts<S extends SchemaShape, T extends keyof S, Rule> extends RowParts<S, T, Rule> {
  readonly orderBy?: Ordering<Pick<ColumnsOf<S, T>, Visible<ColumnsOf<S, T>, Rule>>> | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** What of a relation is asked for: of one row its shape, of a list its rows and their order too. */
export type RelationParts<S extends SchemaShape, T extends keyof S, Rule, R> = R extends One
  ? Simplify<RowParts<S, T, Rule>>
  : Simplify<
      ListParts<S, T, Rule> & {
        readonly where?: FilterAt<S, T, Visible<ColumnsOf<S, T>, Rule>> | undefined;
      }
    >;

/** The parts a question may have, by method; `one` is a relation to one row, `many` to a list. */
export type Parts = {
  readonly GET: SelectorKey;
  readonly POST: "columns" | "with";
  readonly PATCH: "columns" | "where" | "with";
  readonly DELETE: "columns" | "where" | "with";
  readonly one: "columns" | "with";
  readonly many: SelectorKey;
};
