import type { RelationInfo } from "../schema/schema.ts";
import type { Inherited, NodePolicy, ParentPolicy, Policy, Registry, RelationPolicy } from "./policy.ts";
import { find } from "./resolve.ts";

/**
 * The rules of a registry as the callers of some roles meet them: what a rule borrows from a resource is the rule that
 * these roles GET it by. Rules may lead to each other in circles, so each is looked up when somebody first goes there, and
 * the same way always leads to the same object, by which plans and statements are remembered.
 */
export class Binder {
  readonly #registry: Registry;
  readonly #roles: readonly string[];
  readonly #bound = new Map<NodePolicy, NodePolicy>();
  readonly #related = new Map<NodePolicy, Map<RelationInfo, RelationPolicy>>();

  constructor(registry: Registry, roles: readonly string[]) {
    this.#registry = registry;
    this.#roles = roles;
  }

  /** A rule with all it leads to; one that leads to no resource is what it is. */
  bind<P extends NodePolicy>(policy: P): P {
    if (!policy.leads) return policy;
    let bound = this.#bound.get(policy) as P | undefined;
    if (bound === undefined) this.#bound.set(policy, (bound = this.#bindAnew(policy)));
    return bound;
  }

  #bindAnew<P extends NodePolicy>(policy: P): P {
    const relations = once(() => this.#relations(policy));
    const parents = once(() => policy.parents.map((parent) => this.#parent(parent)));
    return withProperties(policy, { relations: { get: relations }, parents: { get: parents } }) as P;
  }

  /** Those with a rule of their own, then those of resources that these roles may read; the others do not exist. */
  #relations(policy: NodePolicy): ReadonlyMap<string, RelationPolicy> {
    const relations = new Map<string, RelationPolicy>();
    for (const [name, own] of policy.relations) relations.set(name, this.bind(own));
    for (const [name, link] of policy.inherited) {
      const rule = this.#ruleOf(link);
      if (rule !== undefined) relations.set(name, this.#under(rule, link));
    }
    return relations;
  }

  #parent(parent: ParentPolicy): ParentPolicy {
    const rule = this.#ruleOf(parent, true);
    return { ...parent, rule: rule && this.bind(rule) };
  }

  /** The rule that these roles GET a resource by; a scope is of the question alone. Of a parent numbers about it suffice. */
  #ruleOf({ resource }: Inherited, aggregate = false): Policy | undefined {
    return find(this.#registry, { method: "GET", resource, ...(aggregate && { aggregate }) }, this.#roles);
  }

  /** A resource's rule where a relation leads to it: as deep as it says itself, whatever its entry says. */
  #under(rule: Policy, { relation, through }: Inherited): RelationPolicy {
    let related = this.#related.get(rule);
    if (related === undefined) this.#related.set(rule, (related = new Map()));
    let policy = related.get(relation);
    if (policy === undefined) {
      const limits = { ...rule.limits, maxDepth: rule.ownDepth };
      const own = { relation: { value: relation }, through: { value: through }, limits: { value: limits } };
      policy = withProperties(this.bind(rule), own) as RelationPolicy;
      related.set(relation, policy);
    }
    return policy;
  }
}

/** A copy in which some properties are others; what its getters would answer is not asked. */
function withProperties(policy: NodePolicy, own: PropertyDescriptorMap): object {
  const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(policy);
  for (const [name, property] of Object.entries(own)) properties[name] = { ...property, enumerable: true };
  return Object.defineProperties({}, properties);
}

/** What a function answers, which is asked when it is first wanted. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
