import type { Column, One, SQL } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, Shape, TargetOf } from "./selector.ts";

/**
 * The value of a column as JSON carries it: dates and big integers as text, bytes as base64, null where the column may be.
 * A computed field of a view is what its author says it is, where JSON carries that as it is.
 */
export type Field<C> = C extends Column
  ?
      | (C["_"]["dataType"] extends "json" ? C["_"]["data"] : Carried<C["_"]["data"]>)
      | (C["_"]["notNull"] extends true ? never : null)
  : C extends SQL.Aliased<infer T>
    ? ComputedField<T>
    : never;

/** The value of a computed field, as its author says; unknown where JSON would carry it as something else. */
export type ComputedField<T> = unknown extends T
  ? unknown
  : T extends string | number | boolean | null
    ? T
    : unknown;

type Carried<D> = D extends Date | bigint | Uint8Array
  ? string
  : D extends readonly unknown[]
    ? { [I in keyof D]: Carried<D[I]> }
    : D;

/** An intersection as the one object it is. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/**
 * A row of a table as it is answered to a question `Q`. A column named with `true` is there. Without a question, and
 * wherever "all columns" are asked for, every column is optional: only the rule on the server knows which ones it lets out.
 *
 * @example Row<Schema, "fruit", { columns: { name: true } }> // { name: string }
 */
export type Row<S extends SchemaShape, T extends keyof S, Q = Shape<S, T>> = Simplify<
  Columns<ColumnsOf<S, T>, PartOf<Q, "columns">> & Related<S, RelationsOf<S, T>, PartOf<Q, "with">>
>;

/** A member of a question; `undefined` where it has none. */
export type PartOf<Q, K extends string> = K extends keyof Q ? Q[K] : undefined;

type Columns<C, P> = [P] extends [false]
  ? unknown
  : [P] extends [object]
    ? Chosen<C, P>
    : { [K in keyof C]?: Field<C[K]> };

/** Columns by a map: those with `true`, or, if it has none, all but those with `false`. */
type Chosen<C, P> = [KeysWith<P, true>] extends [never]
  ? { [K in Exclude<keyof C, KeysWith<P, false>>]?: Field<C[K]> }
  : { [K in keyof C & KeysWith<P, true>]: Field<C[K]> } & {
      [K in keyof C & Exclude<keyof P, KeysWith<P, boolean>>]?: Field<C[K]>;
    };

/** The keys whose value is surely `V`; for `boolean`, surely one or the other. */
export type KeysWith<P, V extends boolean> = {
  [K in keyof P]-?: [P[K]] extends [true]
    ? true extends V
      ? K
      : never
    : [P[K]] extends [false]
      ? false extends V
        ? K
        : never
      : never;
}[keyof P];

/** The relations asked for; all of them, optional, when the question is not known. */
type Related<S extends SchemaShape, R, W> = [W] extends [undefined]
  ? unknown
  : undefined extends W
    ? { [K in keyof R]?: Relative<S, R[K], Shape<S, TargetOf<S, R[K]>>> }
    : { [K in keyof W & keyof R as W[K] extends true | object ? K : never]: Relative<S, R[K], W[K]> } & {
        [
          K in keyof W & keyof R as W[K] extends true | object
            ? never
            : W[K] extends false | undefined
              ? never
              : K
        ]?: Relative<S, R[K], W[K]>;
      };

/** One row or none, or a list of rows; a rule may hide the one. */
type Relative<S extends SchemaShape, R, Q> = R extends One
  ? Row<S, TargetOf<S, R>, Asked<Q>> | null
  : Row<S, TargetOf<S, R>, Asked<Q>>[];

/** What was asked of a relation: `true` is every column and no relation. */
type Asked<Q> = [Extract<Q, object>] extends [never] ? {} : Extract<Q, object>;

/** The answer with a list of rows under the resource's name `R`. */
export type ManyAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  { count: number } & Total<O> & Rows<O, R, Row<S, T, SelectOf<S, T, O>>[]>
>;

/** The answer with one row, or null, under the resource's name `R`. */
export type FirstAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  Total<O> & Rows<O, R, Row<S, T, SelectOf<S, T, O>> | null>
>;

/** The answer to a write; the rows that changed are there where the rule lets them out. */
export type WriteAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  { count: number; rowsAffected: number } & Total<O> & { [K in R]?: Row<S, T, SelectOf<S, T, O>>[] }
>;

type Total<O> = O extends { readonly countTotal: true } ? { total: number } : { total?: number };

/** Rows under their name; without columns they may be left out altogether. */
type Rows<O, R extends string, V> = O extends { readonly select: { readonly columns: false } }
  ? { [K in R]?: V }
  : { [K in R]: V };

/** The selector of a question: unknown where the question is only known by its type, empty where it has none. */
type SelectOf<S extends SchemaShape, T extends keyof S, O> = O extends {
  readonly select: infer Q extends object;
}
  ? Q
  : "select" extends keyof O
    ? Shape<S, T>
    : {};
