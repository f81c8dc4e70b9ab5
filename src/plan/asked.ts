import type { SQL } from "drizzle-orm";
import type { ReadNode, RelationNode } from "./plan.ts";

/** Whether some node wants computed fields that know the caller. */
export const asksExtras = (nodes: readonly ReadNode[]): boolean =>
  nodes.some(
    ({ extras, secured: { policy } }) =>
      policy.askedExtras.size > 0 && [...policy.askedExtras.keys()].some((name) => extras.has(name)),
  );

/** The tree of a node, and its nodes, with the computed fields of one caller in their places. */
export function withExtras(
  root: ReadNode,
  asked: ReadonlyMap<number, ReadonlyMap<string, SQL.Aliased>>,
): { readonly root: ReadNode; readonly nodes: readonly ReadNode[] } {
  const nodes: ReadNode[] = [];
  const rebuilt = (node: ReadNode): ReadNode => {
    const own = asked.get(node.index);
    const extras = new Map([...node.extras].map(([name, extra]) => [name, own?.get(name) ?? extra]));
    const relations = new Map<string, RelationNode>();
    const made: ReadNode = { ...node, extras, relations };
    nodes.push(made);
    for (const [name, child] of node.relations) relations.set(name, { ...child, node: rebuilt(child.node) });
    return made;
  };
  return { root: rebuilt(root), nodes };
}
