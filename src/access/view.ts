import { type Declared, find, type Policy, type Registry } from "../policy/policy.ts";
import type { Method, Scope } from "../request/request.ts";
import type { View } from "./describe.ts";

/**
 * The policies of a registry as callers of some roles meet them; `bind` makes of a policy what it is to them, with all
 * that it borrows.
 */
export function viewOf(
  registry: Registry,
  declared: Declared,
  roles: readonly string[],
  bind: (policy: Policy) => Policy,
): View {
  const found = (resource: string, method: Method, scope: Scope | undefined): Policy | undefined =>
    find(registry, { method, resource, aggregate: true, ...(scope !== undefined && { scope }) }, roles);
  return {
    resources: registry.keys(),
    find(...question) {
      const policy = found(...question);
      return policy && bind(policy);
    },
    parameters: (...question) => declared.of(found(...question)!),
  };
}
