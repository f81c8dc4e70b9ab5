import type { ColumnsAt, Forbids, ManiesAt, OnesAt } from "../column/ground.ts";
import type { Forbidden, NoColumn } from "./checked-filter.ts";
import type { Searches } from "./relations.ts";

/** An order in which a sentence stands wherever a key is not one of its own. */
export type CheckedOrder<G, Name extends string, P> = P extends object
  ? { [K in keyof P]: string extends K ? P[K] : CheckedKey<G, Name, K, P[K]> }
  : P;

type CheckedKey<G, Name extends string, K, V> = K extends keyof ColumnsAt<G>
  ? V
  : K extends "search"
    ? G extends { readonly rule: infer Rule }
      ? Searches<Rule> extends true
        ? V
        : `no rule of \`${Name}\` lets words be looked for`
      : never
    : CheckedPath<G, Name, K, V>;

/** What stands behind relations: a column of the one row, or the number of a list's rows. */
export type CheckedPath<G, Name extends string, K, V> = K extends keyof ColumnsAt<G>
  ? V
  : K extends `${infer R}.${infer Rest}`
    ? R extends keyof OnesAt<G>
      ? Forbids<OnesAt<G>[R], "orderBy"> extends true
        ? Forbidden<"orderBy", R>
        : CheckedPath<OnesAt<G>[R], R, Rest, V>
      : R extends keyof ManiesAt<G>
        ? CheckedNumber<ManiesAt<G>[R], R, Rest, V>
        : NoColumn<Name, K>
    : NoColumn<Name, K>;

type CheckedNumber<G, Name extends string, Rest, V> = Rest extends "count"
  ? true extends Forbids<G, "orderBy">
    ? Forbidden<"orderBy", Name>
    : true extends Forbids<G, "count">
      ? Forbidden<"count", Name>
      : V
  : `\`${Name}\` is a list: sort by \`${Name}.count\``;
