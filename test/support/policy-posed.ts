import fc from "fast-check";
import { often, seldom, withoutUndefined } from "./arbitrary.ts";
import { RESOURCES } from "./policy-arbitrary.ts";
import { groupsFrom, type GroupsWish, groupsWish } from "./policy-groups.ts";
import type { Question } from "./policy-oracle.ts";
import { caller } from "./policy-rows.ts";
import type { FileSpec } from "./policy-rules.ts";
import { type Caller, resolve, rolesOf, type Scope } from "./policy-seat.ts";
import { type Offer, treeFrom } from "./policy-selectors.ts";
import { type TreeWish, treeWish } from "./policy-wishes.ts";

// Whole questions: of rows, and of aggregates.

const among = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** Who asks for what. */
export interface Posed {
  readonly caller: Caller;
  readonly resource: string;
  readonly scope: Scope;
  readonly findFirst: boolean | undefined;
  readonly countTotal: boolean | undefined;
  readonly countFiltered: boolean | undefined;
  readonly cursor: boolean | undefined;
  readonly tree: TreeWish | undefined;
  readonly groups: GroupsWish | undefined;
}

const around = {
  caller,
  resource: among(...Object.keys(RESOURCES)),
  scope: fc.oneof(
    { weight: 9, arbitrary: fc.constant<Scope>(undefined) },
    { weight: 1, arbitrary: among<Scope>("mine", "guest", "mine|guest") },
  ),
};

/** A question of rows. */
export const posedRows: fc.Arbitrary<Posed> = fc.record({
  ...around,
  findFirst: seldom(fc.boolean()),
  countTotal: seldom(fc.boolean()),
  countFiltered: seldom(fc.constant(true)),
  cursor: seldom(fc.constant(true)),
  tree: often(treeWish(2)),
  groups: fc.constant(undefined),
});

/** A question of aggregates: mostly of the table that has numbers and dates. */
export const posedGroups: fc.Arbitrary<Posed> = fc.record({
  ...around,
  resource: fc.oneof(fc.constant("entries"), around.resource),
  findFirst: fc.constant(undefined),
  countTotal: fc.constant(undefined),
  countFiltered: seldom(fc.constant(true)),
  cursor: fc.constant(undefined),
  tree: fc.constant(undefined),
  groups: groupsWish,
});

export const posed: fc.Arbitrary<Posed> = fc.oneof(
  { weight: 3, arbitrary: posedRows },
  { weight: 1, arbitrary: posedGroups },
);

/** What a file offers who asks. */
export function offerOf(
  file: FileSpec,
  { caller: asker, resource, scope }: Pick<Posed, "caller" | "resource" | "scope">,
): Offer {
  const { table } = file.resources[resource]!;
  return { file, asker, table, node: resolve(file, resource, "GET", rolesOf(asker), scope)?.rule ?? {} };
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The question as a client sends it. */
export function posedQuestion(file: FileSpec, drawn: Posed): Question {
  const { resource, scope, findFirst, countTotal, countFiltered, cursor, tree, groups } = drawn;
  const offer = offerOf(file, drawn);
  const isFirst = (file.resources[resource]!.findFirst ?? findFirst) === true;
  const question = withoutUndefined({
    resource,
    scope,
    findFirst,
    countTotal,
    // Of one row there is no number, and no page: that is asked for only once in a while.
    countFiltered: isFirst && countTotal !== false ? undefined : countFiltered,
    cursor: isFirst || tree?.columns === false ? undefined : cursor,
    selector: tree && treeFrom(offer, tree),
    aggregate: groups && groupsFrom(offer, groups),
  });
  return question as Defined<typeof question>;
}
