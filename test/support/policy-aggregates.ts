import type { Kind, Row } from "./model.ts";
import { naturalOf, rangeOf } from "./oracle.ts";
import { conditionOf, type Test, testOf } from "./oracle-filters.ts";
import { carry, compare, compareBy, Open, type OrderKey, refuse, weighed } from "./oracle-values.ts";
import { bucketOf, BUCKETS, type Zone, zoneOf } from "./policy-calendar.ts";
import { type Cell, cellOf, directionOf, keeper, type Place, walk } from "./policy-filters.ts";
import { LIMITS, type Selector } from "./policy-nodes.ts";
import { type AggregateSpec, chosen, readableOf, type Way } from "./policy-rules.ts";
import { HOUSE } from "./written-once.ts";

// Aggregates: functions over columns, groups, and what of them is let out.

export const FUNCTIONS = ["count", "countDistinct", "sum", "avg", "min", "max"] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Rows that are one group, and the values they share. */
interface Group {
  readonly rows: readonly Row[];
  readonly values: readonly unknown[];
}

/** A value of a group: what it is compared by, its kind, and how JSON carries it. */
interface Figure {
  readonly of: (group: Group) => unknown;
  readonly kind: Kind;
}

/** What may be aggregated here, and by what. */
export interface Permission {
  readonly functions: readonly string[];
  readonly columns: readonly string[];
  readonly groupBy: readonly string[];
  readonly minGroupSize: number;
  /** The functions that its rule names. */
  readonly named: readonly string[];
  readonly readable: readonly string[];
}

export function permissionOf({ node, table }: Pick<Place, "node" | "table">): Permission {
  const { aggregate, forbid } = node;
  if (aggregate === undefined || forbid?.includes("aggregate") === true) return refuse("no aggregates");
  const all = Object.keys(HOUSE[table].columns);
  const readable = readableOf(node, table);
  const {
    functions,
    columns,
    groupBy,
    minGroupSize = 0,
  }: AggregateSpec = aggregate === true ? {} : aggregate;
  return {
    functions: functions ?? FUNCTIONS,
    columns: columns === undefined ? readable : chosen(columns, all),
    groupBy: groupBy === undefined ? readable : chosen(groupBy, all),
    minGroupSize,
    named: functions ?? [],
    readable,
  };
}

// --- functions -------------------------------------------------------------------------------------------------------

const NUMBERS: readonly Kind[] = ["integer", "real", "decimal", "bigint"];
const ORDERED: readonly Kind[] = [...NUMBERS, "text", "date"];

/** Whether a function takes columns of a kind; of some kinds databases differ, and the contract says nothing. */
export function takes(name: FunctionName, kind: Kind): boolean {
  if (name === "sum" || name === "avg") return NUMBERS.includes(kind);
  return name === "count" || name === "countDistinct" || ORDERED.includes(kind);
}

function figureOf(
  place: Place,
  { functions, columns, named, readable }: Permission,
  name: string,
  column: string,
): Figure {
  if (!functions.includes(name)) refuse(`function ${name}`);
  if (!columns.includes(column)) refuse(`column ${column}`);
  const isExtreme = name === "min" || name === "max";
  if (isExtreme && !readable.includes(column) && !named.includes(name)) refuse(`${name} of a hidden column`);
  const cell = cellOf(place, column);
  if (!takes(name as FunctionName, cell.kind)) {
    if (isExtreme) throw new Open();
    refuse(`${name} of ${cell.kind}`);
  }
  return { of: ({ rows }) => figured(name as FunctionName, cell, rows), kind: kindOf(name, cell.kind) };
}

function kindOf(name: string, kind: Kind): Kind {
  if (name === "count" || name === "countDistinct") return "integer";
  if (name === "avg") return kind === "decimal" ? "decimal" : "real";
  return kind;
}

function figured(name: FunctionName, { of, kind }: Cell, rows: readonly Row[]): unknown {
  const values = rows.map(of).filter((value) => value !== null);
  const distinct = values.filter(
    (value, i) => values.findIndex((other) => compareAs(kind, other, value) === 0) === i,
  );
  if (name === "count") return values.length;
  if (name === "countDistinct") return distinct.length;
  if (values.length === 0) return null;
  if (name === "min" || name === "max") {
    const inOrder = values.toSorted((a, b) => compareAs(kind, a, b));
    return inOrder.at(name === "min" ? 0 : -1);
  }
  if (kind === "bigint") {
    const sum = (values as bigint[]).reduce((a, b) => a + b, 0n);
    return name === "sum" ? sum : Number(sum) / values.length;
  }
  const sum = values.reduce<number>((a, b) => a + Number(b), 0);
  const result = name === "sum" ? sum : sum / values.length;
  if (kind !== "decimal") return result;
  return name === "sum" ? result.toFixed(Math.max(...values.map(scaleOf))) : String(result);
}

/** How many digits stand behind the point. */
const scaleOf = (value: unknown): number => String(value).split(".")[1]?.length ?? 0;

const compareAs = (kind: Kind, a: unknown, b: unknown): number => compare(weighed(kind, a), weighed(kind, b));

/** All rows of a group. */
const COUNT: Figure = { of: ({ rows }) => rows.length, kind: "integer" };

/** A figure by its name, as filters and orders of groups write it, and the words that are left. */
function namedFigure(
  place: Place,
  permission: Permission,
  key: string,
): { figure: Figure; rest: readonly string[] } {
  const [name, column, ...rest] = key.split(".") as [string, ...string[]];
  if (!(FUNCTIONS as readonly string[]).includes(name)) return refuse(`figure ${key}`);
  const isAll = name === "count" && (column === undefined || !(column in HOUSE[place.table].columns));
  if (!isAll) return { figure: figureOf(place, permission, name, column ?? ""), rest };
  if (!permission.functions.includes("count")) refuse("function count");
  return { figure: COUNT, rest: column === undefined ? [] : [column, ...rest] };
}

// --- groups ----------------------------------------------------------------------------------------------------------

/** A path that rows are grouped by, perhaps by the bucket its date falls in. */
function groupKey(place: Place, { groupBy }: Permission, key: string, zone: Zone): Cell {
  const { cell, rest } = walk(place, key.split("."), groupBy, "orderBy");
  const [bucket, ...others] = rest;
  if (bucket === undefined) return cell;
  if (others.length > 0 || !(BUCKETS as readonly string[]).includes(bucket) || cell.kind !== "date")
    return refuse(`bucket ${key}`);
  const of: Cell["of"] = (row) => {
    const date = cell.of(row) as Date | null;
    return date === null ? null : bucketOf(date, bucket as (typeof BUCKETS)[number], zone);
  };
  return { of, kind: "date" };
}

function grouped(rows: readonly Row[], cells: readonly Cell[]): readonly Group[] {
  const groups = new Map<string, { rows: Row[]; values: readonly unknown[] }>();
  for (const row of rows) {
    const values = cells.map(({ of }) => of(row));
    const key = JSON.stringify(values.map((value, i) => carry(weighed(cells[i]!.kind, value))));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { rows: [row], values });
    else group.rows.push(row);
  }
  return [...groups.values()];
}

/** An answer whose averages of decimals have no more digits than a double does: databases divide further. */
export function rounded(body: unknown): unknown {
  if (Array.isArray(body)) return body.map(rounded);
  if (typeof body !== "object" || body === null) return body;
  const { avg, ...rest } = body as { avg?: unknown };
  const others = Object.entries(rest).map(([name, value]) => [name, rounded(value)] as const);
  return { ...Object.fromEntries(others), ...(avg !== undefined && { avg: averagesOf(avg) }) };
}

const averagesOf = (avg: unknown): unknown =>
  Object.fromEntries(
    Object.entries(avg as object).map(([name, value]) => [
      name,
      typeof value === "string" ? Number(value).toPrecision(12) : value,
    ]),
  );

// --- the answer ------------------------------------------------------------------------------------------------------

interface Asking {
  readonly resource: string;
  readonly countFiltered: boolean;
  readonly zones: boolean;
}

const KEYS = [...FUNCTIONS, "groupBy", "where", "having", "orderBy", "limit", "offset", "timeZone"];
const OF_GROUPS = ["having", "orderBy", "limit", "offset"];

/** What is answered to an aggregate over rows that exist for the caller. */
export function aggregated(place: Place, existing: readonly Row[], wish: Selector, asking: Asking): unknown {
  const permission = permissionOf(place);
  const { node, table } = place;
  for (const key of Object.keys(wish)) if (!KEYS.includes(key)) refuse(`key ${key}`);
  // `count` there is the number of related rows; which functions there are, the permission itself says.
  for (const key of node.forbid ?? [])
    if (key !== "count" && wish[key] !== undefined) refuse(`forbidden ${key}`);
  const shown = functionsOf(place, permission, wish);
  if (shown.length === 0 && wish.groupBy === undefined) refuse("nothing to aggregate");
  const rows = existing.filter(keeper(place, wish.where, readableOf(node, table)));
  if (wish.groupBy === undefined) return overall(permission, shown, rows, wish, asking);
  return { ...groupsOf(place, permission, shown, rows, wish, asking) };
}

/** What a group shows: its place in the answer, and the figure there. */
type Shown = readonly [name: string, column: string | undefined, figure: Figure];

function functionsOf(place: Place, permission: Permission, wish: Selector): readonly Shown[] {
  return FUNCTIONS.flatMap((name): Shown[] => {
    const columns = wish[name];
    if (columns === undefined) return [];
    if (columns === true) return [[name, undefined, namedFigure(place, permission, name).figure]];
    if (typeof columns !== "object" || columns === null || Array.isArray(columns))
      return refuse(`columns of ${name}`);
    if (Object.keys(columns).length === 0) refuse(`no columns of ${name}`);
    return Object.keys(columns).map((column) => [name, column, figureOf(place, permission, name, column)]);
  });
}

/** The figures of a group as JSON carries them; of one that is too small, nothing. SQLite keeps no zeros behind a point. */
function figuresOf(shown: readonly Shown[], group: Group | undefined, keepsScale: boolean): Row {
  const answer: Record<string, unknown> = {};
  for (const [name, column, { of, kind }] of shown) {
    const full = group === undefined ? null : carry(of(group));
    const value = kind === "decimal" && full !== null && !keepsScale ? String(Number(full)) : full;
    if (column === undefined) answer[name] = value;
    else answer[name] = { ...(answer[name] as Row | undefined), [column]: value };
  }
  return answer;
}

function overall(
  { minGroupSize }: Permission,
  shown: readonly Shown[],
  rows: readonly Row[],
  wish: Selector,
  { resource, countFiltered, zones }: Asking,
): unknown {
  if (countFiltered) refuse("the number of no groups");
  // What it would mean to filter, order or page one answer is not said.
  if (OF_GROUPS.some((key) => wish[key] !== undefined)) throw new Open();
  const all = rows.length < minGroupSize ? undefined : { rows, values: [] };
  return { [resource]: figuresOf(shown, all, zones) };
}

function groupsOf(
  place: Place,
  permission: Permission,
  shown: readonly Shown[],
  rows: readonly Row[],
  wish: Selector,
  { resource, countFiltered, zones }: Asking,
): Row {
  const { groupBy, having, orderBy, limit, offset, timeZone } = wish;
  if (!Array.isArray(groupBy) || groupBy.length === 0) return refuse("no list of paths");
  if (new Set(groupBy).size < groupBy.length) refuse("a path twice");
  const zone = zoneOf(timeZone, zones) ?? refuse("no zone");
  const cells = groupBy.map((key: string) => groupKey(place, permission, key, zone));
  const keys: readonly Figure[] = cells.map(({ kind }, i) => ({ of: ({ values }) => values[i], kind }));
  const named = (key: string): Figure => {
    const i = groupBy.indexOf(key);
    if (i >= 0) return keys[i]!;
    const { figure, rest } = namedFigure(place, permission, key);
    return rest.length > 0 ? refuse(`figure ${key}`) : figure;
  };
  const order = [
    ...Object.entries<Way>(orderBy ?? {}).map(([key, way]) => ({
      ...sortable(named(key)),
      ...directionOf(way),
    })),
    ...keys.map((key) => ({ ...sortable(key), descending: false })),
  ];
  const keeps = havingOf(place, permission, having);
  const most = rangeOf(limit, { ...LIMITS, maxLimit: place.node.maxLimit ?? LIMITS.maxLimit });
  const from = offset === undefined ? 0 : naturalOf(offset);
  const found = grouped(rows, cells)
    .filter((group) => group.rows.length >= permission.minGroupSize && keeps(group))
    .toSorted(compareBy(order));
  const page = found.slice(from, from + most).map((group) => ({
    group: Object.fromEntries(groupBy.map((key: string, i: number) => [key, carry(group.values[i])])),
    ...figuresOf(shown, group, zones),
  }));
  return {
    ...(countFiltered && { filtered: found.length }),
    count: page.length,
    ...(limit === undefined && found.length > from + most && { more: true }),
    [resource]: page,
  };
}

const sortable = ({ of, kind }: Figure): Pick<OrderKey<Group>, "of"> => ({
  of: (group) => weighed(kind, of(group)),
});

function havingOf(place: Place, permission: Permission, having: unknown): (group: Group) => boolean {
  if (having === undefined) return () => true;
  const test = testOf<Group>(having, (key, value): Test<Group> => {
    const { figure, rest } = namedFigure(place, permission, key);
    if (rest.length > 1) refuse(`figure ${key}`);
    return conditionOf(figure.of, rest[0] ?? "eq", value, figure.kind);
  });
  return (group) => test(group) === true;
}
