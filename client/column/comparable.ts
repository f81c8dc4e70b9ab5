import type { Column, SQL } from "drizzle-orm";
import type { Value } from "./value.ts";

// Which operators a column has follows `applies` in src/operator: order needs an ordered type, patterns need text. A
// computed field of a view is compared as what its author says it is; what the database knows better, the server says.

/** The name `K`, if a column can be told apart from another value. */
export type EquatableKey<C, K extends string> = C extends Column
  ? ComparedType<C> extends IncomparableType
    ? never
    : K
  : ExpressionKey<C, K>;

/** The name `K`, if a column has an order. */
export type OrderedKey<C, K extends string> = C extends SQL.Aliased
  ? ExpressionKey<C, K>
  : DataTypeOf<C> extends "json" | "buffer"
    ? never
    : ColumnTypeOf<C> extends UnorderedType | IncomparableType
      ? never
      : IsBytes<C> extends true
        ? never
        : K;

/** The name `K`, if a column holds text in which patterns are looked for. */
export type TextKey<C, K extends string> =
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

/** The name `K`, if a column is an array whose elements can be told apart. */
export type ArrayKey<C, K extends string> = ColumnTypeOf<C> extends "PgArray" ? EquatableKey<C, K> : never;

/** The name `K`, if a column holds documents. */
export type JsonKey<C, K extends string> = ColumnTypeOf<C> extends JsonType ? K : never;

/** Documents. */
type JsonType = "SQLiteTextJson" | "SQLiteBlobJson" | "PgJson" | "PgJsonb";
/** Decimal digits as text. */
export type DecimalType = "SQLiteNumeric" | "PgNumeric";
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

type ExpressionKey<C, K extends string> = [Value<C>] extends [never] ? never : K;
