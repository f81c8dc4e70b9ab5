import { at, invalidValue, QueryError, quote, unknownRelation } from "../error.ts";
import type { NodePolicy } from "../policy/policy.ts";
import type { Selector, SelectorKey } from "../request/request.ts";
import type { RelationNode } from "./plan.ts";
import type { NodePlanner } from "./read.ts";

const ONE_TAKES: ReadonlySet<SelectorKey> = new Set(["columns", "with"] as const);

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
    if (child.relation.kind === "one") refuseListKeys(wish, name, here);
    const remaining = Math.min(depth - 1, child.limits.maxDepth);
    relations.set(name, {
      relation: child.relation,
      node: planNode(child, wish, {
        name,
        path: here,
        depth: remaining,
        rows,
        one: child.relation.kind === "one",
      }),
    });
  }
  return relations;
}

function refuseListKeys(wish: Selector, name: string, path: string): void {
  for (const key of Object.keys(wish)) {
    if (ONE_TAKES.has(key as SelectorKey)) continue;
    throw invalidValue(`${quote(name)} is one row; it takes \`columns\` and \`with\` only`, at(path, key));
  }
}

function depthExceeded(path: string): QueryError {
  return new QueryError("depth-exceeded", "relations are nested too deep", {
    path,
    hint: "leave this `with` out",
  });
}
