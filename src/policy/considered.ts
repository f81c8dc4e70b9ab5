import type { Policy, Registry } from "./policy.ts";
import { answers, orderOf, type Question, type Roles } from "./resolve.ts";

/** A rule of the method that is asked, and what became of it. */
export interface Considered {
  /** The name it stands under in the file. */
  readonly name: string;
  readonly path: string;
  readonly applies: boolean;
  readonly why: string;
}

/** The rules of a question's resource and method, in the order of the file: which applies, and why the others do not. */
export function considered(registry: Registry, question: Question, roles: Roles): readonly Considered[] {
  const rules = registry.get(question.resource)?.get(question.method);
  if (rules === undefined) return [];
  const order = orderOf(question.scope, roles).map((name) => (name === "role" ? roleIn(rules, roles) : name));
  const first = order.find((name) => name !== undefined && rules.has(name));
  return [...rules].map(([name, policy]) => ({
    name,
    path: policy.path,
    applies: name === first && answers(policy, question),
    why: reason(name, policy, { first, order, question, roles }),
  }));
}

/** The first of the caller's roles that has a rule. */
const roleIn = (rules: ReadonlyMap<string, Policy>, roles: Roles): string | undefined =>
  roles.find((role) => rules.has(role));

interface Asked {
  readonly first: string | undefined;
  readonly order: readonly (string | undefined)[];
  readonly question: Question;
  readonly roles: Roles;
}

function reason(name: string, policy: Policy, { first, order, question, roles }: Asked): string {
  if (name === first)
    return answers(policy, question) ? "it is the first that applies" : "it applies, and lets nothing out";
  if (order.includes(name)) return `\`${first}\` comes first`;
  const { scope } = question;
  if (name === "mine") return roles.length === 0 ? "the caller has no role" : `the scope is \`${scope}\``;
  if (name === "guest" || name === "all")
    return scope === undefined ? "the caller has a role" : `the scope is \`${scope}\``;
  if (!roles.includes(name)) return `the caller is not \`${name}\``;
  return scope === "mine" || scope === "guest"
    ? `the scope is \`${scope}\`, which asks for no rule of a role`
    : `\`${first}\` is a stronger role of the caller`;
}
