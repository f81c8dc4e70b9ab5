import type { ColumnsOf, SchemaShape } from "../../src/infer.ts";
import type { Simplify } from "../part.ts";
import type { ArrayKey, EquatableKey, OrderedKey, TextKey } from "./comparable.ts";
import type { OperatorOf } from "./operator.ts";
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
export interface OpenWithin<C, Beside> {
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

/** A filter by some columns of a table. */
// Named by what a reader knows, as errors print it: 'titel' does not exist in type 'FilterAt<typeof schema, "book", …>'.
export type FilterAt<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> =
  | WhereAt<S, T, Name>
  | OneOf<WithinAt<S, T, Name>>;

type WhereAt<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> = Conditions<
  Pick<ColumnsOf<S, T>, Name>,
  WithinAt<S, T, Name>
>;
/** The filters that may stand inside a `FilterAt`. */
export interface WithinAt<S extends SchemaShape, T extends keyof S, Name extends keyof ColumnsOf<S, T>> {
  readonly filter: FilterAt<S, T, Name>;
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
  readonly [K in keyof C & string as `${K}.${OperatorOf<"presence">}`]?: boolean;
} & { readonly [K in keyof C & string as TextKey<C[K], `${K}.${OperatorOf<"text">}`>]?: string } & {
  readonly [K in Exclude<"AND" | "OR", keyof C>]?: readonly Inner["filter"][];
} & { readonly [K in Exclude<"NOT", keyof C>]?: Inner["filter"] } & {
  readonly [K in Exclude<"length", keyof C>]?: never;
};

/** A key no condition has. An object whose keys are known at run time only might have it, and so it does not fit. */
export type ComputedKey = `computed${string}\0`;
/** Why it does not. */
export type NotSpeltOut = "a computed key is checked by nobody: spell it out";
/** What every condition is, so that a computed key does not fit. */
export type SpeltOut = { readonly [key: ComputedKey]: NotSpeltOut };
