/** An intersection as the one object it is. */
export type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** A member of a question; `undefined` where it has none. */
export type PartOf<Q, K extends string> = K extends keyof Q ? Q[K] : undefined;

/** The keys whose value is surely `V`; for `boolean`, surely one or the other. */
export type KeysWith<P, V extends boolean> = {
  [K in keyof P]-?: [P[K]] extends [true]
    ? true extends V
      ? K
      : never
    : [P[K]] extends [false]
      ? false extends V
        ? K
        : never
      : never;
}[keyof P];

/** What is asked of a relation: `true` is every column and no relation. */
export type AskedOfRelation<Wish> = [Extract<Wish, object>] extends [never] ? {} : Extract<Wish, object>;
