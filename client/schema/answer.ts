import type { SchemaShape } from "../../src/infer.ts";
import type { ChangeMethod, Inserted } from "../options.ts";
import type { Cut, Filtered, Page } from "../api/answer.ts";
import type { Simplify } from "../part.ts";
import type { Row } from "./row.ts";
import type { Shape } from "./selector.ts";

/** The answer with a list of rows under the resource's name `R`. */
export type ManyAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  { count: number } & Total<O> &
    Filtered<O> &
    Paged<SelectOf<S, T, O>, O> &
    Cut<SelectOf<S, T, O>> &
    Rows<O, R, ReadRow<S, T, O>[]>
>;

/** The answer with one row, or null, under the resource's name `R`. */
export type FirstAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  Total<O> & Rows<O, R, ReadRow<S, T, O> | null>
>;

/** The answer to a write; the rows that changed are there where the rule lets them out. */
export type WriteAnswer<S extends SchemaShape, T extends keyof S, R extends string, O> = Simplify<
  { count: number; rowsAffected: number } & Total<O> &
    Inserted<O> & { [K in R]?: Row<S, T, SelectOf<S, T, O>>[] }
>;

/** A row, and where it was asked for, which methods may change it. */
type ReadRow<S extends SchemaShape, T extends keyof S, O> = O extends { readonly can: true }
  ? Simplify<Row<S, T, SelectOf<S, T, O>> & { $can: { [M in ChangeMethod]?: boolean } }>
  : Row<S, T, SelectOf<S, T, O>>;

type Total<O> = O extends { readonly countTotal: true } ? { total: number } : { total?: number };

type Paged<Q, O> = O extends { readonly cursor: true }
  ? { page: Page }
  : Q extends { readonly after: string } | { readonly before: string }
    ? { page: Page }
    : "cursor" extends keyof O
      ? { page?: Page }
      : unknown;

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
