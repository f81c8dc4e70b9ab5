import type { NodePolicy, Policy } from "../policy/policy.ts";

/** Finds the rule that a relation to a resource stands under. */
export type RuleOf = (resource: string) => Policy | undefined;

/**
 * How many relations may nest from each rule on at most: where it is asked, or where relations under other rules lead to
 * it, which go as deep as it says itself, whatever its entry says.
 */
export function depthsOf(roots: Iterable<Policy>, ruleOf: RuleOf): ReadonlyMap<Policy, number> {
  const depths = new Map<Policy, number>();
  const reach = (policy: Policy, depth: number): void => {
    if (depth <= (depths.get(policy) ?? -1)) return;
    depths.set(policy, depth);
    follow(policy, depth);
  };
  const follow = (node: NodePolicy, depth: number): void => {
    if (depth <= 0 || node.forbids.has("with")) return;
    for (const [name, relation] of node.relations) {
      const left = Math.min(depth - 1, relation.limits.maxDepth);
      const resource = node.inherited.get(name)?.resource;
      const rule = resource === undefined ? undefined : ruleOf(resource);
      if (resource === undefined) follow(relation, left);
      else if (rule !== undefined) reach(rule, left);
    }
  };
  for (const root of roots) reach(root, root.limits.maxDepth);
  return depths;
}
