import type { EquatableKey } from "./comparable.ts";
import type { ManiesAt, PathColumns, Usable } from "./ground.ts";

/** The order of a list at a ground, by the keys as they are written: columns, paths, and numbers of rows. */
export type Ordering<G> = OrderingBy<PathColumns<G, "orderBy">> & {
  readonly [K in Usable<ManiesAt<G>, "orderBy"> & Usable<ManiesAt<G>, "count"> as `${K}.count`]?:
    | Sort
    | undefined;
};

/** An order by columns. */
export type OrderingBy<C> = C extends unknown
  ? { readonly [K in keyof C & string as EquatableKey<C[K], K>]?: Sort | undefined }
  : never;

/** Up or down. */
export type Direction = "asc" | "desc" | 1 | -1;

/** How rows stand by one key, and where those without a value stand: by default first ascending, last descending. */
export type Sort = Direction | { readonly sort: Direction; readonly nulls?: "first" | "last" | undefined };
