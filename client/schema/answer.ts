import type { SchemaShape } from "../../src/infer.ts";
import type { Simplify } from "../part.ts";
import type { Row } from "./row.ts";
import type { Shape } from "./selector.ts";

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
