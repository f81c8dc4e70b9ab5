import type { One } from "drizzle-orm";
import type { AnyApi, RelationsOf } from "../../src/infer.ts";
import type { BodyMethod, Method } from "../options.ts";
import type { PatchBody, PostBody } from "./body.ts";
import type { FilterOf } from "./question.ts";
import type { TableOf } from "./resource.ts";

/** The names under which some of the rules let other rows be written. */
export type NestName<Rule> = Rule extends { readonly nest: infer Nests } ? keyof Nests & string : never;

/** What a body may say of the rows that are written with its own. */
export type Nested<A extends AnyApi, R extends string, M extends BodyMethod, Rule> = {
  readonly [K in NestName<Rule>]?: Wish<A, TableOf<A, R>, K, NestAt<Rule, K>, M> | undefined;
};

/** The resource, or the list over a join table, that stands behind a name. */
type NestAt<Rule, K> = Rule extends { readonly nest: infer Nests }
  ? K extends keyof Nests
    ? Nests[K]
    : never
  : never;

type Wish<A extends AnyApi, T extends keyof A["schema"], K, Nest, M extends BodyMethod> = Nest extends string
  ? K extends keyof RelationsOf<A["schema"], T>
    ? RelationsOf<A["schema"], T>[K] extends One
      ? M extends "POST"
        ? NewOne<A, Nest>
        : ChangedOne<A, Nest>
      : readonly NewRow<A, Nest>[] | (M extends "POST" ? NewList<A, Nest> : ChangedList<A, Nest>)
    : never
  : Nest extends { readonly resource: infer Target extends string }
    ? M extends "POST"
      ? NewJoins<A, Target>
      : ChangedJoins<A, Target>
    : never;

/** A row that is made with another. What joins them is the server's to write, and no type says which columns that is. */
export type NewRow<A extends AnyApi, R extends string> = Partial<PostBody<A, R>>;

declare const nests: unique symbol;

/** What no body has, by which the types tell that other rows may be written with its own. */
export interface HasNests {
  readonly [nests]?: never;
}

declare const wish: unique symbol;

/** What no body has, by which the types tell wishes from the values of columns: those for one row, and for lists. */
export interface Wished<Rows extends "one" | "list"> {
  readonly [wish]?: Rows;
}

/** Whether what may stand under a name is a wish for one row, or for a list; neither of a column. */
export type WishFor<V> = 0 extends 1 & V
  ? never
  : V extends { readonly [wish]?: infer Rows }
    ? typeof wish extends keyof V
      ? Rows & string
      : never
    : never;

/** A wish if all its names are known, at every depth; else a sentence stands where one is not. */
export type CheckedWish<Expected, V> = 0 extends 1 & Expected
  ? V
  : V extends readonly unknown[]
    ? { [I in keyof V]: CheckedWish<ItemOf<Expected>, V[I]> }
    : V extends Date | Uint8Array
      ? Expected
      : V extends object
        ? {
            [K in keyof V]: K extends KeyOf<Expected>
              ? CheckedWish<At<Expected, K>, V[K]>
              : `\`${K & string}\` is not taken here`;
          }
        : Expected;

type ItemOf<E> = E extends readonly (infer Item)[] ? Item : never;
type KeyOf<E> = E extends unknown ? keyof E : never;
type At<E, K> = E extends unknown ? (K extends keyof E ? E[K] : never) : never;

/** The row that one refers to, or that refers to it: one of these. */
export interface NewOne<A extends AnyApi, R extends string> extends Wished<"one"> {
  readonly create?: NewRow<A, R>;
  /** A row that is there, by its key. */
  readonly connect?: FilterIn<A, R, "GET" | "PATCH">;
}
/** The same of a row that is there already. */
export interface ChangedOne<A extends AnyApi, R extends string> extends NewOne<A, R> {
  readonly update?: PatchBody<A, R>;
  readonly disconnect?: true;
}

/** The rows that belong to a new one. */
export interface NewList<A extends AnyApi, R extends string> extends Wished<"list"> {
  readonly create?: readonly NewRow<A, R>[];
  /** Rows that are there, by their keys. */
  readonly connect?: readonly FilterIn<A, R, "PATCH">[];
}
/** The rows that belong to one that is there already. */
export interface ChangedList<A extends AnyApi, R extends string> extends NewList<A, R> {
  readonly disconnect?: readonly FilterIn<A, R, "PATCH">[];
  /** All that are to belong to it. */
  readonly set?: readonly FilterIn<A, R, "PATCH">[];
  readonly update?: readonly {
    readonly where: FilterIn<A, R, "PATCH">;
    readonly body: PatchBody<A, R>;
  }[];
  readonly delete?: readonly FilterIn<A, R, "DELETE">[];
}

/** The rows that a new one is joined with, over a join table. */
export interface NewJoins<A extends AnyApi, R extends string> extends Wished<"list"> {
  readonly connect?: readonly FilterIn<A, R, "GET">[];
}
/** The rows that one is joined with that is there already. */
export interface ChangedJoins<A extends AnyApi, R extends string> extends NewJoins<A, R> {
  readonly disconnect?: readonly FilterIn<A, R, "GET">[];
  readonly set?: readonly FilterIn<A, R, "GET">[];
}

export type FilterIn<A extends AnyApi, R extends string, M extends Method> = M extends Method
  ? FilterOf<A, R, M>
  : never;
