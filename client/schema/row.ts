import type { One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { Field } from "../column/value.ts";
import type { Counted } from "../api/answer.ts";
import type { AskedOfRelation, KeysWith, PartOf, Simplify } from "../part.ts";
import type { Shape } from "./selector.ts";

/**
 * A row of a table as it is answered to a question `Q`. A column named with `true` is there. Without a question, and
 * wherever "all columns" are asked for, every column is optional: only the rule on the server knows which ones it lets out.
 *
 * @example Row<Schema, "fruit", { columns: { name: true } }> // { name: string }
 */
export type Row<S extends SchemaShape, T extends keyof S, Q = Shape<S, T>> = Simplify<
  Columns<ColumnsOf<S, T>, PartOf<Q, "columns">> &
    Related<S, RelationsOf<S, T>, PartOf<Q, "with">> &
    Counted<PartOf<Q, "count">> &
    CutLists<CutList<RelationsOf<S, T>, PartOf<Q, "with">>>
>;

type Columns<C, P> = [P] extends [false]
  ? unknown
  : [P] extends [object]
    ? ColumnsByMap<C, P>
    : { [K in keyof C]?: Field<C[K]> };

/** Columns by a map: those with `true`, or, if it has none, all but those with `false`. */
type ColumnsByMap<C, P> = [KeysWith<P, true>] extends [never]
  ? { [K in Exclude<keyof C, KeysWith<P, false>>]?: Field<C[K]> }
  : { [K in keyof C & KeysWith<P, true>]: Field<C[K]> } & {
      [K in keyof C & Exclude<keyof P, KeysWith<P, boolean>>]?: Field<C[K]>;
    };

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

/** Which lists a rule's maximum cut short. */
type CutLists<Name> = [Name] extends [never] ? unknown : { $more?: readonly Name[] };

type CutList<R, W> = [W] extends [undefined]
  ? never
  : {
      [K in keyof R]: R[K] extends One
        ? never
        : K extends keyof W
          ? W[K] extends false | undefined | { readonly limit: number }
            ? never
            : K
          : never;
    }[keyof R];

/** One row or none, or a list of rows; a rule may hide the one. */
type Relative<S extends SchemaShape, R, Q> = R extends One
  ? Row<S, TargetOf<S, R>, AskedOfRelation<Q>> | (Q extends { readonly required: true } ? never : null)
  : Row<S, TargetOf<S, R>, AskedOfRelation<Q>>[];
