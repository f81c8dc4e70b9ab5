import { at, invalidValue, QueryError, unknownRelation } from "../error.ts";
import type { NodePolicy, RelationPolicy } from "../policy/policy.ts";
import type { RelationSelector, Selector } from "../request/request.ts";
import { refuseName } from "./alias.ts";
import type { Budget } from "./budget.ts";
import { MORE } from "./expression.ts";
import type { FilterTools } from "./filter.ts";
import type { RelationNode } from "./plan.ts";
import { isTaken } from "./project.ts";
import type { NodePlanner, Place } from "./read.ts";
import { securedBy } from "./secured.ts";

/** A node whose relations are asked for. */
export interface Parent {
  readonly policy: NodePolicy;
  readonly place: Place;
  /** How many rows it could be asked for. */
  readonly rows: number;
}

/**
 * The relations asked for, by their names in the answer, each planned under its own rule; what the rule does not name does
 * not exist.
 */
export function embed(
  wishes: Selector["with"],
  parent: Parent,
  planNode: NodePlanner,
  { mentions, budget }: FilterTools,
): ReadonlyMap<string, RelationNode> {
  const relations = new Map<string, RelationNode>();
  if (wishes === undefined) return relations;
  const toldOf = !isTaken(MORE, securedBy(parent.policy));
  const { policy, place, rows } = parent;
  const path = at(place.path, "with");
  const asked = byRelation(wishes, policy, path);
  // In the rule's order, whatever the client's, so that one shape has one statement.
  for (const [relation, child] of policy.relations)
    for (const [nth, [name, wish]] of (asked.get(relation) ?? []).entries()) {
      if (place.depth <= 0) throw depthExceeded(path);
      const here = at(path, name);
      const renamed = name !== relation;
      if (renamed) budget.addName(here);
      const below = { ...placeBelow(child, place), name, path: here, rows, toldOf };
      relations.set(name, {
        relation: child.relation,
        renamed,
        nth,
        required: isRequired(wish, place, budget, here),
        through: mentions.through(child),
        node: planNode(child, wish, below),
      });
    }
  return relations;
}

/** Where the rows of a relation stand, as far as its rule says. */
const placeBelow = (
  { relation, limits }: RelationPolicy,
  { depth }: Place,
): Pick<Place, "depth" | "one" | "list" | "written"> => ({
  depth: Math.min(depth - 1, limits.maxDepth),
  one: relation.kind === "one",
  list: relation.kind === "many",
  written: false,
});

/** Whether rows of a place are left out that have none of a relation's; that is a condition. */
function isRequired(
  { required }: RelationSelector,
  { written }: Place,
  budget: Budget,
  path: string,
): boolean {
  if (required !== true) return false;
  if (written) throw requiresNothing(path);
  budget.addCondition(path);
  return true;
}

type Named = readonly [name: string, wish: RelationSelector];

/** What is asked of each relation, in the client's order; one that is skipped must be known too. */
function byRelation(
  wishes: NonNullable<Selector["with"]>,
  policy: NodePolicy,
  path: string,
): ReadonlyMap<string, readonly Named[]> {
  const asked = new Map<string, Named[]>();
  for (const [name, wish] of wishes) {
    const { relation = name } = wish === false ? {} : wish;
    if (!policy.relations.has(relation))
      throw unknownRelation(
        relation,
        pathOf(name, relation, path),
        policy.relations.keys(),
        wish !== false && wish.relation === undefined && Object.keys(wish).length > 0,
      );
    if (relation !== name) refuseName(name, policy, at(path, name));
    if (wish === false) continue;
    const named = asked.get(relation);
    if (named === undefined) asked.set(relation, [[name, wish]]);
    else named.push([name, wish]);
  }
  return asked;
}

const pathOf = (name: string, relation: string, path: string): string =>
  name === relation ? path : at(at(path, name), "relation");

const requiresNothing = (path: string): QueryError =>
  invalidValue("a write answers every row it has written", at(path, "required"), "leave `required` out");

function depthExceeded(path: string): QueryError {
  return new QueryError("depth-exceeded", "relations are nested too deep", {
    path,
    hint: "leave this `with` out",
  });
}
