import { QueryError, quote } from "../error.ts";
import { type Method, OPEN, type Principal, RULED, type Scope, traitsOf } from "../request/request.ts";
import { didYouMean } from "../suggest.ts";
import type { Policy, Registry, RulesByRole } from "./policy.ts";

/** What a policy is resolved by. */
export interface Question {
  readonly method: Method;
  readonly resource: string;
  readonly scope?: Scope;
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

/** The first applicable policy, or a refusal: 404, 405, 401 or 403. */
export function resolve(registry: Registry, question: Question, principal: Principal): Policy {
  const methods = registry.get(question.resource);
  if (methods === undefined) {
    throw new QueryError("unknown-resource", `unknown resource ${quote(question.resource)}`, {
      hint: didYouMean(question.resource, namesFor(registry, question, principal)),
    });
  }
  const rules = methods.get(question.method);
  if (rules === undefined || rules.size === 0) {
    throw new QueryError(
      "method-not-allowed",
      `method \`${question.method}\` is not allowed on ${quote(question.resource)}`,
      {
        headers: { Allow: allowedMethods(registry, question, principal).join(", ") },
      },
    );
  }
  const policy = applicable(rules, question.scope, principal);
  if (policy === undefined) throw refusal(question, principal);
  if (!answers(policy, question.method)) {
    throw new QueryError("forbidden", `nothing of ${quote(question.resource)} may be read here`);
  }
  return policy;
}

/** The resources for which the caller has some rule, in whichever scope: nobody is told of others. */
function* namesFor(registry: Registry, question: Question, principal: Principal): Iterable<string> {
  for (const resource of registry.keys()) {
    const widest = { ...question, resource, scope: "mine|guest" } as const;
    if (allowedMethods(registry, widest, principal).length > OPEN.length) yield resource;
  }
}

/** The methods that would resolve for this caller and scope; those that need no rule always. */
export function allowedMethods(
  registry: Registry,
  question: Question,
  principal: Principal,
): readonly string[] {
  const allowed: Method[] = [...OPEN];
  for (const method of RULED)
    if (find(registry, { ...question, method }, principal) !== undefined) allowed.push(method);
  return allowed;
}

/** The policy that would answer a caller; `undefined` where he would be refused. */
export function find(registry: Registry, question: Question, principal: Principal): Policy | undefined {
  const rules = registry.get(question.resource)?.get(question.method);
  const policy = rules && applicable(rules, question.scope, principal);
  return policy !== undefined && answers(policy, question.method) ? policy : undefined;
}

function applicable(rules: RulesByRole, scope: Scope | undefined, { role }: Principal): Policy | undefined {
  const order = (role === undefined ? WITHOUT_ROLE : WITH_ROLE)[scope ?? "none"];
  for (const name of order) {
    const policy = rules.get(name === "role" ? role! : name);
    if (policy !== undefined) return policy;
  }
  return undefined;
}

/** A rule without `select` lets nothing out, so a read under it has no answer. */
function answers(policy: Policy, method: Method): boolean {
  return policy.selects || traitsOf(method).action !== "read";
}

function refusal({ resource, scope }: Question, { role }: Principal): QueryError {
  const wish = scope === undefined ? quote(resource) : `${quote(scope)} of ${quote(resource)}`;
  return role === undefined
    ? new QueryError("unauthenticated", `sign in to use ${wish}`)
    : new QueryError("forbidden", `you may not use ${wish}`);
}
