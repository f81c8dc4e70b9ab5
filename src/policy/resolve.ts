import { QueryError, quote } from "../error.ts";
import { type Method, OPEN, RULED, type Scope, traitsOf } from "../request/request.ts";
import { didYouMean } from "../suggest.ts";
import type { NodePolicy, Policy, Registry, RulesByRole } from "./policy.ts";

/** What a policy is resolved by. */
export interface Question {
  readonly method: Method;
  readonly resource: string;
  readonly scope?: Scope | undefined;
  /** Numbers about rows instead of rows, if it asks for some. */
  readonly aggregate?: unknown;
}

/** The names of rules in the order they are tried; `role` stands for the caller's own. None where the caller is refused. */
const WITH_ROLE = {
  none: ["role", "mine", "all"],
  mine: ["mine", "all"],
  guest: ["guest", "all"],
  "mine|guest": ["role", "mine", "guest", "all"],
} as const;
const WITHOUT_ROLE = {
  none: ["guest", "all"],
  mine: [],
  guest: ["guest", "all"],
  "mine|guest": ["guest", "all"],
} as const;

/** The roles of a caller, strongest first; none of a guest. */
export type Roles = readonly string[];

/** The role that a rule applies for: the one it is written for, else the caller's first. */
export const roleUnder = ({ role }: NodePolicy, [strongest]: Roles): string | undefined => role ?? strongest;

/** The first applicable policy, or a refusal: 404, 405, 401 or 403. */
export function resolve(registry: Registry, question: Question, roles: Roles): Policy {
  const methods = registry.get(question.resource);
  if (methods === undefined) {
    throw new QueryError("unknown-resource", `unknown resource ${quote(question.resource)}`, {
      hint: didYouMean(question.resource, namesFor(registry, question, roles)),
    });
  }
  const rules = methods.get(question.method);
  if (rules === undefined || rules.size === 0) {
    throw new QueryError(
      "method-not-allowed",
      `method \`${question.method}\` is not allowed on ${quote(question.resource)}`,
      { allow: allowedMethods(registry, question, roles) },
    );
  }
  const policy = applicable(rules, question.scope, roles);
  if (policy === undefined) throw refusal(question, roles);
  if (!answers(policy, question)) {
    throw new QueryError("forbidden", `nothing of ${quote(question.resource)} may be read here`);
  }
  return policy;
}

/** The resources for which the caller has some rule, in whichever scope: nobody is told of others. */
function* namesFor(registry: Registry, question: Question, roles: Roles): Iterable<string> {
  for (const resource of registry.keys()) {
    const widest = { ...question, resource, scope: "mine|guest" } as const;
    if (allowedMethods(registry, widest, roles).length > OPEN.length) yield resource;
  }
}

/** The methods that would resolve for this caller and scope; those that need no rule always. */
export function allowedMethods(registry: Registry, question: Question, roles: Roles): readonly Method[] {
  const allowed: Method[] = [...OPEN];
  for (const method of RULED)
    if (find(registry, { ...question, method, aggregate: true }, roles) !== undefined) allowed.push(method);
  return allowed;
}

/** The policy that would answer a caller; `undefined` where he would be refused. */
export function find(registry: Registry, question: Question, roles: Roles): Policy | undefined {
  const rules = registry.get(question.resource)?.get(question.method);
  const policy = rules && applicable(rules, question.scope, roles);
  return policy !== undefined && answers(policy, question) ? policy : undefined;
}

/** The names under which rules are looked up for a caller. */
export const orderOf = (
  scope: Scope | undefined,
  roles: Roles,
): readonly ("role" | "mine" | "guest" | "all")[] =>
  (roles.length === 0 ? WITHOUT_ROLE : WITH_ROLE)[scope ?? "none"];

/** Rules do not add up: wherever a role is looked up, the first of the list that has a rule decides. */
function applicable(rules: RulesByRole, scope: Scope | undefined, roles: Roles): Policy | undefined {
  for (const name of orderOf(scope, roles)) {
    const policy = rules.get(name === "role" ? (roles.find((own) => rules.has(own)) ?? "") : name);
    if (policy !== undefined) return policy;
  }
  return undefined;
}

/** A rule without `select` lets no rows out, so a read under it has no answer but numbers about them. */
export function answers({ selects, aggregate }: Policy, question: Question): boolean {
  if (selects || traitsOf(question.method).action !== "read") return true;
  return aggregate !== undefined && question.aggregate !== undefined;
}

function refusal({ resource, scope }: Question, roles: Roles): QueryError {
  const wish = scope === undefined ? quote(resource) : `${quote(scope)} of ${quote(resource)}`;
  return roles.length === 0
    ? new QueryError("unauthenticated", `sign in to use ${wish}`)
    : new QueryError("forbidden", `you may not use ${wish}`);
}
