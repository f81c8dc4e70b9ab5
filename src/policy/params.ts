import { EVERY_METHOD } from "../request/request.ts";
import { isMap } from "./keys.ts";
import type { Mistakes } from "./mistakes.ts";
import { placedRules } from "./placed-rules.ts";
import type { NodePolicy, Policy, Registry } from "./policy.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** Parameters of a URL that an author declares, each with its validator. */
export type Parameters = ReadonlyMap<string, StandardSchema>;

/** The engine's own parameters, also those that only some methods take. */
const OWN: ReadonlySet<string> = new Set([
  ...EVERY_METHOD.flatMap(({ parameters }) => [...parameters]),
  "mine",
  "guest",
  "mine|guest",
  "can",
  "aggregate",
  "cursor",
  "countFiltered",
  "__proto__",
  "",
]);

/** Reads what an entry declares, and collects what is wrong with it. */
export function readParameters(params: unknown, path: string, mistakes: Mistakes): Parameters {
  const parameters = new Map<string, StandardSchema>();
  for (const [name, schema] of Object.entries(isMap(params) ? params : {})) {
    if (schema === undefined) continue;
    if (OWN.has(name) || name.startsWith("$"))
      mistakes.add(path, `\`${name}\` is a name of the engine's own, so no entry can declare it`);
    else if (!isSchema(schema)) mistakes.add(`${path}.${name}`, "expected a Standard Schema");
    else parameters.set(name, schema);
  }
  return parameters;
}

/** Libraries make their validators objects, or functions. */
const isSchema = (value: unknown): value is StandardSchema =>
  (typeof value === "object" || typeof value === "function") && value !== null && "~standard" in value;

/**
 * The parameters of questions: those of a rule's own entry, and those of the resources whose rules it borrows, for their
 * functions read them as well.
 */
export class Declared {
  readonly #registry: Registry;
  readonly #byPolicy = new WeakMap<Policy, Parameters>();
  readonly #byResource = new Map<string, Set<string>>();

  constructor(registry: Registry) {
    this.#registry = registry;
    if (!declares(registry)) return;
    for (const { policy } of placedRules(registry)) {
      const names = this.#byResource.get(policy.resource) ?? new Set();
      for (const name of this.of(policy).keys()) this.#byResource.set(policy.resource, names.add(name));
    }
  }

  /** The names that some rule of a resource declares; `undefined` for most. */
  names(resource: string): ReadonlySet<string> | undefined {
    return this.#byResource.get(resource);
  }

  /** Those of a question under a rule. */
  of(policy: Policy): Parameters {
    let parameters = this.#byPolicy.get(policy);
    if (parameters === undefined) {
      const sources = sourcesOf(this.#registry, policy);
      this.#byPolicy.set(policy, (parameters = new Map(sources.flatMap(({ params }) => [...params]))));
    }
    return parameters;
  }
}

/** Whether some entry declares parameters: in most files none does, and no rule is asked what it borrows. */
function declares(registry: Registry): boolean {
  for (const { policy } of placedRules(registry)) if (policy.params.size > 0) return true;
  return false;
}

/** A rule, and all that it borrows from or writes through, directly and not. */
function sourcesOf(registry: Registry, policy: Policy): readonly Policy[] {
  const found = new Set<Policy>([policy]);
  for (const source of found) {
    for (const resource of borrowedBy(source))
      for (const rule of registry.get(resource)?.get("GET")?.values() ?? []) found.add(rule);
    // What is written through it is written by all methods of a resource.
    for (const resource of writtenBy(source))
      for (const byRole of registry.get(resource)?.values() ?? [])
        for (const rule of byRole.values()) found.add(rule);
  }
  return [...found];
}

/** The resources that are written through a rule. */
function* writtenBy({ nest }: Policy): Iterable<string> {
  for (const { resource, join } of nest.values()) {
    yield resource;
    if (join !== undefined) yield join.resource;
  }
}

/** The resources that a rule, or one of its relations, names. */
function* borrowedBy({ inherited, parents, relations }: NodePolicy): Iterable<string> {
  for (const { resource } of [...inherited.values(), ...parents]) yield resource;
  for (const relation of relations.values()) yield* borrowedBy(relation);
}

/** Refuses one name with two validators in one question. */
export function checkParameters(registry: Registry, mistakes: Mistakes): void {
  if (!declares(registry)) return;
  for (const { path, policy } of placedRules(registry)) {
    const known = new Map(policy.params);
    for (const { params, resource } of sourcesOf(registry, policy))
      for (const [name, schema] of params) {
        if ((known.get(name) ?? schema) !== schema)
          mistakes.add(path, `\`${resource}\`, which it names, declares another parameter \`${name}\``);
        known.set(name, schema);
      }
  }
}
