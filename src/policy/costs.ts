import { isIndexed, type RelationInfo } from "../schema/schema.ts";
import { placedRules } from "./placed-rules.ts";
import type { Inherited, NodePolicy, Registry } from "./policy.ts";

/**
 * What the schema says will be slow, one sentence for each join. It is no oversight in the file, and the database may
 * have an index the schema does not tell of: so it is told and never refused.
 */
export function costs(registry: Registry): readonly string[] {
  const found = new Map<string, string>();
  for (const { path, policy } of placedRules(registry)) {
    for (const { join, sentence } of unindexed(policy)) {
      if (!found.has(join)) found.set(join, `${path}${sentence}`);
    }
  }
  return [...found.values()];
}

/** A join that reads the whole of a table for each row it starts from. */
interface Unindexed {
  readonly join: string;
  readonly sentence: string;
}

function* unindexed({ relations, inherited }: NodePolicy): Iterable<Unindexed> {
  for (const [name, policy] of relations) {
    yield* joinedBy(name, policy, policy.using !== undefined);
    for (const { join, sentence } of unindexed(policy)) yield { join, sentence: `.with.${name}${sentence}` };
  }
  // What follows behind is said of the resource itself.
  for (const [name, link] of inherited) yield* joinedBy(name, link, true);
}

/** What a relation joins by; one that passes a join table does it twice. */
function* joinedBy(
  name: string,
  { relation, through }: Pick<Inherited, "relation" | "through">,
  filtered: boolean,
): Iterable<Unindexed> {
  yield* joined(name, relation, through === undefined ? filtered : through.policy.using !== undefined);
  if (through !== undefined) yield* joined(name, through.relation, filtered);
}

function* joined(name: string, { target, on }: RelationInfo, filtered: boolean): Iterable<Unindexed> {
  const columns = on.map((pair) => pair.target);
  if (isIndexed(target.table, columns, filtered)) return;
  const names = columns.map((column) => `\`${column.name}\``).join(", ");
  const sentence = `: no index of ${target.name} begins with ${names}, so each row reads the whole table`;
  yield { join: `${target.name} ${names}`, sentence: `.with.${name}${sentence}` };
}
