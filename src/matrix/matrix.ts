import { npmVersion } from "drizzle-orm/version";
import { find, type NodePolicy, placedRules, type Policy, type Registry } from "../policy/policy.ts";
import { type Method, RULED, type Scope, traitsOf } from "../request/request.ts";
import { type MatrixRows, rowsOf } from "./rows.ts";

export { foreseen, holds } from "./foreseen.ts";
export { recording } from "./record.ts";
export { type MatrixRows, rowsOf } from "./rows.ts";
export { shown, writeSQL } from "./sql.ts";
export { unreachable } from "./unreachable.ts";

/** Who may do what, as it is written in an access-control file: stable, so that a change of rules is a change of it. */
export interface Matrix {
  readonly version: 1;
  readonly dialect: "sqlite" | "postgresql" | "none";
  /** The version of Drizzle that wrote the conditions. */
  readonly drizzle: string;
  /** The rule that answers, by caller, resource, method and scope; what is not there is refused. */
  readonly callers: Readonly<Record<string, CallerAccess>>;
  /** By where each stands in the file. */
  readonly rules: Readonly<Record<string, MatrixRule>>;
}

/** By resource, method and the role of the rule, the scopes in which it answers; `none` is a question that names none. */
export type CallerAccess = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>
>;

/** What a rule lets out of rows, and which of them there are. */
export interface MatrixNode {
  readonly table: string;
  readonly read: readonly string[];
  /** The conditions under which columns are let out that are not let out on every row. */
  readonly masked?: Readonly<Record<string, readonly MatrixRows[]>>;
  readonly computed?: readonly string[];
  readonly rows: MatrixRows;
  /** What is true of its table. */
  readonly always?: MatrixRows;
  readonly deleted?: "include" | "only";
  /** The resources by which the rows it hangs on have to be readable. */
  readonly parents?: Readonly<Record<string, string>>;
  /** By relation: the resource whose rule holds, or a rule of its own. */
  readonly relations?: Readonly<Record<string, string | MatrixNode>>;
  readonly requireWhere?: true | "key";
}

/** A rule of a resource. */
export interface MatrixRule extends MatrixNode {
  readonly write?: readonly string[];
  readonly writeMasked?: Readonly<Record<string, readonly MatrixRows[]>>;
  /** What written rows must satisfy, where that is not `rows`. */
  readonly check?: MatrixRows;
  readonly ensure?: MatrixRows;
  /** Whether a function judges changed rows as they were and as they are. */
  readonly transition?: true;
  readonly maxAffected?: number;
  readonly dryRun?: true;
  readonly nest?: Readonly<Record<string, string>>;
  readonly aggregate?: readonly string[];
}

/** The callers of a matrix beside those of a role. */
const GUEST = "guest";
/** Somebody with a role that no rule is written for. */
const ANYBODY = "*";

const SCOPES: readonly (Scope | "none")[] = ["none", "mine", "guest", "mine|guest"];

/** The roles that rules are written for. */
export function rolesOf(registry: Registry): readonly string[] {
  const roles = [...placedRules(registry)].map(({ role }) => role);
  return [...new Set(roles)].filter((role) => !["guest", "mine", "all"].includes(role)).toSorted();
}

/** Who may do what under the rules of a registry. */
export function matrixOf(registry: Registry): Matrix {
  const callers = [
    [GUEST, []] as const,
    [ANYBODY, [""]] as const,
    ...rolesOf(registry).map((role) => [role, [role]] as const),
  ];
  const rules = [...placedRules(registry)].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const [first] = rules;
  return {
    version: 1,
    dialect: first?.policy.table.database ?? "none",
    drizzle: npmVersion,
    callers: Object.fromEntries(callers.map(([name, roles]) => [name, accessOf(registry, roles)])),
    rules: Object.fromEntries(rules.map(({ path, method, policy }) => [path, describeRule(policy, method)])),
  };
}

function accessOf(registry: Registry, roles: readonly string[]): CallerAccess {
  const resources = [...registry.keys()].toSorted().map((resource) => {
    const methods = RULED.map((method) => [method, rulesOf(registry, resource, method, roles)] as const);
    return [
      resource,
      Object.fromEntries(methods.filter(([, rules]) => Object.keys(rules).length > 0)),
    ] as const;
  });
  return Object.fromEntries(resources.filter(([, methods]) => Object.keys(methods).length > 0));
}

/** The rules that answer a caller, with their scopes; of a method that goes by the rules of another none. */
function rulesOf(
  registry: Registry,
  resource: string,
  method: Method,
  roles: readonly string[],
): Readonly<Record<string, string>> {
  const found = new Map<string, string[]>();
  for (const scope of SCOPES) {
    const asked = scope === "none" ? {} : { scope };
    const policy = find(registry, { method, resource, aggregate: true, ...asked }, roles);
    const [name, place] = policy?.path.split(".").toReversed() ?? [];
    if (name !== undefined && place === method) found.set(name, [...(found.get(name) ?? []), scope]);
  }
  return Object.fromEntries([...found].map(([name, scopes]) => [name, scopes.join(", ")]));
}

function describeRule(policy: Policy, method: Method): MatrixRule {
  const { table, check, using, ensure, transition, maxAffected, dryRun, aggregate, nest } = policy;
  const { action } = traitsOf(method);
  const writes = action === "insert" || action === "update";
  return {
    ...describeNode(policy),
    ...(writes && { write: [...policy.writable.keys()] }),
    ...(writes &&
      policy.writeMasks.size > 0 && { writeMasked: masksOf(policy.writeMasks, policy.writeGrants, policy) }),
    ...(writes && check !== using && { check: rowsOf(check, table) }),
    ...(ensure !== undefined && { ensure: rowsOf(ensure, table) }),
    ...(transition !== undefined && { transition: true }),
    ...(Number.isFinite(maxAffected) && { maxAffected }),
    ...(dryRun && { dryRun }),
    ...(nest.size > 0 && {
      nest: Object.fromEntries([...nest].map(([name, { resource }]) => [name, resource])),
    }),
    ...(aggregate !== undefined && { aggregate: [...aggregate.functions] }),
  };
}

function describeNode(policy: NodePolicy): MatrixNode {
  const {
    table,
    readable,
    masks,
    grants,
    extras,
    using,
    facts,
    unrestricted,
    deleted,
    parents,
    requireWhere,
  } = policy;
  const always = unrestricted ? undefined : facts?.where;
  const relations = describeRelations(policy);
  return {
    table: table.name,
    read: [...readable.keys()],
    ...(masks.size > 0 && { masked: masksOf(masks, grants, policy) }),
    ...(extras.size > 0 && { computed: [...extras.keys()] }),
    rows: rowsOf(using, table),
    ...(always !== undefined && { always: rowsOf(always, table) }),
    ...(deleted !== "exclude" && { deleted }),
    ...(parents.length > 0 && {
      parents: Object.fromEntries(parents.map(({ relation, resource }) => [relation.name, resource])),
    }),
    ...(Object.keys(relations).length > 0 && { relations }),
    ...(requireWhere !== false && { requireWhere }),
  };
}

function describeRelations({
  relations,
  inherited,
}: NodePolicy): Readonly<Record<string, string | MatrixNode>> {
  return {
    ...Object.fromEntries([...inherited].map(([name, { resource }]) => [name, resource])),
    ...Object.fromEntries(
      [...relations]
        .filter(([name]) => !inherited.has(name))
        .map(([name, node]) => [name, describeNode(node)]),
    ),
  };
}

/** Of each column that is not let out, or set, on every row, the conditions of which one must hold. */
const masksOf = (
  masks: NodePolicy["masks"],
  grants: NodePolicy["grants"],
  { table }: NodePolicy,
): Readonly<Record<string, readonly MatrixRows[]>> =>
  Object.fromEntries(
    [...masks].map(([column, places]) => [
      column.name,
      places.map((place) => rowsOf(grants[place]!.when, table)),
    ]),
  );
