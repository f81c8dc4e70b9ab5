import type { SchemaShape } from "../../src/infer.ts";
import type { Simplify } from "../part.ts";
import type { ArrayKey, EquatableKey, JsonKey, OrderedKey, TextKey } from "./comparable.ts";
import type { ColumnsAt, PathColumns, TableGround } from "./ground.ts";
import type { JsonCondition } from "./json.ts";
import type { OperatorName, OperatorOf } from "./operator.ts";
import type { OpenRelated, Related } from "./related.ts";
import type { Value } from "./value.ts";

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

/** The filters that may stand inside a filter, whatever they are. */
export interface AnyInner {
  readonly filter: unknown;
}
/** The filters that may stand inside a `Filter`. */
export interface Within<C> {
  readonly filter: Filter<C>;
}
/** The filters that may stand inside an `OpenFilter`. */
export interface OpenWithin<G, Beside> {
  readonly filter: OpenFilter<G, Beside>;
}

/**
 * Which rows: conditions that all hold, or a list of which one must. No member may be `undefined`, since a condition that
 * went missing would let more rows through, and no key computed, since nothing would check it.
 *
 * @example { "title.like": "Hello%", OR: [{ pinned: true }, { "createdAt.gte": new Date(0) }] }
 */
export type Filter<C> = Conditions<C> | OneOf<Within<C>>;

/** A filter at a ground: by its columns, by paths, and by the rows that its relations lead to. */
export type FilterOn<G> = ConditionsOn<G> | OneOf<WithinOn<G>>;

/** Conditions at a ground that must all hold. */
export type ConditionsOn<G, Inner extends AnyInner = WithinOn<G>> = Simplify<
  Compared<PathColumns<G, "where">, Inner>
> &
  Related<G> &
  SpeltOut;
/** The filters that may stand inside a `FilterOn`. */
export interface WithinOn<G> {
  readonly filter: FilterOn<G>;
}

/** A filter among whose conditions other members may stand, at every depth. */
export type OpenFilter<G, Beside> =
  | (Compared<ColumnsAt<G>, OpenWithin<G, Beside>> & OpenRelated<G, Beside> & Beside)
  | OneOf<OpenWithin<G, Beside>>;

/** A filter of rows of a table, by the schema alone. */
// Named by what a reader knows, as errors print it: 'titel' does not exist in type 'FilterAt<typeof schema, "book">'.
export type FilterAt<S extends SchemaShape, T extends keyof S> = WhereAt<S, T> | OneOf<WithinAt<S, T>>;

type WhereAt<S extends SchemaShape, T extends keyof S> = ConditionsOn<TableGround<S, T>, WithinAt<S, T>>;
/** The filters that may stand inside a `FilterAt`. */
export interface WithinAt<S extends SchemaShape, T extends keyof S> {
  readonly filter: FilterAt<S, T>;
}

type Compared<C, Inner extends AnyInner> = {
  readonly [K in keyof C & string as EquatableKey<C[K], K | `${K}.${OperatorOf<"equality">}`>]?: Value<
    C[K]
  > | null;
} & { readonly [K in keyof C & string as OrderedKey<C[K], `${K}.${OperatorOf<"order">}`>]?: Value<C[K]> } & {
  readonly [K in keyof C & string as OrderedKey<C[K], `${K}.${OperatorOf<"range">}`>]?: readonly [
    Value<C[K]>,
    Value<C[K]>,
  ];
} & {
  readonly [K in keyof C & string as EquatableKey<C[K], `${K}.${OperatorOf<"list">}`>]?: readonly Value<
    C[K]
  >[];
} & { readonly [K in keyof C & string as ArrayKey<C[K], `${K}.${OperatorOf<"array">}`>]?: Value<C[K]> } & {
  readonly [K in keyof C & string as JsonKey<C[K], `${K}.${OperatorOf<"json">}`>]?: JsonCondition;
} & {
  readonly [K in keyof C & string as `${K}.${OperatorOf<"presence">}`]?: boolean;
} & { readonly [K in keyof C & string as TextKey<C[K], `${K}.${OperatorOf<"text">}`>]?: string } & {
  readonly [K in Exclude<"AND" | "OR", keyof C>]?: readonly Inner["filter"][];
} & { readonly [K in Exclude<"NOT", keyof C>]?: Inner["filter"] } & {
  readonly [K in Exclude<"length", keyof C>]?: never;
};

/** What stands behind an operator of a column; never where it does not apply. */
export type Operand<C, Operator extends OperatorName> =
  Operator extends OperatorOf<"equality">
    ? If<EquatableKey<C, "">, Value<C> | null>
    : Operator extends OperatorOf<"order">
      ? If<OrderedKey<C, "">, Value<C>>
      : Operator extends OperatorOf<"range">
        ? If<OrderedKey<C, "">, readonly [Value<C>, Value<C>]>
        : Operator extends OperatorOf<"list">
          ? If<EquatableKey<C, "">, readonly Value<C>[]>
          : Operator extends OperatorOf<"array">
            ? If<ArrayKey<C, "">, Value<C>>
            : Operator extends OperatorOf<"text">
              ? If<TextKey<C, "">, string>
              : Operator extends OperatorOf<"json">
                ? If<JsonKey<C, "">, JsonCondition>
                : boolean;

type If<Key, V> = [Key] extends [never] ? never : V;

/** A key no condition has. An object whose keys are known at run time only might have it, and so it does not fit. */
export type ComputedKey = `computed${string}\0`;
/** Why it does not. */
export type NotSpeltOut = "a computed key is checked by nobody: spell it out";
/** What every condition is, so that a computed key does not fit. */
export type SpeltOut = { readonly [key: ComputedKey]: NotSpeltOut };
