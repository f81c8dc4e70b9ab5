import type { Row } from "./model.ts";
import { type Limits, naturalOf, project, rangeOf } from "./oracle.ts";
import { carry, compareBy, Open, type OrderKey, refuse } from "./oracle-values.ts";
import { behind, keeper, keysOf, linkFrom, orderOf, orderOfRule, type Place } from "./policy-filters.ts";
import type { Link } from "./policy-links.ts";
import { readableOf } from "./policy-rules.ts";
import { type SeenRow, seenUnder } from "./policy-seat.ts";
import { FIELDS } from "./written-once.ts";

// One node of the tree of a question: its rows, and all that hangs on them.

// oxlint-disable-next-line typescript/no-explicit-any -- whatever a client sends
export type Selector = any;

export const LIMITS: Limits = { maxLimit: 100, maxDepth: 6, surpass: "Throw" };

/** What a row is sorted by: the values of its order, key by key. */
export type Values = readonly unknown[];

/** Where a page stands in a list: beyond or before a row, of which a cursor knows what it was sorted by. */
export type Stand = { readonly after: Values } | { readonly before: Values };

export interface PageOptions {
  readonly first?: boolean;
  /** Whether the order of rows means nothing. */
  readonly inAnyOrder?: boolean;
  /** What each row carries besides. */
  readonly also?: (row: Row) => Row;
  readonly stand?: Stand;
}

/** Some of the rows of a node. */
export interface Page {
  /** As JSON carries them. */
  readonly rows: readonly unknown[];
  /** What the first and the last of them are sorted by; nothing where there are none. */
  readonly ends: readonly [Values, Values] | undefined;
  /** Whether there are rows before them, and after. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Whether a maximum that the client did not name left rows out. */
  readonly isCut: boolean;
}

export interface Planned {
  /** Whether nothing of the rows is asked for. */
  readonly countsOnly: boolean;
  /** Whether equal rows come in any order. */
  readonly hasTotalOrder: boolean;
  /** Whether a row satisfies the client's filter, and has the rows that he requires. */
  readonly keeps: (row: Row) => boolean;
  page(rows: readonly Row[], options: PageOptions): Page;
}

/** What only lists take. */
const LIST_KEYS = ["where", "orderBy", "limit", "offset"];

/** What of a row is answered beside its relations: the columns that were asked for, and which of them are masked. */
function cellsOf({ seat: { asker }, table }: Place, columns: readonly string[], fields: readonly string[]) {
  return ({ row, seen, masked }: SeenRow): Row => {
    // Only what is in the answer is said to be masked.
    const hidden = columns.filter((name) => masked.includes(name));
    return {
      ...Object.fromEntries(columns.map((name) => [name, carry(seen[name])])),
      ...Object.fromEntries(fields.map((name) => [name, FIELDS[table][name]!.js(row, asker)])),
      ...(hidden.length > 0 && { $masked: hidden }),
    };
  };
}

/** A relation that is asked for: what each row gets of it, and whether a row may come without. */
interface Loaded {
  readonly alias: string;
  readonly of: (row: Row) => { readonly value: unknown; readonly isCut: boolean };
  readonly isThere: ((row: Row) => boolean) | undefined;
}

/** The relations of a selector by their aliases, without those that are skipped. */
function relationsOf(place: Place, wishes: Selector): readonly Loaded[] {
  const { node, table } = place;
  const taken = [...readableOf(node, table), ...(node.fields ?? [])];
  return Object.entries<Selector>(wishes ?? {}).flatMap(([alias, wish]): Loaded[] => {
    const { relation = alias, required, ...selector } = typeof wish === "boolean" ? {} : wish;
    if (taken.includes(alias)) refuse(`${alias} is something else`);
    const link = linkFrom(place, relation);
    if (wish === false) return [];
    if (required !== undefined && link.node.forbid?.includes("required") === true)
      refuse("forbidden required");
    const planned = planNode(behind(place, link), selector, { one: !link.many });
    return [
      {
        alias,
        of: loading(link, planned),
        isThere: required === true ? (row) => link.visible(row).some(planned.keeps) : undefined,
      },
    ];
  });
}

const loading =
  ({ many, visible }: Link, planned: Planned): Loaded["of"] =>
  (row) => {
    const { rows, isCut } = planned.page(visible(row), { first: !many });
    return many ? { value: rows, isCut } : { value: rows[0] ?? null, isCut: false };
  };

/** The numbers of related rows, by their aliases. */
function countsOf(place: Place, wishes: Selector): ((row: Row) => Row) | undefined {
  if (wishes === undefined) return undefined;
  const entries = Object.entries<Selector>(wishes).flatMap(([alias, wish]) => {
    const { relation = alias, where } = typeof wish === "boolean" ? {} : wish;
    const link = linkFrom(place, relation);
    if (wish === false) return [];
    if (!link.many) refuse(`the number of ${relation}, which is one`);
    for (const key of ["count", ...(where === undefined ? [] : ["where"])])
      if (link.node.forbid?.includes(key) === true) refuse(`${key} of ${relation}`);
    const keeps = keeper(behind(place, link), where);
    return [[alias, (row: Row) => link.visible(row).filter(keeps).length] as const];
  });
  if (entries.length === 0) return undefined;
  return (row) => ({ _count: Object.fromEntries(entries.map(([alias, of]) => [alias, of(row)])) });
}

/** Plans a node, or refuses. */
export function planNode(place: Place, selector: Selector, { one = false } = {}): Planned {
  const { seat, table, node } = place;
  for (const key of node.forbid ?? []) if (selector[key] !== undefined) refuse(`forbidden ${key}`);
  if (one) for (const key of LIST_KEYS) if (selector[key] !== undefined) refuse(`${key} of one row`);
  const readable = readableOf(node, table);
  const names = project(selector.columns, readable, node.fields ?? []);
  const columns = readable.filter((name) => names.has(name));
  const fields = (node.fields ?? []).filter((name) => names.has(name));
  const keep = keeper(place, selector.where);
  const order = ordering(place, selector.orderBy);
  const limit = one ? 1 : rangeOf(selector.limit, { ...LIMITS, maxLimit: node.maxLimit ?? LIMITS.maxLimit });
  const offset = selector.offset === undefined ? 0 : naturalOf(selector.offset);
  const relations = relationsOf(place, selector.with);
  const counts = countsOf(place, selector.count);
  const see = seenUnder(seat, table, node);
  const cells = cellsOf(place, columns, fields);
  const hasRows = columns.length > 0 || relations.length > 0 || counts !== undefined;
  // Computed fields alone have no total order.
  const hasTotalOrder = hasRows || fields.length === 0;
  const keys = hasTotalOrder ? [...order, ...keysOf(place)] : order;
  const inOrder = compareBy<Values>(keys.map((key, i) => ({ ...key, of: (values) => values[i] })));
  const required = relations.flatMap(({ isThere }) => (isThere === undefined ? [] : [isThere]));
  const keeps = (row: Row): boolean => keep(row) && required.every((isThere) => isThere(row));
  const shown = (row: Row): Row => {
    const loaded = relations.map(({ alias, of }) => ({ alias, ...of(row) }));
    const cut = loaded.filter(({ isCut }) => isCut).map(({ alias }) => alias);
    return {
      ...cells(see(row)),
      ...Object.fromEntries(loaded.map(({ alias, value }) => [alias, value])),
      ...counts?.(row),
      ...(cut.length > 0 && { $more: cut }),
    };
  };
  return {
    countsOnly: fields.length === 0 && !hasRows,
    hasTotalOrder,
    keeps,
    page(rows, { first = false, inAnyOrder = false, also, stand }) {
      const found = rows.filter(keeps).map((row) => ({ row, values: keys.map(({ of }) => of(row)) }));
      found.sort((a, b) => inOrder(a.values, b.values));
      const all = found.map(({ values }) => values);
      if (!hasTotalOrder && !inAnyOrder && hasEquals(all, inOrder)) throw new Open();
      const most = first ? Math.min(1, limit) : limit;
      const [from, to] = stand === undefined ? [offset, offset + most] : beside(all, inOrder, most, stand);
      const page = found.slice(from, to);
      const isBefore = stand !== undefined && "before" in stand;
      return {
        rows: page.map(({ row }) => ({ ...shown(row), ...also?.(row) })),
        ends: page.length === 0 ? undefined : [page[0]!.values, page.at(-1)!.values],
        isFirst: from <= 0,
        isLast: to >= found.length,
        isCut: !first && selector.limit === undefined && (isBefore ? from > 0 : to < found.length),
      };
    },
  };
}

type InOrder = (a: Values, b: Values) => number;

/** The first row of a page that stands beside a row, and the first beyond it. */
function beside(
  all: readonly Values[],
  inOrder: InOrder,
  limit: number,
  stand: Stand,
): readonly [number, number] {
  if ("after" in stand) {
    const from = all.filter((values) => inOrder(values, stand.after) <= 0).length;
    return [from, from + limit];
  }
  const to = all.filter((values) => inOrder(values, stand.before) < 0).length;
  return [Math.max(0, to - limit), to];
}

/** The client's order, or the rule's own, which may speak of any column. */
function ordering(place: Place, wish: Selector): readonly OrderKey<Row>[] {
  const { node, table } = place;
  if (wish === undefined) return orderOfRule(place);
  return orderOf(place, wish, readableOf(node, table));
}

const hasEquals = (all: readonly Values[], inOrder: InOrder): boolean =>
  all.some((values, i) => i > 0 && inOrder(all[i - 1]!, values) === 0);
