import { at, invalidValue, quote, tooComplex, unknownRelation } from "../error.ts";
import type { RelationPolicy } from "../policy/policy.ts";
import type { CountWish, Selector } from "../request/request.ts";
import { refuseNoName } from "./alias.ts";
import { type FilterTools, readFilter } from "./filter.ts";
import { type Ground, step } from "./ground.ts";
import type { Counted } from "./link.ts";
import type { ReadNode } from "./plan.ts";

/** The member of a row that holds the numbers of its related rows. */
export const COUNTS = "_count";

/** How many numbers a row may be asked for. */
const MAX_COUNTS = 32;

/** Rows that are counted for. */
export interface Counting {
  readonly ground: Ground;
  /** How many of them there could be. */
  readonly rows: number;
  readonly path: string;
}

/**
 * The numbers that are asked for of each row, each counted under the rule of its relation.
 *
 * @throws QueryError `unknown-relation`, `capability-forbidden`, `depth-exceeded`, `invalid-value`, `too-complex`.
 */
export function countsOf(
  wishes: Exclude<Selector["count"], undefined>,
  counting: Counting,
  tools: FilterTools,
): ReadNode["counts"] {
  const { path, ground } = counting;
  const { readable, extras } = ground.secured;
  if (readable.has(COUNTS) || extras.has(COUNTS))
    throw invalidValue(`\`${COUNTS}\` is something else here`, path, "leave `count` out");
  if (wishes.size > MAX_COUNTS) throw tooComplex(`more than ${MAX_COUNTS} counts`, path);
  const counts = new Map<string, Counted>();
  for (const [name, wish] of wishes) {
    const policy = relationOf(name, wish, counting);
    if (wish !== false) counts.set(name, counted(policy, wish, { ...counting, path: at(path, name) }, tools));
  }
  return counts;
}

/** The rule of the relation that is counted, or is skipped. */
function relationOf(name: string, wish: CountWish | false, { ground, path }: Counting): RelationPolicy {
  const { relations } = ground.secured.policy;
  const relation = wish === false ? name : wish.relation;
  const policy = relations.get(relation);
  const here = relation === name ? path : at(at(path, name), "relation");
  if (policy === undefined) {
    const renames = wish !== false && wish.where !== undefined && relation === name;
    throw unknownRelation(relation, here, relations.keys(), renames);
  }
  if (relation !== name) refuseNoName(name, at(path, name));
  return policy;
}

function counted(
  policy: RelationPolicy,
  { relation, where }: CountWish,
  { ground, rows, path }: Counting,
  tools: FilterTools,
): Counted {
  if (policy.relation.kind === "one")
    throw invalidValue(`${quote(relation)} is one row`, path, "count rows of a list");
  const next = step(policy, ground, where === undefined ? ["count"] : ["count", "where"], path);
  tools.budget.addRows(rows, path);
  const link = tools.mentions.link(policy);
  return { link, where: where === undefined ? undefined : readFilter(where, next, tools, at(path, "where")) };
}
