import type { EquatableKey } from "./comparable.ts";

/** The order of a list, by the keys as they are written. */
export type Ordering<C> = C extends unknown
  ? { readonly [K in keyof C & string as EquatableKey<C[K], K>]?: Direction | undefined }
  : never;

/** Up or down. */
export type Direction = "asc" | "desc" | 1 | -1;
