import type { One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TargetOf } from "../../src/infer.ts";
import type { FilterAt } from "../column/filter.ts";
import type { TableGround } from "../column/ground.ts";
import type { Ordering, Sort } from "../column/ordering.ts";
import type { NullOf, Value } from "../column/value.ts";
import type { Flags, Guards, OnConflict, PageFlags, Parameters, ReadFlags, Turn } from "../options.ts";

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
export type RelationSelector<S extends SchemaShape, R> = (R extends One
  ? Shape<S, TargetOf<S, R>>
  : Selector<S, TargetOf<S, R>>) & {
  /** Whether rows that have no row there are left out. */
  readonly required?: boolean | undefined;
};

/** What a row holds: columns and relations. */
export interface Shape<in out S extends SchemaShape, in out T extends keyof S> {
  readonly columns?: Projection<ColumnsOf<S, T>> | undefined;
  readonly with?: Embedding<S, T> | undefined;
  /** The relations of which rows are counted: all that are seen, or those of a filter. */
  readonly count?: Counting<S, T> | undefined;
}

/** The lists that are counted. */
export type Counting<S extends SchemaShape, T extends keyof S> = {
  readonly [R in keyof RelationsOf<S, T> as RelationsOf<S, T>[R] extends One ? never : R]?:
    | boolean
    | { readonly where?: FilterAt<S, TargetOf<S, RelationsOf<S, T>[R]>> | undefined }
    | undefined;
};

/** What is read: which columns and relations, of which rows, in which order. */
export interface Selector<in out S extends SchemaShape, in out T extends keyof S> extends Shape<S, T> {
  readonly where?: FilterAt<S, T> | undefined;
  readonly orderBy?: (Ordering<TableGround<S, T>> & { readonly search?: Sort | undefined }) | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Words to look for. */
  readonly search?: string | undefined;
}

/** What is read at the top, where pages go on from each other. */
export interface PageSelector<in out S extends SchemaShape, in out T extends keyof S>
  extends Selector<S, T>, Turn {}

/** Which rows change, and what of them comes back. A filter that may be undefined does not fit: it would change every row. */
export interface ChangeSelector<in out S extends SchemaShape, in out T extends keyof S> extends Shape<S, T> {
  readonly where?: FilterAt<S, T>;
}

/** The question of `GetFirst`. */
export interface ReadOptions<in out S extends SchemaShape, in out T extends keyof S> extends ReadFlags {
  /** What the resource declares beside. */
  readonly params?: Parameters | undefined;
  readonly select?: Selector<S, T> | undefined;
}

/** The question of `GetMany`. */
export interface ManyOptions<in out S extends SchemaShape, in out T extends keyof S> extends PageFlags {
  /** What the resource declares beside. */
  readonly params?: Parameters | undefined;
  readonly select?: PageSelector<S, T> | undefined;
}

/** The question of `Get`. */
export interface GetOptions<in out S extends SchemaShape, in out T extends keyof S> extends ManyOptions<
  S,
  T
> {
  /** One row, or null, instead of a list. */
  readonly findFirst?: boolean | undefined;
}

/** What `Post` asks for beside its body. */
export interface PostOptions<in out S extends SchemaShape, in out T extends keyof S> extends Flags {
  readonly params?: Parameters | undefined;
  readonly onConflict?: OnConflict<keyof ColumnsOf<S, T>, keyof ColumnsOf<S, T>> | undefined;
  readonly select?: Shape<S, T> | undefined;
}

/** What `Patch` and `Delete` ask for, as far as the URL says it. */
export interface ChangeOptions<in out S extends SchemaShape, in out T extends keyof S> extends Flags {
  readonly params?: Parameters | undefined;
  readonly select?: ChangeSelector<S, T> | undefined;
}

/** What `Patch` and `Delete` ask for. */
export interface GuardedOptions<in out S extends SchemaShape, in out T extends keyof S>
  extends ChangeOptions<S, T>, Guards {}

/** The columns of a row to write. None is required: which of them the server fills in, only its rules know. */
export type Body<S extends SchemaShape, T extends keyof S> = {
  readonly [K in keyof ColumnsOf<S, T>]?: Value<ColumnsOf<S, T>[K]> | NullOf<ColumnsOf<S, T>[K]> | undefined;
};
