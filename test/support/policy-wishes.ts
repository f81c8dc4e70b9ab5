import fc from "fast-check";
import { often, seldom, sometimes } from "./arbitrary.ts";
import { way } from "./policy-arbitrary.ts";
import type { Way } from "./policy-rules.ts";

// Questions of the chapters on paths, relations, counts and orders, drawn by number before the rules are known: what a number
// means is what the rule at its place offers. So both shrink apart.

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const number = fc.nat(99);

export interface Condition {
  readonly kind: "condition";
  /** The one-relations of a path, and its column. */
  readonly path: readonly number[];
  readonly column: number;
  readonly operator: number;
  readonly operands: readonly [number, number, number];
}
export interface About {
  readonly kind: "related" | "count";
  /** The one-relations on the way. */
  readonly path: readonly number[];
  readonly relation: number;
  readonly word: number;
  readonly operands: readonly [number, number, number];
  readonly part: FilterWish | undefined;
}
export type Group = {
  readonly kind: "all" | "any" | "AND" | "OR" | "NOT";
  readonly parts: readonly FilterWish[];
};
export type FilterWish = Condition | About | Group;

const operands = fc.tuple(number, number, number);
const path = fc.oneof(
  { weight: 3, arbitrary: fc.constant<number[]>([]) },
  { weight: 2, arbitrary: fc.array(number, { minLength: 1, maxLength: 2 }) },
);
const condition: fc.Arbitrary<Condition> = fc.record({
  kind: fc.constant("condition" as const),
  path,
  column: number,
  operator: number,
  operands,
});
const { filter } = fc.letrec<{ filter: FilterWish }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 4, arbitrary: condition },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: among("related" as const, "related" as const, "count" as const),
        path: fc.oneof({ weight: 5, arbitrary: fc.constant<number[]>([]) }, { weight: 1, arbitrary: path }),
        relation: number,
        word: number,
        operands,
        part: often(tie("filter")),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: among("all" as const, "any" as const, "AND" as const, "OR" as const, "NOT" as const),
        parts: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
      }),
    },
  ),
}));
export const filterWish: fc.Arbitrary<FilterWish> = filter;

/** A key of an order: a path, or the number of rows behind a relation. */
export interface KeyWish {
  readonly path: readonly number[];
  readonly column: number;
  readonly relation: number | undefined;
  readonly way: Way;
}
export const keyWish: fc.Arbitrary<KeyWish> = fc.record({
  path,
  column: number,
  relation: seldom(number),
  way,
});

/** A relation that is loaded, or counted. */
export interface LoadWish<T> {
  readonly relation: number;
  readonly alias: number | undefined;
  readonly required: boolean | undefined;
  readonly of: T;
}
const load = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<LoadWish<T>> =>
  fc.record({
    relation: number,
    alias: seldom(fc.nat(5)),
    required: seldom(fc.nat(9).map((n) => n > 0)),
    of,
  });

export interface TreeWish {
  readonly columns: boolean | readonly number[] | undefined;
  readonly where: FilterWish | undefined;
  readonly orderBy: readonly KeyWish[] | undefined;
  readonly limit: unknown;
  readonly offset: unknown;
  readonly count: readonly LoadWish<FilterWish | undefined>[] | undefined;
  readonly with: readonly LoadWish<TreeWish | boolean>[] | undefined;
}

const size = fc.oneof(
  { weight: 30, arbitrary: fc.nat(5) },
  { weight: 1, arbitrary: among<unknown>(-1, "1", null) },
);
const columnsWish = fc.oneof(
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 2, arbitrary: fc.array(number, { minLength: 1, maxLength: 4 }) },
);

/** What a client may want of a table and, `depth` deep, of its relations. */
export function treeWish(depth: number): fc.Arbitrary<TreeWish> {
  const inner = fc.oneof(
    { weight: 4, arbitrary: depth === 0 ? fc.constant<TreeWish | boolean>(true) : treeWish(depth - 1) },
    { weight: 1, arbitrary: fc.constant<TreeWish | boolean>(true) },
    { weight: 1, arbitrary: fc.nat(9).map<TreeWish | boolean>((n) => n > 4) },
  );
  return fc.record({
    columns: seldom(columnsWish),
    where: depth === 0 ? seldom(filterWish) : often(filterWish),
    orderBy: sometimes(fc.array(keyWish, { minLength: 1, maxLength: 3 })),
    limit: seldom(size),
    offset: seldom(size),
    count: (depth === 0 ? seldom : sometimes)(
      fc.array(load(sometimes(filterWish)), { minLength: 1, maxLength: 2 }),
    ),
    with:
      depth === 0 ? fc.constant(undefined) : sometimes(fc.array(load(inner), { minLength: 1, maxLength: 2 })),
  });
}
