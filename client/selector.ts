import type { Column, One, SQL } from "drizzle-orm";
import type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf } from "../src/infer.ts";
import type { Simplify } from "./row.ts";

export type { ColumnsOf, RelationsOf, SchemaShape, TableName, TargetOf };

/** A value for a column, as it may be written in a filter or a body: dates also as ISO text or epoch milliseconds, big integers also as digits, bytes also as base64. */
export type Value<C> = C extends Column
  ? C["_"]["dataType"] extends "json"
    ? C["_"]["data"]
    : C["_"]["columnType"] extends DecimalType
      ? C["_"]["data"] | number
      : Sendable<C["_"]["data"]>
  : C extends SQL.Aliased<infer T>
    ? ExpressionValue<T>
    : never;

/** A value for a computed field of a view, as its author says. */
type ExpressionValue<T> = unknown extends T
  ? string | number | boolean
  : T extends string | number | boolean | Date | bigint
    ? Sendable<T>
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
// computed field of a view is compared as what its author says it is; what the database knows better, the server says.
type EquatableKey<C, K extends string> = C extends Column
  ? ComparedType<C> extends IncomparableType
    ? never
    : K
  : ExpressionKey<C, K>;
type ExpressionKey<C, K extends string> = [Value<C>] extends [never] ? never : K;
type OrderedKey<C, K extends string> = C extends SQL.Aliased
  ? ExpressionKey<C, K>
  : DataTypeOf<C> extends "json" | "buffer"
    ? never
    : ColumnTypeOf<C> extends UnorderedType | IncomparableType
      ? never
      : IsBytes<C> extends true
        ? never
        : K;
type TextKey<C, K extends string> =
  C extends SQL.Aliased<infer T>
    ? [Extract<unknown extends T ? string : T, string>] extends [never]
      ? never
      : K
    : DataTypeOf<C> extends "string"
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

/**
 * Conditions that must all hold: a column alone means equality, `column.operator` compares otherwise. `Inner` says which
 * filters may stand inside them.
 */
export type Conditions<C, Inner extends AnyInner = Within<C>> = Simplify<Compared<C, Inner>> & SpeltOut;

/** Filters of which one must hold. Not an array's type: in a union with conditions, its members would pass for columns. */
export type OneOf<Inner extends AnyInner> = {
  readonly length: number;
  readonly [index: number]: Inner["filter"];
};

// The filters inside a filter are looked up in an interface, since a type's alias cannot be an argument of itself.
interface AnyInner {
  readonly filter: unknown;
}
interface Within<C> {
  readonly filter: Filter<C>;
}
interface OpenWithin<C, Beside> {
  readonly filter: OpenFilter<C, Beside>;
}

/**
 * Which rows: conditions that all hold, or a list of which one must. No member may be `undefined`, since a condition that
 * went missing would let more rows through, and no key computed, since nothing would check it.
 *
 * @example { "title.like": "Hello%", OR: [{ pinned: true }, { "createdAt.gte": new Date(0) }] }
 */
export type Filter<C> = Conditions<C> | OneOf<Within<C>>;

/** A filter among whose conditions other members may stand, at every depth. */
export type OpenFilter<C, Beside> =
  | (Compared<C, OpenWithin<C, Beside>> & Beside)
  | OneOf<OpenWithin<C, Beside>>;

type Compared<C, Inner extends AnyInner> = {
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
  readonly [K in Exclude<"AND" | "OR", keyof C>]?: readonly Inner["filter"][];
} & { readonly [K in Exclude<"NOT", keyof C>]?: Inner["filter"] } & {
  readonly [K in Exclude<"length", keyof C>]?: never;
};

/** A key no condition has. An object whose keys are known at run time only might have it, and so it does not fit. */
export type ComputedKey = `computed${string}\0`;
/** Why it does not. */
export type NotSpeltOut = "a computed key is checked by nobody: spell it out";
type SpeltOut = { readonly [key: ComputedKey]: NotSpeltOut };

/** Which columns: all, none, only those with `true`, or all but those with `false`. */
export type Projection<C> = boolean | { readonly [K in keyof C]?: boolean | undefined };

/** The order of a list, by the keys as they are written. */
export type Ordering<C> = C extends unknown
  ? { readonly [K in keyof C & string as EquatableKey<C[K], K>]?: Direction | undefined }
  : never;

/** Up or down. */
export type Direction = "asc" | "desc" | 1 | -1;

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

/** A filter by some columns of a table. */
// Named by what a reader knows, as errors print it: 'titel' does not exist in type 'FilterAt<typeof schema, "book", …>'.
export type FilterAt<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> =
  | Where<S, T, Name>
  | OneOf<WhereWithin<S, T, Name>>;

type Where<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> = Conditions<
  Pick<ColumnsOf<S, T>, Name>,
  WhereWithin<S, T, Name>
>;
interface WhereWithin<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> {
  readonly filter: FilterAt<S, T, Name>;
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
