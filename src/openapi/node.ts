import type { AccessNode, AccessRelation, AccessRule, Described } from "../access/access.ts";
import type { NodePolicy, Policy } from "../policy/policy.ts";
import { METHOD_OF, type Method } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";

/** Rows in one place of the rules: what its caller may use of them, and what they are. */
export interface Node {
  /** What its schemas are called. */
  readonly name: string;
  readonly access: AccessNode;
  readonly policy: NodePolicy;
}

/** The rows of a rule. */
export interface RuleNode extends Node {
  readonly access: AccessRule;
  readonly policy: Policy;
}

/** A relation that may be loaded, with the rows on its other side. */
export interface RelatedNode {
  readonly relation: AccessRelation;
  readonly node: Node;
}

/** Finds the rows of all places. */
export class Nodes {
  readonly #rules = new Map<string, readonly RuleNode[]>();

  constructor({ access, policies }: Described) {
    for (const [resource, { rules }] of Object.entries(access.resources))
      this.#rules.set(
        resource,
        rules.map((rule, index) => ({
          name: nameOf(resource, rule),
          access: rule,
          policy: policies.get(resource)![index]!,
        })),
      );
  }

  /** The rules of a resource by which a method is answered, that of a question without a scope first. */
  of(resource: string, method: Method): readonly RuleNode[] {
    const rules = (this.#rules.get(resource) ?? []).filter(({ access }) => access.methods.includes(method));
    return rules.toSorted((a, b) => Number(isUsual(b)) - Number(isUsual(a)));
  }

  /** The rule by which a question without a scope is answered, as the parts of others are. */
  usual(resource: string, method: Method): RuleNode | undefined {
    return this.of(resource, method).find(isUsual);
  }

  /** The relations of a place, by name. */
  related({ name, access, policy }: Node): ReadonlyMap<string, RelatedNode> {
    const related = new Map<string, RelatedNode>();
    for (const [key, relation] of Object.entries(access.relations)) {
      const node = this.#behind(`${name}.${key}`, relation, policy.relations.get(key));
      if (node !== undefined) related.set(key, { relation, node });
    }
    return related;
  }

  #behind(name: string, relation: AccessRelation, policy: NodePolicy | undefined): Node | undefined {
    if (relation.resource === undefined) return policy && { name, access: relation, policy };
    return this.usual(relation.resource, METHOD_OF.read);
  }
}

/** Whether a rule answers questions without a scope. */
const isUsual = ({ access }: RuleNode): boolean => access.scopes.includes("none");

/** What the schemas of a rule are called: by its resource, its method, and its scope if it needs one. */
function nameOf(resource: string, { methods, scopes }: AccessRule): string {
  const scope = scopes.includes("none") ? [] : [scopes[0]!];
  return [resource, methods.at(-1)!, ...scope].join(".");
}

/** The columns of a place of which something holds, as the schema knows them. */
export function columnsOf(
  { access, policy }: Node,
  holds: (column: AccessNode["columns"][string]) => boolean,
): readonly ColumnInfo[] {
  return Object.entries(access.columns)
    .filter(([, column]) => holds(column))
    .map(([name]) => policy.table.columns.get(name)!);
}
