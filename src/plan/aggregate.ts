import { at, invalidValue, QueryError, quote, tooComplex } from "../error.ts";
import type { Capability, Policy } from "../policy/policy.ts";
import type { AggregateWish, Ordering, QueryRequest } from "../request/request.ts";
import { COLUMN_FUNCTIONS } from "../request/request.ts";
import { readZone, UTC, type Zone } from "../schema/schema.ts";
import { Budget, LIFTED_LIMIT } from "./budget.ts";
import { type Figure, type Figures, figuresOf, isSortable } from "./figure.ts";
import { type FilterTools, readFilter } from "./filter.ts";
import type { Ground } from "./ground.ts";
import { type GroupKey, readGroup } from "./group.ts";
import { Mentions } from "./mentions.ts";
import type { Predicate } from "./plan.ts";
import { effectiveLimit, effectiveOffset } from "./range.ts";
import { rootPlace } from "./read.ts";
import { requireFilter } from "./require-filter.ts";
import type { Mention } from "./secured.ts";

/** A mention of a table whose rows are aggregated. */
export interface AggregatedRows extends Mention {
  readonly where: Predicate | undefined;
}

/** A key of an order of groups. */
export interface GroupOrder {
  readonly value: GroupKey | Figure;
  readonly direction: "asc" | "desc";
  readonly nulls?: "first" | "last" | undefined;
}

/** Numbers about rows, permitted and possible. It holds no caller. */
export interface AggregatePlan {
  readonly kind: "aggregate";
  readonly policy: Policy;
  readonly root: AggregatedRows;
  /** Every mention of a table by its place; the root first. */
  readonly mentions: readonly Mention[];
  /** Absent where all rows are one group. */
  readonly groups: readonly GroupKey[] | undefined;
  /** The clocks by which moments fall in stretches of time. */
  readonly zone: Zone;
  /** The figures that are answered. */
  readonly shown: readonly Figure[];
  /** Those and the ones that groups are filtered or ordered by, each once. */
  readonly figures: readonly Figure[];
  /** On figures. */
  readonly having: Predicate | undefined;
  /** Total: it ends with what rows are grouped by. */
  readonly orderBy: readonly GroupOrder[];
  /** `Infinity` only where the author lifted the maximum, or where there are no groups. */
  readonly limit: number;
  readonly offset: number;
  /** Whether it is told that the maximum left groups out. */
  readonly tellsMore: boolean;
  /** Whether all groups are counted, whatever the page. */
  readonly filtered: boolean;
  /** Whether its question recurs. */
  readonly recurring: boolean;
}

const PATH = "aggregate";

/**
 * Joins the client's wish for numbers with the policy it resolved to.
 *
 * @throws QueryError for every wish that is not permitted or not possible, at the client's path.
 */
export function planAggregate(policy: Policy, request: QueryRequest): AggregatePlan {
  const wish = request.aggregate!;
  refuseForbidden(policy, wish);
  const budget = new Budget(policy.limits);
  const mentions = new Mentions();
  const { index, secured } = mentions.add(policy);
  const ground: Ground = { secured, depth: policy.limits.maxDepth };
  const tools = { budget, mentions };
  const filtered = request.filtered === true;
  const { groupBy } = wish;
  if (filtered && groupBy === undefined)
    throw invalidValue("there are no groups to count", "countFiltered", "name them with `groupBy`");
  const zone =
    wish.timeZone === undefined ? UTC : readZone(wish.timeZone, secured.table.database, at(PATH, "timeZone"));
  const groups = groupBy?.map((name, place) => readGroup(name, ground, tools, pathOf("groupBy", place)));
  const figures = figuresOf(policy);
  const shown = readShown(wish, figures);
  const where = filterOf(wish, ground, tools);
  const having = havingOf(wish, figures, tools);
  const orderBy = orderOf(wish.orderBy, groups ?? [], figures);
  const plan: AggregatePlan = {
    kind: "aggregate",
    policy,
    root: { index, secured, where },
    mentions: mentions.all,
    groups,
    zone,
    shown,
    figures: [...new Set([...shown, ...figuresIn(having, figures), ...figuresOfOrder(orderBy)])],
    having,
    orderBy,
    ...rangeOf(wish, policy),
    filtered,
    recurring: request.recurring === true,
  };
  checkCost(plan, budget);
  return plan;
}

const pathOf = (key: keyof AggregateWish, place: string | number): string => at(at(PATH, key), place);

/** What a rule may forbid of a question for numbers. */
const FORBIDDEN: readonly (readonly [Capability & keyof AggregateWish, string])[] = [
  ["where", "filtering"],
  ["orderBy", "sorting"],
  ["limit", "limiting"],
  ["offset", "skipping groups of"],
];

function refuseForbidden({ aggregate, forbids, resource }: Policy, wish: AggregateWish): void {
  if (aggregate === undefined || forbids.has("aggregate")) throw forbidden("aggregating", resource, PATH);
  for (const [key, act] of FORBIDDEN)
    if (wish[key] !== undefined && forbids.has(key)) throw forbidden(act, resource, at(PATH, key));
}

const forbidden = (act: string, resource: string, path: string): QueryError =>
  new QueryError("capability-forbidden", `${act} ${quote(resource)} is not allowed`, { path });

/** The figures of the answer, in the order of the functions, and for each in the client's. */
function readShown({ count, functions }: AggregateWish, figures: Figures): readonly Figure[] {
  const shown: Figure[] = [];
  if (count) shown.push(figures.of("count", undefined, at(PATH, "count")));
  for (const name of COLUMN_FUNCTIONS)
    for (const column of functions.get(name) ?? []) shown.push(figures.of(name, column, at(PATH, name)));
  return shown;
}

function filterOf({ where }: AggregateWish, ground: Ground, tools: FilterTools): Predicate | undefined {
  const { policy } = ground.secured;
  const path = at(PATH, "where");
  const read = where === undefined ? undefined : readFilter(where, ground, tools, path);
  if (policy.requireWhere !== false)
    requireFilter(policy, read, { ...rootPlace(policy as Policy, false), path: PATH });
  return read;
}

const havingOf = (
  { having }: AggregateWish,
  { ground }: Figures,
  tools: FilterTools,
): Predicate | undefined =>
  having === undefined ? undefined : readFilter(having, ground, tools, at(PATH, "having"));

function orderOf(
  wish: readonly Ordering[] = [],
  groups: readonly GroupKey[],
  figures: Figures,
): readonly GroupOrder[] {
  const named = new Set<GroupKey>();
  const keys = wish.map(({ key, direction, nulls }): GroupOrder => {
    const group = groups.find(({ name }) => name === key);
    if (group !== undefined) named.add(group);
    return { value: group ?? sortable(key, figures), direction, nulls };
  });
  const rest = groups.filter((group) => !named.has(group));
  return [...keys, ...rest.map((value): GroupOrder => ({ value, direction: "asc" }))];
}

function sortable(key: string, figures: Figures): Figure {
  const path = at(PATH, "orderBy");
  const figure = figures.named(key, path);
  if (isSortable(figure)) return figure;
  throw invalidValue(`values of ${quote(key)} have no order`, path);
}

function figuresIn(having: Predicate | undefined, figures: Figures): readonly Figure[] {
  switch (having?.kind) {
    case "condition":
      return [figures.by(having.expression)];
    case "not":
      return figuresIn(having.part, figures);
    case "and":
    case "or":
      return having.parts.flatMap((part) => figuresIn(part, figures));
    default:
      return [];
  }
}

const figuresOfOrder = (orderBy: readonly GroupOrder[]): readonly Figure[] =>
  orderBy.flatMap(({ value }) => ("cell" in value ? [value] : []));

function rangeOf(
  { groupBy, limit, offset }: AggregateWish,
  { limits }: Policy,
): Pick<AggregatePlan, "limit" | "offset" | "tellsMore"> {
  if (groupBy === undefined) return { limit: Number.POSITIVE_INFINITY, offset: 0, tellsMore: false };
  const most = effectiveLimit(limit, limits, at(PATH, "limit"));
  return {
    limit: most,
    offset: effectiveOffset(offset, limits, at(PATH, "offset")),
    tellsMore: limit === undefined && most !== Number.POSITIVE_INFINITY,
  };
}

/** So many figures and keys a question may have together: databases bound what one select has. */
const MAX_MEMBERS = 256;

/** Each group costs as many rows as it has figures; what is looked at for them is work like any other. */
function checkCost(plan: AggregatePlan, budget: Budget): void {
  const { groups, limit, shown, figures } = plan;
  if ((groups?.length ?? 0) + figures.length > MAX_MEMBERS)
    throw tooComplex(`more than ${MAX_MEMBERS} figures and keys of groups together`, PATH, "ask for fewer");
  const most = groups === undefined ? 1 : limit === Number.POSITIVE_INFINITY ? LIFTED_LIMIT : limit;
  budget.addRows(most * Math.max(1, shown.length), PATH);
  budget.checkAggregateWork(plan);
}
