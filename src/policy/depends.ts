import type { Catalog } from "../schema/schema.ts";
import { didYouMean } from "../suggest.ts";
import type { Mistakes } from "./mistakes.ts";
import { placedRules } from "./placed-rules.ts";
import type { NodePolicy, Registry } from "./policy.ts";

/** Looks whether the tables that rules depend on are there. */
export function checkDepends(registry: Registry, catalog: Catalog, mistakes: Mistakes): void {
  const visit = ({ dependsOn, relations }: NodePolicy, path: string): void => {
    for (const name of dependsOn)
      if (!catalog.has(name)) {
        const hint = didYouMean(name, catalog.keys());
        mistakes.add(
          `${path}.dependsOn`,
          `unknown table \`${name}\`${hint === undefined ? "" : ` (${hint})`}`,
        );
      }
    for (const [name, relation] of relations) visit(relation, `${path}.with.${name}`);
  };
  for (const { path, policy } of placedRules(registry)) visit(policy, path);
}
