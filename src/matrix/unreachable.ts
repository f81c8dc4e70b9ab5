import { find, placedRules, type Registry } from "../policy/policy.ts";
import type { Scope } from "../request/request.ts";

/** What is no role of a caller. */
const ANYBODYS: ReadonlySet<string> = new Set(["guest", "mine", "all"]);

const SCOPES: readonly (Scope | undefined)[] = [undefined, "mine", "guest", "mine|guest"];

/**
 * The rules that answer nobody, whatever is asked: others always come first, or they let nothing out. By their paths.
 */
export function unreachable(registry: Registry): readonly string[] {
  const rules = [...placedRules(registry)];
  // Who has no role, one of those that rules are written for, or another.
  const roles = new Set(rules.map(({ role }) => role).filter((role) => !ANYBODYS.has(role)));
  const callers = [[], [""], ...[...roles].map((role) => [role])];
  return rules
    .filter(({ method, policy }) => {
      const { resource } = policy;
      const asks = callers.flatMap((roles) => SCOPES.map((scope) => ({ roles, scope })));
      return !asks.some(
        ({ roles, scope }) =>
          find(registry, { method, resource, aggregate: true, ...(scope && { scope }) }, roles) === policy,
      );
    })
    .map(({ path }) => path);
}
