import { at, invalidValue, QueryError, quote } from "../error.ts";
import type { Capability, NodePolicy, Policy } from "../policy/policy.ts";
import type { QueryRequest, Selector, SelectorKey } from "../request/request.ts";
import { Budget, LIFTED_LIMIT } from "./budget.ts";
import { embed } from "./embed.ts";
import { readFilter } from "./filter.ts";
import { order } from "./order.ts";
import type { ReadNode, ReadPlan } from "./plan.ts";
import { project } from "./project.ts";
import { effectiveLimit, effectiveOffset } from "./range.ts";
import { securedBy } from "./secured.ts";

/** Where a node stands in the tree. */
export interface Place {
  /** The resource, or the relation, in the client's words. */
  readonly name: string;
  readonly path: string;
  /** How many relations deep may still be gone from here. */
  readonly depth: number;
  /** How many rows the node could be asked for: the product of the limits above it. */
  readonly rows: number;
  /** Whether at most one row can come. */
  readonly one: boolean;
  /** Whether the client may filter, order and range it: everything but the one row of a relation. */
  readonly list: boolean;
  /** Whether its rows are those a write makes or changes, which have bounds of their own. */
  readonly written: boolean;
}

/** Where the tree of a read begins; `one` where one row is asked for. */
export function rootPlace({ resource, limits }: Policy, one: boolean): Place {
  return { name: resource, path: "select", depth: limits.maxDepth, rows: 1, one, list: true, written: false };
}

/** Plans one node of the tree. */
export type NodePlanner = (policy: NodePolicy, selector: Selector, place: Place) => ReadNode;

/**
 * Joins the client's question with the policy it resolved to.
 *
 * @throws QueryError for every wish that is not permitted or not possible, at the client's path.
 */
export function planRead(policy: Policy, request: QueryRequest): ReadPlan {
  const first = wantsFirst(policy, request);
  const budget = new Budget(policy.limits);
  const nodes: ReadNode[] = [];
  const root = nodePlanner(nodes, budget)(policy, request.selector, rootPlace(policy, first));
  const total = request.total ?? policy.countTotal;
  budget.checkWork(root, { kind: "read", total });
  return {
    kind: "read",
    policy,
    root,
    nodes,
    first,
    total,
    recurring: request.recurring === true,
    countOnly: isCount(root),
  };
}

function wantsFirst({ findFirst, resource }: Policy, { first }: QueryRequest): boolean {
  if (findFirst !== undefined && first !== undefined && findFirst !== first) {
    throw new QueryError("forbidden", `${quote(resource)} answers ${findFirst ? "one row" : "a list"}`, {
      path: "findFirst",
      hint: "leave `findFirst` out",
    });
  }
  return findFirst ?? first ?? false;
}

/** Whether nothing of a node's rows was asked for. */
export const isCount = ({ selected, extras, relations }: ReadNode): boolean =>
  selected.length === 0 && extras.size === 0 && relations.size === 0;

/** A planner whose nodes are collected in `nodes`, the parents before their relations. */
export function nodePlanner(nodes: ReadNode[], budget: Budget): NodePlanner {
  const planNode: NodePlanner = (policy, selector, place) => {
    refuseForbidden(selector, policy, place);
    if (!place.list) refuseListKeys(selector, place);
    const index = nodes.length;
    nodes.push(undefined as never); // its place; the relations' come after it
    const secured = securedBy(policy);
    const projected = project(selector.columns, secured, at(place.path, "columns"));
    const where =
      selector.where === undefined
        ? undefined
        : readFilter(selector.where, secured.filterable, budget, at(place.path, "where"));
    const limit = effectiveLimit(selector.limit, policy.limits, at(place.path, "limit"));
    const taken = place.one ? Math.min(limit, 1) : limit;
    const most = taken === Number.POSITIVE_INFINITY ? LIFTED_LIMIT : taken;
    const rows = place.written ? place.rows : place.rows * most;
    if (!place.written) budget.addRows(rows, place.path);
    const relations = embed(selector.with, policy, place.depth, rows, at(place.path, "with"), planNode);
    const node: ReadNode = {
      index,
      secured,
      selected: projected.selected,
      extras: projected.extras,
      where,
      orderBy: order(selector.orderBy, secured, projected, relations.size > 0, at(place.path, "orderBy")),
      limit: taken,
      offset: effectiveOffset(selector.offset, policy.limits, at(place.path, "offset")),
      single: !place.list,
      relations,
    };
    nodes[index] = node;
    return node;
  };
  return planNode;
}

const FORBIDDEN: readonly (readonly [Capability, string])[] = [
  ["columns", "choosing columns of"],
  ["where", "filtering"],
  ["orderBy", "sorting"],
  ["limit", "limiting"],
  ["offset", "skipping rows of"],
  ["with", "loading relations of"],
];

function refuseForbidden(selector: Selector, { forbids }: NodePolicy, { name, path }: Place): void {
  if (forbids.size === 0) return;
  for (const [capability, act] of FORBIDDEN) {
    if (selector[capability] === undefined || !forbids.has(capability)) continue;
    throw new QueryError("capability-forbidden", `${act} ${quote(name)} is not allowed`, {
      path: at(path, capability),
    });
  }
}

const ONE_TAKES: ReadonlySet<string> = new Set<SelectorKey>(["columns", "with"]);

function refuseListKeys(wish: Selector, { name, path }: Place): void {
  for (const key of Object.keys(wish)) {
    if (ONE_TAKES.has(key)) continue;
    throw invalidValue(`${quote(name)} is one row; it takes \`columns\` and \`with\` only`, at(path, key));
  }
}
