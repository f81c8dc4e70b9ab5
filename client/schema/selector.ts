import type { One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { FilterAt } from "../column/filter.ts";
import type { Ordering } from "../column/ordering.ts";
import type { NullOf, Value } from "../column/value.ts";
import type { Flags } from "../options.ts";

/** Which columns: all, none, only those with `true`, or all but those with `false`. */
export type Projection<C> = boolean | { readonly [K in keyof C]?: boolean | undefined };

/** The relations to load, each with `true` or a selector of its own. */
export type Embedding<S extends SchemaShape, T extends keyof S> = [keyof RelationsOf<S, T>] extends [never]
  ? Readonly<Record<string, never>>
  : {
      readonly [R in keyof RelationsOf<S, T>]?:
        | boolean
        | RelationSelector<S, RelationsOf<S, T>[R]>
        | undefined;
    };

/** What a relation takes: one row a shape, a list a selector. */
export type RelationSelector<S extends SchemaShape, R> = R extends One
  ? Shape<S, TargetOf<S, R>>
  : Selector<S, TargetOf<S, R>>;

/** What a row holds: columns and relations. */
export interface Shape<S extends SchemaShape, T extends keyof S> {
  readonly columns?: Projection<ColumnsOf<S, T>> | undefined;
  readonly with?: Embedding<S, T> | undefined;
}

/** What is read: which columns and relations, of which rows, in which order. */
export interface Selector<S extends SchemaShape, T extends keyof S> extends Shape<S, T> {
  readonly where?: FilterAt<S, T, keyof ColumnsOf<S, T>> | undefined;
  readonly orderBy?: Ordering<ColumnsOf<S, T>> | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Which rows change, and what of them comes back. A filter that may be undefined does not fit: it would change every row. */
export interface ChangeSelector<S extends SchemaShape, T extends keyof S> extends Shape<S, T> {
  readonly where?: FilterAt<S, T, keyof ColumnsOf<S, T>>;
}

/** The question of `GetFirst` and `GetMany`. */
export interface ReadOptions<S extends SchemaShape, T extends keyof S> extends Flags {
  readonly select?: Selector<S, T> | undefined;
}

/** The question of `Get`. */
export interface GetOptions<S extends SchemaShape, T extends keyof S> extends ReadOptions<S, T> {
  /** One row, or null, instead of a list. */
  readonly findFirst?: boolean | undefined;
}

/** What `Post` asks for beside its body. */
export interface PostOptions<S extends SchemaShape, T extends keyof S> extends Flags {
  readonly select?: Shape<S, T> | undefined;
}

/** What `Patch` and `Delete` ask for. */
export interface ChangeOptions<S extends SchemaShape, T extends keyof S> extends Flags {
  readonly select?: ChangeSelector<S, T> | undefined;
}

/** The columns of a row to write. None is required: which of them the server fills in, only its rules know. */
export type Body<S extends SchemaShape, T extends keyof S> = {
  readonly [K in keyof ColumnsOf<S, T>]?: Value<ColumnsOf<S, T>[K]> | NullOf<ColumnsOf<S, T>[K]> | undefined;
};
