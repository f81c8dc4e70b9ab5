import { at, QueryError, unknownRelation } from "../error.ts";
import type { NodePolicy } from "../policy/policy.ts";
import type { Selector } from "../request/request.ts";
import type { RelationNode } from "./plan.ts";
import type { NodePlanner } from "./read.ts";

/** The relations asked for, each planned under its own rule; what the rule does not name does not exist. */
export function embed(
  wishes: Selector["with"],
  policy: NodePolicy,
  depth: number,
  rows: number,
  path: string,
  planNode: NodePlanner,
): ReadonlyMap<string, RelationNode> {
  const relations = new Map<string, RelationNode>();
  if (wishes === undefined) return relations;
  for (const name of wishes.keys())
    if (!policy.relations.has(name)) throw unknownRelation(name, path, policy.relations.keys());
  // In the rule's order, whatever the client's, so that one shape has one statement.
  for (const [name, child] of policy.relations) {
    const wish = wishes.get(name);
    if (wish === undefined || wish === false) continue;
    if (depth <= 0) throw depthExceeded(path);
    const here = at(path, name);
    const remaining = Math.min(depth - 1, child.limits.maxDepth);
    relations.set(name, {
      relation: child.relation,
      node: planNode(child, wish, {
        name,
        path: here,
        depth: remaining,
        rows,
        one: child.relation.kind === "one",
        list: child.relation.kind === "many",
        written: false,
      }),
    });
  }
  return relations;
}

function depthExceeded(path: string): QueryError {
  return new QueryError("depth-exceeded", "relations are nested too deep", {
    path,
    hint: "leave this `with` out",
  });
}
