import { hasOrder, beginningsOf } from "./order.ts";
import type { NodePolicy } from "./policy.ts";

/** The word behind a list that means the number of its rows. */
const COUNT = "count";

/** Where a relation leads: to rows under one of these rules; under which, is known with the caller. */
interface Beyond {
  readonly kind: "one" | "many";
  readonly rules: readonly NodePolicy[];
}

/** The rules a resource is read under. */
type RulesOf = (resource: string) => readonly NodePolicy[];

/**
 * What is wrong with a key of a rule's order that leads through relations; `undefined` for what is right under one rule at
 * least. Each relation stands in the `with` of its place, for another rule says nothing of which of its rows exist.
 */
export function wrongWay(key: string, rules: readonly NodePolicy[], rulesOf: RulesOf): string | undefined {
  let wrong: string | undefined;
  for (const rule of rules) {
    wrong = wrongUnder(key, rule, rulesOf);
    if (wrong === undefined) return undefined;
  }
  return wrong;
}

function wrongUnder(key: string, rule: NodePolicy, rulesOf: RulesOf): string | undefined {
  const { table } = rule;
  const column = table.columns.get(key);
  if (column !== undefined)
    return hasOrder(column) ? undefined : `values of type ${column.type} have no order`;
  for (const name of beginningsOf(key)) {
    const beyond = beyondOf(rule, name, rulesOf);
    if (beyond !== undefined) return wrongBeyond(name, key.slice(name.length + 1), beyond, rulesOf);
  }
  for (const name of beginningsOf(key))
    if (table.relations.has(name))
      return `\`${name}\` is not in the \`with\` of its place, and no other rule says which of its rows count`;
  return `unknown column \`${key}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`;
}

function beyondOf(rule: NodePolicy, name: string, rulesOf: RulesOf): Beyond | undefined {
  const own = rule.relations.get(name);
  if (own !== undefined) return { kind: own.relation.kind, rules: [own] };
  const inherited = rule.inherited.get(name);
  if (inherited === undefined) return undefined;
  const { relation, resource } = inherited;
  return { kind: relation.kind, rules: rulesOf(resource) };
}

function wrongBeyond(
  name: string,
  rest: string,
  { kind, rules }: Beyond,
  rulesOf: RulesOf,
): string | undefined {
  if (kind === "many")
    return rest === COUNT ? undefined : `\`${name}\` leads to many rows; sort by how many: \`${name}.count\``;
  if (rest === "") return `\`${name}\` is a row; sort by a column of it`;
  // What is wrong with the resource is said of itself.
  return rules.length === 0 ? undefined : wrongWay(rest, rules, rulesOf);
}
