import { at, invalidValue, QueryError, quote, quoteAll } from "../error.ts";
import type { Capability, NodePolicy, Policy } from "../policy/policy.ts";
import type { QueryRequest, RelationSelector, Selector } from "../request/request.ts";
import { asksExtras } from "./asked.ts";
import { Budget, LIFTED_LIMIT, type Shared } from "./budget.ts";
import { COUNTS, countsOf } from "./counts.ts";
import { embed } from "./embed.ts";
import { type FilterTools, readFilter } from "./filter.ts";
import { order } from "./order.ts";
import { CAN, type Reach } from "./expression.ts";
import type { Ground } from "./ground.ts";
import { Mentions } from "./mentions.ts";
import { isPaged, paged } from "./paging.ts";
import type { Change, Predicate, ReadNode, ReadPlan } from "./plan.ts";
import { isTaken, project } from "./project.ts";
import { effectiveLimit, effectiveOffset } from "./range.ts";
import { requireFilter } from "./require-filter.ts";
import { requiring } from "./required.ts";
import { readSearch, searched } from "./search.ts";

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
  /** Whether its rows are those that new ones meet, so that no filter of the client's has to say which they are. */
  readonly met?: boolean;
  /** Whether there is a place to say that its rows are not all. */
  readonly toldOf: boolean;
}

/** Where the tree of a read begins; `one` where one row is asked for. */
export function rootPlace({ resource, limits }: Policy, one: boolean): Place {
  return {
    name: resource,
    path: "select",
    depth: limits.maxDepth,
    rows: 1,
    one,
    list: true,
    written: false,
    toldOf: true,
  };
}

/** Plans one node of the tree. */
export type NodePlanner = (policy: NodePolicy, selector: Selector, place: Place) => ReadNode;

/**
 * Joins the client's question with the policy it resolved to. `shared` with requests that run together with it.
 *
 * @throws QueryError for every wish that is not permitted or not possible, at the client's path.
 */
export function planRead(
  policy: Policy,
  request: QueryRequest,
  changes: readonly Change[] = [],
  shared?: Shared,
): ReadPlan {
  const first = wantsFirst(policy, request);
  const budget = new Budget(policy.limits, shared?.spent);
  const mentions = new Mentions();
  const asked = nodePlanner(mentions, budget, shared?.refer)(
    policy,
    request.selector,
    rootPlace(policy, first),
  );
  const { nodes } = mentions;
  const told = request.can === true ? marked(asked, changes) : asked;
  const root = (nodes[0] = isPaged(request) ? paged(told, request, first) : told);
  const total = request.total ?? policy.countTotal;
  const filtered = request.filtered === true;
  if (filtered && first)
    throw invalidValue("one row is no list to count", "countFiltered", "leave `countFiltered` out");
  budget.checkWork(root, { kind: "read", total, filtered });
  return {
    kind: "read",
    policy,
    root,
    nodes,
    mentions: mentions.all,
    first,
    total,
    filtered,
    recurring: request.recurring === true,
    asksExtras: asksExtras(nodes),
    searches: mentions.searches,
    blanks: mentions.blanks,
    countOnly: isCount(root),
    changes: changes.map((change) => change.policy),
  };
}

/** A node whose rows say which changes would reach them. */
function marked(node: ReadNode, changes: readonly Change[]): ReadNode {
  if (isCount(node)) return node;
  if (isTaken(CAN, node.secured))
    throw invalidValue(`\`${CAN}\` is something else here`, "can", "leave `can` out");
  if (isOneOfAll(node))
    throw invalidValue("what is made of many rows is none of them", "can", "leave `can` out");
  const from = node.secured.policy.grants.length;
  const reaches = changes.map(({ method }, index): Reach => ({ method, grants: [from + index] }));
  return { ...node, marks: [...node.marks, ...reaches], tellsChanges: true };
}

/** Whether rows may be made one: by computed fields that aggregate, which stand alone. */
export const isOneOfAll = ({ selected, relations, counts, secured }: ReadNode): boolean =>
  selected.length === 0 && relations.size + counts.size === 0 && secured.policy.spansRows;

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
export const isCount = ({ selected, extras, relations, counts }: ReadNode): boolean =>
  selected.length === 0 && extras.size === 0 && relations.size + counts.size === 0;

/** A planner whose nodes are collected among the mentions, the parents before their relations. */
export function nodePlanner(mentions: Mentions, budget: Budget, refer?: Shared["refer"]): NodePlanner {
  const { nodes } = mentions;
  const planNode: NodePlanner = (policy, selector, place) => {
    refuseForbidden(selector, policy, place);
    if (!place.list) refuseListKeys(selector, place);
    const own = nodes.push(undefined as never) - 1; // the relations' come after it
    const { index, secured } = mentions.add(policy);
    const tools = { budget, mentions, refer };
    const search = readSearch(selector, policy, place, own > 0, tools);
    const ground: Ground = { secured, depth: place.depth, search };
    const projected = project(selector.columns, secured, at(place.path, "columns"));
    const where = searched(filterOf(selector, ground, tools, place), search);
    const range = rangeOf(selector, policy, place, budget);
    const relations = embed(selector.with, { policy, place, rows: range.rows }, planNode, tools);
    const counts = numbersOf(selector, { ground, rows: range.rows, place, relations }, tools);
    const ordering = { ...tools, rows: relations.size + counts.size > 0, list: place.list && !place.written };
    const node: ReadNode = {
      index,
      secured,
      selected: projected.selected,
      marks: projected.marks,
      tellsChanges: false,
      extras: projected.extras,
      where: requiring(where, relations),
      orderBy: order(selector.orderBy, ground, projected, ordering, at(place.path, "orderBy")),
      limit: range.limit,
      offset: range.offset,
      tellsMore: false,
      single: !place.list,
      relations,
      counts,
    };
    return (nodes[own] = mayBeCut(node, selector, place) ? { ...node, tellsMore: true } : node);
  };
  return planNode;
}

/** Whether the maximum, and nobody's wish, may leave rows of a node out, and there is a place to say so. */
const mayBeCut = (node: ReadNode, { limit }: Selector, { list, one, written, toldOf }: Place): boolean =>
  limit === undefined &&
  node.limit !== Number.POSITIVE_INFINITY &&
  list &&
  toldOf &&
  !one &&
  !written &&
  !isOneOfAll(node);

/** The client's filter of a node, where the rule lets it go without or with one. */
function filterOf(
  { where }: Selector,
  ground: Ground,
  tools: FilterTools,
  place: Place,
): Predicate | undefined {
  const { policy } = ground.secured;
  const read = where === undefined ? undefined : readFilter(where, ground, tools, at(place.path, "where"));
  if (policy.requireWhere !== false && place.list && place.met !== true) requireFilter(policy, read, place);
  return read;
}

/** Which of its rows a node answers, and how many the nodes below it could be asked for. */
function rangeOf(
  { limit, offset }: Selector,
  { limits }: NodePolicy,
  place: Place,
  budget: Budget,
): Pick<ReadNode, "limit" | "offset"> & { readonly rows: number } {
  const effective = effectiveLimit(limit, limits, at(place.path, "limit"));
  const taken = place.one ? Math.min(effective, 1) : effective;
  const most = taken === Number.POSITIVE_INFINITY ? LIFTED_LIMIT : taken;
  const rows = place.written ? place.rows : place.rows * most;
  if (!place.written) budget.addRows(rows, place.path);
  return { limit: taken, offset: effectiveOffset(offset, limits, at(place.path, "offset")), rows };
}

const NO_COUNTS: ReadNode["counts"] = new Map();

/** The rows that numbers are asked for of. */
interface Numbering extends Pick<ReadNode, "relations"> {
  readonly ground: Ground;
  readonly rows: number;
  readonly place: Place;
}

/** The numbers of related rows that are asked for. */
function numbersOf(
  { count }: Selector,
  { ground, rows, place, relations }: Numbering,
  tools: FilterTools,
): ReadNode["counts"] {
  if (count === undefined || count.size === 0) return NO_COUNTS;
  const path = at(place.path, "count");
  if (relations.has(COUNTS)) throw invalidValue(`\`${COUNTS}\` is a relation here`, path);
  return countsOf(count, { ground, rows, path }, tools);
}

const FORBIDDEN: readonly (readonly [Exclude<Capability, "aggregate" | "cursor">, string])[] = [
  ["columns", "choosing columns of"],
  ["where", "filtering"],
  ["orderBy", "sorting"],
  ["limit", "limiting"],
  ["offset", "skipping rows of"],
  ["with", "loading relations of"],
  ["required", "requiring rows of"],
  ["count", "counting relations of"],
  ["search", "looking for words in"],
];

function refuseForbidden(selector: RelationSelector, { forbids }: NodePolicy, { name, path }: Place): void {
  if (forbids.size === 0) return;
  for (const [capability, act] of FORBIDDEN) {
    if (selector[capability] === undefined || !forbids.has(capability)) continue;
    throw new QueryError("capability-forbidden", `${act} ${quote(name)} is not allowed`, {
      path: at(path, capability),
    });
  }
}

const ONE_TAKES: ReadonlySet<string> = new Set<keyof RelationSelector>([
  "columns",
  "with",
  "count",
  "relation",
  "required",
]);

function refuseListKeys(wish: Selector, { name, path }: Place): void {
  for (const key of Object.keys(wish)) {
    if (ONE_TAKES.has(key)) continue;
    throw invalidValue(`${quote(name)} is one row`, at(path, key), `it takes ${quoteAll(ONE_TAKES)}`);
  }
}
