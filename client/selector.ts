import type { Column, One } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../src/infer.ts";

export type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf };

/** A value for a column, as it may be written in a filter or a body: dates also as ISO text or epoch milliseconds, big integers also as digits, bytes also as base64. */
export type Value<C> = C extends Column
  ? C["_"]["dataType"] extends "json"
    ? C["_"]["data"]
    : C["_"]["columnType"] extends DecimalType
      ? C["_"]["data"] | number
      : Sendable<C["_"]["data"]>
  : never;

type Sendable<D> = D extends Date
  ? Date | string | number
  : D extends bigint
    ? bigint | string
    : D extends Uint8Array
      ? Uint8Array | string
      : D extends readonly unknown[]
        ? { readonly [I in keyof D]: Sendable<D[I]> }
        : D;

type DecimalType = "SQLiteNumeric" | "PgNumeric";
type UnorderedType = "SQLiteBigInt" | "PgArray";
/** What the database itself cannot compare; a type of the schema's author may be of the kind too, which only the server knows. */
type IncomparableType =
  | "PgJson"
  | "PgPointTuple"
  | "PgPointObject"
  | "PgLine"
  | "PgLineABC"
  | "PgGeometry"
  | "PgGeometryObject"
  | "PgVector"
  | "PgHalfVector"
  | "PgSparseVector";
type PatternType = "PgText" | "PgVarchar" | "PgChar";
type DataTypeOf<C> = C extends Column ? C["_"]["dataType"] : never;
type ColumnTypeOf<C> = C extends Column ? C["_"]["columnType"] : never;

/** The type of a column; of an array, that of its elements. */
type ComparedType<C> = C extends { readonly _: { readonly baseColumn: infer Element } }
  ? [Element] extends [never]
    ? ColumnTypeOf<C>
    : Element extends Column
      ? ComparedType<Element>
      : ColumnTypeOf<C>
  : ColumnTypeOf<C>;

type IsBytes<C> = C extends Column
  ? C["_"]["columnType"] extends "PgCustomColumn"
    ? Uint8Array extends C["_"]["data"]
      ? true
      : C["_"]["data"] extends Uint8Array
        ? true
        : false
    : false
  : false;

// Which operators a column has follows `applies` in src/operator: order needs an ordered type, patterns need text. A
// computed field of a view is no column, and all that is known of it is whether it is there.
type EquatableKey<C, K extends string> = C extends Column
  ? ComparedType<C> extends IncomparableType
    ? never
    : K
  : never;
type OrderedKey<C, K extends string> =
  DataTypeOf<C> extends "json" | "buffer"
    ? never
    : ColumnTypeOf<C> extends UnorderedType | IncomparableType
      ? never
      : IsBytes<C> extends true
        ? never
        : K;
type TextKey<C, K extends string> =
  DataTypeOf<C> extends "string"
    ? ColumnTypeOf<C> extends DecimalType
      ? never
      : ColumnTypeOf<C> extends `Pg${string}`
        ? ColumnTypeOf<C> extends PatternType
          ? K
          : never
        : K
    : never;
type ArrayKey<C, K extends string> = ColumnTypeOf<C> extends "PgArray" ? EquatableKey<C, K> : never;

type EqualityOperator = "eq" | "ne";
type OrderOperator = "gt" | "gte" | "lt" | "lte";
type RangeOperator = "between" | "notBetween";
type ListOperator = "in" | "inArray" | "notIn" | "notInArray";
type PresenceOperator = "isNull" | "isNotNull";
type TextOperator =
  | "like"
  | "notLike"
  | "ilike"
  | "notIlike"
  | "contains"
  | "startsWith"
  | "endsWith"
  | "icontains"
  | "istartsWith"
  | "iendsWith";

type ArrayOperator = "arrayContains" | "arrayContained" | "arrayOverlaps";

/** Every operator a filter may name. */
export type OperatorName =
  | EqualityOperator
  | OrderOperator
  | RangeOperator
  | ListOperator
  | PresenceOperator
  | TextOperator
  | ArrayOperator;

/** Conditions that must all hold: a column alone means equality, `column.operator` compares otherwise. */
export type Conditions<C, Beside = unknown> = {
  readonly [K in keyof C & string as EquatableKey<C[K], K | `${K}.${EqualityOperator}`>]?: Value<C[K]> | null;
} & { readonly [K in keyof C & string as OrderedKey<C[K], `${K}.${OrderOperator}`>]?: Value<C[K]> } & {
  readonly [K in keyof C & string as OrderedKey<C[K], `${K}.${RangeOperator}`>]?: readonly [
    Value<C[K]>,
    Value<C[K]>,
  ];
} & {
  readonly [K in keyof C & string as EquatableKey<C[K], `${K}.${ListOperator}`>]?: readonly Value<C[K]>[];
} & { readonly [K in keyof C & string as ArrayKey<C[K], `${K}.${ArrayOperator}`>]?: Value<C[K]> } & {
  readonly [K in keyof C & string as `${K}.${PresenceOperator}`]?: boolean;
} & { readonly [K in keyof C & string as TextKey<C[K], `${K}.${TextOperator}`>]?: string } & {
  readonly [K in Exclude<"AND" | "OR", keyof C>]?: readonly Filter<C, Beside>[];
} & { readonly [K in Exclude<"NOT", keyof C>]?: Filter<C, Beside> } & {
  readonly [K in Exclude<"length", keyof C>]?: never;
};

/**
 * Which rows: conditions that all hold, or a list of which one must. No member may be `undefined`, since a condition that
 * went missing would let more rows through. `Beside` may allow other members, at every depth.
 *
 * @example { "title.like": "Hello%", OR: [{ pinned: true }, { "createdAt.gte": new Date(0) }] }
 */
export type Filter<C, Beside = unknown> = (Conditions<C, Beside> & Beside) | FilterList<C, Beside>;

// Not an array's type: in a union with conditions, each of its forty members would pass for a column.
type FilterList<C, Beside> = ArrayLike<Filter<C, Beside>>;

/** Which columns: all, none, only those with `true`, or all but those with `false`. */
export type Projection<C> = boolean | { readonly [K in keyof C]?: boolean | undefined };

/** The order of a list, by the keys as they are written. */
export type Ordering<C> = {
  readonly [K in keyof C & string as EquatableKey<C[K], K>]?: "asc" | "desc" | 1 | -1 | undefined;
};

/** The relations to load, each with `true` or a selector of its own. */
export type Embedding<S extends SchemaShape, T extends keyof S> = [keyof RelationsOf<S, T>] extends [never]
  ? Readonly<Record<string, never>>
  : {
      readonly [R in keyof RelationsOf<S, T>]?:
        | boolean
        | RelationSelector<S, RelationsOf<S, T>[R]>
        | undefined;
    };

type RelationSelector<S extends SchemaShape, R> = R extends One
  ? Shape<S, TargetOf<S, R>>
  : Selector<S, TargetOf<S, R>>;

/** What a row holds: columns and relations. */
export interface Shape<S extends SchemaShape, T extends keyof S> {
  readonly columns?: Projection<ColumnsOf<S, T>> | undefined;
  readonly with?: Embedding<S, T> | undefined;
}

/** What is read: which columns and relations, of which rows, in which order. */
export interface Selector<S extends SchemaShape, T extends keyof S> extends Shape<S, T> {
  readonly where?: Filter<ColumnsOf<S, T>> | undefined;
  readonly orderBy?: Ordering<ColumnsOf<S, T>> | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** Which rows change, and what of them comes back. A filter that may be undefined does not fit: it would change every row. */
export interface ChangeSelector<S extends SchemaShape, T extends keyof S> extends Shape<S, T> {
  readonly where?: Filter<ColumnsOf<S, T>>;
}

/** The parameters every method takes. */
export interface Flags {
  /** Asks for what is the caller's own. */
  readonly mine?: boolean | undefined;
  /** Asks for what guests may have. */
  readonly guest?: boolean | undefined;
  /** Asks for the caller's own, or else for what guests may have. */
  readonly "mine|guest"?: boolean | undefined;
  /** Whether all rows the caller may see are counted. */
  readonly countTotal?: boolean | undefined;
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

/** Null, where a column may hold it. */
export type NullOf<C> = C extends Column ? (C["_"]["notNull"] extends true ? never : null) : never;
