import { EVERY_METHOD, isRuled, type Method, traitsOf } from "../request/request.ts";
import type { Catalog } from "../schema/schema.ts";
import { didYouMean } from "../suggest.ts";
import type { AnyACL, AnyEntry, AnyRule, AnyTableRules } from "./any.ts";
import type { LimitOptions } from "./rule.ts";
import { RuleBuilder } from "./build-rule.ts";
import { checkKeys, isKeyOfRules, isMap } from "./keys.ts";
import { applyLimits, checkLimits, type Limits, limitsOf } from "./limits.ts";
import { Mistakes } from "./mistakes.ts";
import { checkLinks } from "./links.ts";
import { checkDepends } from "./depends.ts";
import { checkNests } from "./nest.ts";
import { checkParameters } from "./params.ts";
import type { Policy, Registry, RulesByRole } from "./policy.ts";
import { type FactsByTable, readTableFacts } from "./table-facts.ts";

/**
 * Checks an access-control file against the schema and freezes it as policies.
 *
 * @throws one Error that names every mistake with its path.
 */
export function buildRegistry(
  acl: AnyACL,
  catalog: Catalog,
  defaults: LimitOptions = {},
  tables: AnyTableRules = {},
): Registry {
  const mistakes = new Mistakes();
  const facts = readTableFacts(tables, catalog, mistakes);
  mistakes.addAll(checkLimits(defaults, "defaults"));
  const limits = limitsOf(defaults);
  const registry = new Map<string, ReadonlyMap<Method, RulesByRole>>();
  const faulty = new Set<string>();
  if (!isMap(acl)) mistakes.add("acl", "expected an object that has resources by their names");
  for (const [resource, entry] of Object.entries(isMap(acl) ? acl : {})) {
    const known = mistakes.found.length;
    mistakes.addAll(checkResource(resource, entry));
    if (isMap(entry))
      registry.set(resource, buildEntry(resource, entry, { catalog, facts, limits, mistakes }));
    if (mistakes.found.length > known) faulty.add(resource);
  }
  checkLinks(registry, faulty, mistakes);
  checkNests(registry, faulty, mistakes);
  checkParameters(registry, mistakes);
  checkDepends(registry, catalog, mistakes);
  const { found } = mistakes;
  if (found.length > 0)
    throw new Error(`the access-control file has mistakes:\n${found.map((m) => `  ${m}`).join("\n")}`);
  return registry;
}

/** The members of an answer beside the rows, which go by the resource's name. */
const ENVELOPE: ReadonlySet<string> = new Set([
  "total",
  "rowsAffected",
  "count",
  "page",
  "more",
  "filtered",
  "inserted",
]);

function checkResource(resource: string, entry: unknown): readonly string[] {
  const path = `acl.${resource}`;
  if (resource.startsWith("$")) return [`${path}: names that begin with $ are the engine's own`];
  if (!ENVELOPE.has(resource)) return checkKeys(entry, "entry", path);
  return [`${path}: an answer has a member of that name, so no resource can have it`];
}

/** What all resources of a file are made with. */
interface Ground {
  readonly catalog: Catalog;
  readonly facts: FactsByTable;
  readonly limits: Limits;
  readonly mistakes: Mistakes;
}

/** The policies of one resource, and what is wrong with them. */
function buildEntry(resource: string, entry: AnyEntry, ground: Ground): ReadonlyMap<Method, RulesByRole> {
  const { catalog, facts, limits, mistakes } = ground;
  const path = `acl.${resource}`;
  const methods = new Map<Method, RulesByRole>();
  mistakes.addAll(checkLimits(entry, path));
  if (entry.control === undefined)
    mistakes.add(path, "it has no `control`, so nobody could do anything here");
  const table = catalog.get(entry.table);
  if (table === undefined) {
    const known = [...catalog.keys()].join(", ");
    mistakes.add(`${path}.table`, `unknown table \`${entry.table}\` (the schema has ${known})`);
    return methods;
  }
  const builder = new RuleBuilder(resource, entry, table, applyLimits(limits, entry), facts, mistakes);
  for (const [method, rules] of Object.entries(isMap(entry.control) ? entry.control : {})) {
    const place = `${path}.control.${method}`;
    if (!isRuled(method)) mistakes.add(`${path}.control`, unknownMethod(method));
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

function unknownMethod(method: string): string {
  const hint = didYouMean(
    method,
    EVERY_METHOD.map(({ name }) => name).filter((name) => isRuled(name)),
  );
  return `unknown method \`${method}\`${hint === undefined ? "" : ` (${hint})`}`;
}

function buildRules(
  builder: RuleBuilder,
  method: Method,
  rules: Readonly<Record<string, AnyRule | undefined>>,
  path: string,
  mistakes: Mistakes,
): RulesByRole {
  const byRole = new Map<string, Policy>();
  const misplaced = misplacedKeys(rules);
  if (misplaced.length > 0)
    mistakes.add(
      path,
      `\`${misplaced[0]}\` stands where a role is expected; write ${method}: { all: { ${misplaced.join(", ")} } }, or another role`,
    );
  for (const [role, rule] of Object.entries(rules)) {
    if (rule === undefined || misplaced.includes(role)) continue;
    mistakes.addAll(checkKeys(rule, "rule", `${path}.${role}`));
    if (isMap(rule)) byRole.set(role, builder.build(method, role, rule, `${path}.${role}`));
  }
  return byRole;
}

/** The keys of a rule whose role was forgotten: what they hold is no rule itself. */
const misplacedKeys = (rules: Readonly<Record<string, AnyRule | undefined>>): readonly string[] =>
  Object.entries(rules)
    .filter(
      ([role, rule]) => rule !== undefined && isKeyOfRules(role) && checkKeys(rule, "rule", "").length > 0,
    )
    .map(([role]) => role);
