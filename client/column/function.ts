import type { Column, SQL } from "drizzle-orm";
import type { ColumnFunction } from "../../src/request/aggregate.ts";
import type { EquatableKey, OrderedKey } from "./comparable.ts";
import type { Field } from "./value.ts";

/** The functions that make one value of the values of a column. */
export type FunctionName = ColumnFunction;

/** A stretch of time by which dates are grouped; a group is named by its first moment. */
export type { Bucket } from "../../src/request/bucket.ts";

/** The columns of `C` that a function takes. */
export type ColumnsFor<C, F extends FunctionName> = {
  [K in keyof C & string]: F extends "count"
    ? K
    : F extends "countDistinct"
      ? EquatableKey<C[K], K>
      : F extends "min" | "max"
        ? OrderedKey<C[K], K>
        : IsNumber<C[K]> extends true
          ? K
          : never;
}[keyof C & string];

/** What a function makes of the values of a column, where there are any and no double is too small for it. */
export type Figure<C, F extends FunctionName> = F extends "count" | "countDistinct"
  ? number
  : F extends "sum"
    ? Sum<C>
    : F extends "avg"
      ? IsDecimal<C> extends true
        ? string
        : number
      : Exclude<Field<C>, null>;

type Sum<C> =
  IsDecimal<C> extends true
    ? string
    : DataTypeOf<C> extends "bigint"
      ? string
      : IsWhole<C> extends true
        ? number | string
        : number;

/** Whether a sum or an average of a column is surely held by its type: of whole numbers it is. */
export type IsExact<C> = DataTypeOf<C> extends "bigint" ? true : IsWhole<C>;

/** What a function of a column is compared with. */
type Comparable<C, F extends FunctionName> = F extends "count" | "countDistinct"
  ? SQL.Aliased<number>
  : F extends "sum" | "avg"
    ? SQL.Aliased<number | bigint>
    : C;

/** What a figure is compared with, by its name: `count`, or `<function>.<column>`. */
export type FigureAt<C, N> = N extends `${infer F extends FunctionName}.${infer K}`
  ? K extends keyof C
    ? Comparable<C[K], F>
    : never
  : SQL.Aliased<number>;

/** Whether a column holds moments, which fall in stretches of time. */
export type HoldsMoments<C> =
  DataTypeOf<C> extends "date"
    ? true
    : ColumnTypeOf<C> extends "PgDateString" | "PgTimestampString"
      ? true
      : false;

type IsNumber<C> =
  DataTypeOf<C> extends "number" | "bigint" ? (OrderedKey<C, ""> extends never ? false : true) : IsDecimal<C>;
type IsDecimal<C> = ColumnTypeOf<C> extends "SQLiteNumeric" | "PgNumeric" ? true : false;
type IsWhole<C> =
  ColumnTypeOf<C> extends
    | "SQLiteInteger"
    | "PgInteger"
    | "PgSmallInt"
    | "PgSerial"
    | "PgSmallSerial"
    | "PgBigInt53"
    | "PgBigSerial53"
    ? true
    : false;

type DataTypeOf<C> = C extends Column ? C["_"]["dataType"] : "unknown";
type ColumnTypeOf<C> = C extends Column ? C["_"]["columnType"] : "unknown";
