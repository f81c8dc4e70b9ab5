import { operatorsFor } from "../operator/operator.ts";
import {
  type Capability,
  hasOrder,
  knownVersion,
  type Limits,
  meetingKeys,
  type NodePolicy,
  type Parameters,
  type Policy,
} from "../policy/policy.ts";
import { type Method, RELATION_KEYS, RULED, type Scope, traitsOf } from "../request/request.ts";
import { type ColumnInfo, textFacts } from "../schema/schema.ts";
import type {
  Access,
  AccessColumn,
  AccessKey,
  AccessLimits,
  AccessNode,
  AccessRange,
  AccessRelation,
  AccessResource,
  AccessRule,
} from "./access.ts";
import { describeAggregate } from "./aggregate.ts";
import { isNeeded } from "./needed.ts";
import { depthsOf } from "./depth.ts";

/** The policies as one caller meets them. */
export interface View {
  readonly resources: Iterable<string>;
  /** The rule that answers him; `undefined` where he is refused. */
  find(resource: string, method: Method, scope: Scope | undefined): Policy | undefined;
  /** The parameters of a question that is answered. */
  parameters(resource: string, method: Method, scope: Scope | undefined): Parameters;
}

const SCOPES = ["none", "mine", "guest", "mine|guest"] as const;

/** A rule, and the requests that it answers. */
interface Found {
  readonly policy: Policy;
  readonly params: readonly string[];
  readonly methods: Set<Method>;
  readonly scopes: Set<(typeof SCOPES)[number]>;
}

/** What a caller may do, and the policies that say so, by resource: in the order of its rules. */
export interface Described {
  readonly access: Access;
  readonly policies: ReadonlyMap<string, readonly Policy[]>;
}

/** What a caller may do: all that his requests can use, and nothing else. */
export const describeAccess = (view: View): Access => describePolicies(view).access;

/** The same, with the policies. */
export function describePolicies(view: View): Described {
  const found = new Map<string, readonly Found[]>();
  for (const resource of view.resources) {
    const rules = rulesOf(view, resource);
    if (rules.length > 0) found.set(resource, rules);
  }
  const roots = [...found.values()].flat().map(({ policy }) => policy);
  const depths = depthsOf(roots, (resource) => view.find(resource, "GET", undefined));
  const operators: Operators = new Map();
  const resources = [...found].map(([resource, rules]): [string, AccessResource] => [
    resource,
    describeResource(rules, (rule) => describeRule(rule, depths.get(rule.policy)!, operators)),
  ]);
  return {
    access: {
      resources: Object.fromEntries(resources),
      ...(operators.size > 0 && { operators: Object.fromEntries(operators) }),
    },
    policies: new Map([...found].map(([resource, rules]) => [resource, rules.map(({ policy }) => policy)])),
  };
}

/** The rules of a resource that answer the caller, each once. */
function rulesOf(view: View, resource: string): readonly Found[] {
  const found = new Map<Policy, Found>();
  for (const method of RULED)
    for (const scope of SCOPES) {
      const asked = scope === "none" ? undefined : scope;
      const policy = view.find(resource, method, asked);
      if (policy === undefined) continue;
      const params = [...view.parameters(resource, method, asked).keys()];
      const known = found.get(policy) ?? { policy, params, methods: new Set(), scopes: new Set() };
      known.methods.add(method);
      known.scopes.add(scope);
      found.set(policy, known);
    }
  return [...found.values()];
}

function describeResource(rules: readonly Found[], describe: (rule: Found) => AccessRule): AccessResource {
  const { findFirst, countTotal } = rules[0]!.policy;
  return {
    methods: RULED.filter((method) => rules.some(({ methods }) => methods.has(method))),
    ...(findFirst !== undefined && { findFirst }),
    countTotal,
    rules: rules.map(describe),
  };
}

/** The operators by the kind of their columns, as far as they were met. */
type Operators = Map<string, readonly string[]>;

function describeRule(found: Found, depth: number, operators: Operators): AccessRule {
  const { policy, params, methods, scopes } = found;
  const [method] = methods;
  const { selector, action } = traitsOf(method!);
  const { keys, maxAffected } = policy;
  const version = knownVersion(policy);
  const changes = action === "update" || action === "delete";
  return {
    methods: [...methods],
    scopes: [...scopes],
    ...describeNode(
      policy,
      { selector, depth, written: action !== "read" },
      operators,
      writingOf(policy, method!),
    ),
    ...(keys.length > 0 && { keys: keys.map((key) => key.map(({ name }) => name)) }),
    params,
    ...(changes && version !== undefined && { version: version.name }),
    ...(action === "insert" && meetsOf(policy)),
    ...(policy.dryRun && { dryRun: true }),
    ...(changes && Number.isFinite(maxAffected) && { maxAffected }),
    ...describeAggregate(policy),
    ...(policy.live !== undefined && { live: true }),
    limits: describeLimits(policy.limits),
  };
}

/** The keys by which new rows may meet others, where there are some. */
function meetsOf(policy: Policy): Pick<AccessRule, "meets"> {
  const keys = meetingKeys(policy);
  return keys.length === 0 ? {} : { meets: keys.map((key) => key.map(({ name }) => name)) };
}

/** What becomes of a column that a body may set; nothing of one that it may not. */
type Writing = (column: ColumnInfo) => Pick<AccessColumn, "writable" | "required">;

const nothingWritten: Writing = () => ({});

/** What a body of a method may set, and of a new row has to. */
function writingOf(policy: Policy, method: Method): Writing {
  const { action } = traitsOf(method);
  if (action !== "insert" && action !== "update") return nothingWritten;
  return (column) => {
    if (!policy.writable.has(column.name)) return {};
    return {
      writable: policy.writeMasks.has(column) ? "sometimes" : true,
      ...(action === "insert" && isNeeded(policy, column) && { required: true }),
    };
  };
}

/** Where a rule stands. */
interface Spot {
  /** The keys that selectors take there. */
  readonly selector: ReadonlySet<AccessKey>;
  /** How many relations may nest from there on. */
  readonly depth: number;
  /** Whether its rows are those of a write, of which none is left out. */
  readonly written: boolean;
}

function describeNode(
  policy: NodePolicy,
  spot: Spot,
  operators: Operators,
  writing: Writing = nothingWritten,
): AccessNode {
  const takes = takenOf(spot.selector, policy);
  const columns = [...policy.table.columns.values()]
    .map((column): [string, AccessColumn] => [
      column.name,
      describeColumn(column, policy, takes, writing(column), operators),
    ])
    .filter(([, { readable, filterable, writable: set }]) => readable ?? filterable ?? set);
  return {
    takes: [...takes],
    ...demandOf(policy, takes),
    columns: Object.fromEntries(columns),
    extras: [...policy.extras.keys()],
    relations: takes.has("with") && spot.depth > 0 ? describeRelations(policy, spot, operators) : {},
  };
}

/** The keys that a selector takes under a rule; whether pages have cursors, parameters say. */
const takenOf = (selector: ReadonlySet<AccessKey>, { forbids, search }: NodePolicy): ReadonlySet<AccessKey> =>
  new Set(
    [...selector].filter(
      (key) =>
        !UNTOLD.has(key) && !forbids.has(key as Capability) && (key !== "search" || search !== undefined),
    ),
  );

const UNTOLD: ReadonlySet<AccessKey> = new Set(["after", "before"] as const);

/** Whether a filter is asked for where one may stand. */
const demandOf = (
  { requireWhere }: NodePolicy,
  takes: ReadonlySet<AccessKey>,
): Pick<AccessNode, "requireWhere"> =>
  requireWhere === false || !takes.has("where") ? {} : { requireWhere };

function describeColumn(
  column: ColumnInfo,
  policy: NodePolicy,
  takes: ReadonlySet<AccessKey>,
  written: ReturnType<Writing>,
  operators: Operators,
): AccessColumn {
  const { name, kind, element, nullable } = column;
  const readable = policy.readable.has(name);
  const filterable = takes.has("where") && policy.filterable.has(name);
  return {
    kind,
    ...(element !== undefined && { element: element.kind }),
    nullable,
    ...textFacts(column),
    ...(column.primary && (readable || filterable) && { key: true }),
    ...(readable && { readable: true }),
    ...(policy.masks.has(column) && { masked: true }),
    ...(filterable && { filterable: true, ...describeOperators(column, operators) }),
    ...(readable && takes.has("orderBy") && hasOrder(column) && { sortable: true }),
    ...written,
  };
}

/** The operators of a column: those of its kind, or others. */
function describeOperators(column: ColumnInfo, operators: Operators): Pick<AccessColumn, "operators"> {
  const own = operatorsFor(column);
  const usual = operators.get(column.kind);
  if (usual === undefined) operators.set(column.kind, own);
  return usual === undefined || usual.join() === own.join() ? {} : { operators: own };
}

const OF_ONE: ReadonlySet<AccessKey> = new Set(["columns", "with", "count", "relation", "required"]);

/** The keys that a relation takes. */
function keysOf(kind: "one" | "many", { written }: Spot): ReadonlySet<AccessKey> {
  const keys = kind === "one" ? OF_ONE : RELATION_KEYS;
  return written ? new Set([...keys].filter((key) => key !== "required")) : keys;
}

function describeRelations(
  policy: NodePolicy,
  spot: Spot,
  operators: Operators,
): Readonly<Record<string, AccessRelation>> {
  const relations = [...policy.relations].map(([name, relation]): [string, AccessRelation] => {
    const { kind } = relation.relation;
    const selector = keysOf(kind, spot);
    const limits = describeRange(relation.limits);
    const resource = policy.inherited.get(name)?.resource;
    const depth = Math.min(spot.depth - 1, relation.limits.maxDepth);
    if (resource === undefined)
      return [
        name,
        { kind, limits, ...describeNode(relation, { selector, depth, written: false }, operators) },
      ];
    const takes = takenOf(selector, relation);
    return [name, { kind, limits, takes: [...takes], ...demandOf(relation, takes), resource }];
  });
  return Object.fromEntries(relations);
}

const numbered = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);

const describeRange = ({ maxLimit, maxOffset, maxDepth, onSurpassMaxLimit }: Limits): AccessRange => ({
  maxLimit: numbered(maxLimit),
  maxOffset: numbered(maxOffset),
  maxDepth,
  onSurpassMaxLimit,
});

const describeLimits = (limits: Limits): AccessLimits => ({
  ...describeRange(limits),
  maxConditions: numbered(limits.maxConditions),
  maxList: numbered(limits.maxList),
  maxRows: numbered(limits.maxRows),
  maxBodySize: numbered(limits.maxBodySize),
  maxCost: numbered(limits.maxCost),
  maxWork: numbered(limits.maxWork),
  maxAnswerSize: numbered(limits.maxAnswerSize),
});
