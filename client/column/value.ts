import type { Column, SQL } from "drizzle-orm";
import type { DecimalType } from "./comparable.ts";

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

/** What is added to a number that is stored, in place of another: less where it is negative. */
export interface Increment<V> {
  readonly $inc: V;
}

/** What may be added to a column, where it holds numbers. */
export type Addend<C> = C extends Column
  ? C["_"]["dataType"] extends "number" | "bigint"
    ? Increment<Value<C>>
    : C["_"]["columnType"] extends DecimalType
      ? Increment<Value<C>>
      : never
  : never;

/** Null, where a column may hold it. */
export type NullOf<C> = C extends Column ? (C["_"]["notNull"] extends true ? never : null) : never;

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
