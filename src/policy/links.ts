import type { TableInfo } from "../schema/schema.ts";
import { didYouMean } from "../suggest.ts";
import { endOf } from "./build-list.ts";
import type { Mistakes } from "./mistakes.ts";
import { wrongWay } from "./order-ways.ts";
import { placedRules } from "./placed-rules.ts";
import type { Inherited, NodePolicy, Policy, Registry } from "./policy.ts";

/**
 * Checks what rules say of other resources: that they are there, over the right table, and lead in no circle. Of one that
 * is `faulty` it is not known what it would let out.
 */
export function checkLinks(registry: Registry, faulty: ReadonlySet<string>, mistakes: Mistakes): void {
  const links = { registry, faulty, mistakes };
  for (const { path, policy } of placedRules(registry)) checkNode(links, policy, path);
  const ended = new Set<string>();
  for (const resource of registry.keys())
    for (const circle of circlesFrom(registry, resource, [], ended))
      mistakes.add(`acl.${circle[0]!}`, `its rows hang on themselves: ${circle.join(" → ")}`);
}

/** What links are checked with. */
interface Links {
  readonly registry: Registry;
  readonly faulty: ReadonlySet<string>;
  readonly mistakes: Mistakes;
}

function checkNode(links: Links, policy: NodePolicy, path: string): void {
  const { registry, faulty, mistakes } = links;
  const rulesOf = (resource: string): readonly Policy[] =>
    faulty.has(resource) ? [] : readsOf(registry, resource);
  for (const [name, link] of policy.inherited) {
    const here = `${path}.with.${name}`;
    checkLink(links, link, here);
    const needsKey = readsOf(registry, link.resource).some(({ requireWhere }) => requireWhere === "key");
    if (link.relation.kind === "many" && needsKey)
      mistakes.add(
        here,
        `\`${link.resource}\` is asked for by a key, so it stands behind relations to one row only`,
      );
  }
  for (const link of policy.parents) {
    const here = `${path}.parent.${link.relation.name}`;
    checkLink(links, link, here);
    const rules = readsOf(registry, link.resource);
    const isSilent = ({ selects, aggregate }: Policy): boolean => !selects && aggregate === undefined;
    if (rules.length > 0 && rules.every(isSilent) && !faulty.has(link.resource))
      mistakes.add(here, `no GET rule of \`${link.resource}\` lets anything out, so no row could exist`);
  }
  for (const key of policy.orderBy) {
    const wrong = key.column === undefined ? wrongWay(key.key, [policy], rulesOf) : undefined;
    if (wrong !== undefined) mistakes.add(`${path}.orderBy`, wrong);
  }
  for (const [name, relation] of policy.relations) checkNode(links, relation, `${path}.with.${name}`);
}

function checkLink(
  { registry, faulty, mistakes }: Links,
  { resource, relation, through }: Inherited,
  path: string,
): void {
  const target = endOf({ relation, through });
  const table = tableOf(registry, resource);
  if (table === undefined && faulty.has(resource)) return;
  if (!registry.has(resource)) {
    const hint = didYouMean(resource, registry.keys());
    mistakes.add(path, `unknown resource \`${resource}\`${hint === undefined ? "" : ` (${hint})`}`);
  } else if (table === undefined)
    mistakes.add(path, `\`${resource}\` has no rule for GET, so nobody could read anything here`);
  else if (table.table !== target.table)
    mistakes.add(path, `\`${resource}\` is of ${table.name}, and the relation leads to ${target.name}`);
}

/** The rules a resource is read under. */
const readsOf = (registry: Registry, resource: string): readonly Policy[] => [
  ...(registry.get(resource)?.get("GET")?.values() ?? []),
];

const tableOf = (registry: Registry, resource: string): TableInfo | undefined =>
  readsOf(registry, resource)[0]?.table;

/**
 * The circles that are met on the ways from a resource to the parents of its rows, each from a resource back to itself.
 * What has `ended` was gone through: it is met on many ways.
 */
function* circlesFrom(
  registry: Registry,
  resource: string,
  way: readonly string[],
  ended: Set<string>,
): Iterable<readonly string[]> {
  const start = way.indexOf(resource);
  if (start >= 0) yield [...way.slice(start), resource];
  if (start >= 0 || ended.has(resource)) return;
  for (const { parents } of readsOf(registry, resource))
    for (const parent of parents) yield* circlesFrom(registry, parent.resource, [...way, resource], ended);
  ended.add(resource);
}
