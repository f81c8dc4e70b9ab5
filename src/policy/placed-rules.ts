import { type Method, traitsOf } from "../request/request.ts";
import type { Policy, Registry } from "./policy.ts";

/** A rule, and where it stands. */
export interface PlacedRule {
  readonly path: string;
  readonly method: Method;
  readonly role: string;
  readonly policy: Policy;
}

/** Every rule that is written, with its path. */
export function* placedRules(registry: Registry): Iterable<PlacedRule> {
  for (const [resource, methods] of registry) {
    for (const [method, rules] of methods) {
      const { rulesOf } = traitsOf(method);
      if (rulesOf !== undefined && methods.get(rulesOf) === rules) continue;
      for (const [role, policy] of rules)
        yield { path: `acl.${resource}.control.${method}.${role}`, method, role, policy };
    }
  }
}
