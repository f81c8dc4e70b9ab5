import { EVERY_METHOD, isRuled, type Method, traitsOf } from "../request/request.ts";
import type { Catalog } from "../schema/schema.ts";
import type { AnyACL, AnyEntry, AnyRule, LimitOptions } from "./acl.ts";
import { RuleBuilder } from "./build-rule.ts";
import { checkKeys, isMap } from "./keys.ts";
import { applyLimits, checkLimits, DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { Mistakes } from "./mistakes.ts";
import type { Policy, Registry, RulesByRole } from "./policy.ts";

/**
 * Checks an access-control file against the schema and freezes it as policies.
 *
 * @throws one Error that names every mistake with its path.
 */
export function buildRegistry(acl: AnyACL, catalog: Catalog, defaults: LimitOptions = {}): Registry {
  const mistakes = new Mistakes();
  mistakes.addAll(checkLimits(defaults, "defaults"));
  const limits = applyLimits(DEFAULT_LIMITS, defaults);
  const registry = new Map<string, ReadonlyMap<Method, RulesByRole>>();
  for (const [resource, entry] of Object.entries(acl)) {
    mistakes.addAll(checkResource(resource, entry));
    if (!isMap(entry)) continue;
    registry.set(resource, buildEntry(resource, entry, catalog, limits, mistakes));
  }
  const { found } = mistakes;
  if (found.length > 0)
    throw new Error(`the access-control file has mistakes:\n${found.map((m) => `  ${m}`).join("\n")}`);
  return registry;
}

/** The members of an answer beside the rows, which go by the resource's name. */
const ENVELOPE: ReadonlySet<string> = new Set(["total", "rowsAffected", "count"]);

function checkResource(resource: string, entry: unknown): readonly string[] {
  const path = `acl.${resource}`;
  if (!ENVELOPE.has(resource)) return checkKeys(entry, "entry", path);
  return [`${path}: an answer has a member of that name, so no resource can have it`];
}

/** The policies of one resource, and what is wrong with them. */
function buildEntry(
  resource: string,
  entry: AnyEntry,
  catalog: Catalog,
  defaults: Limits,
  mistakes: Mistakes,
): ReadonlyMap<Method, RulesByRole> {
  const path = `acl.${resource}`;
  const methods = new Map<Method, RulesByRole>();
  mistakes.addAll(checkLimits(entry, path));
  const table = catalog.get(entry.table);
  if (table === undefined) {
    const known = [...catalog.keys()].join(", ");
    mistakes.add(`${path}.table`, `unknown table \`${entry.table}\` (the schema has ${known})`);
    return methods;
  }
  const builder = new RuleBuilder(resource, entry, table, applyLimits(defaults, entry), mistakes);
  for (const [method, rules] of Object.entries(entry.control ?? {})) {
    const place = `${path}.control.${method}`;
    if (!isRuled(method)) mistakes.add(`${path}.control`, `unknown method \`${method}\``);
    else if (rules !== undefined && table.kind === "view" && traitsOf(method).writes)
      mistakes.add(place, `${table.name} is a view, which is only read`);
    else if (rules !== undefined && !isMap(rules)) mistakes.add(place, "expected rules by role");
    else if (rules !== undefined) methods.set(method, buildRules(builder, method, rules, place, mistakes));
  }
  for (const { name, rulesOf } of EVERY_METHOD) {
    const rules = rulesOf && (methods.get(name) ?? methods.get(rulesOf));
    if (rules !== undefined) methods.set(name, rules);
  }
  return methods;
}

function buildRules(
  builder: RuleBuilder,
  method: Method,
  rules: Readonly<Record<string, AnyRule | undefined>>,
  path: string,
  mistakes: Mistakes,
): RulesByRole {
  const byRole = new Map<string, Policy>();
  for (const [role, rule] of Object.entries(rules)) {
    if (rule === undefined) continue;
    mistakes.addAll(checkKeys(rule, "rule", `${path}.${role}`));
    if (isMap(rule)) byRole.set(role, builder.build(method, role, rule, `${path}.${role}`));
  }
  return byRole;
}
