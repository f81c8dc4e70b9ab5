import type { Kind, Row } from "./model.ts";
import { conditionOf, type Test, testOf } from "./oracle-filters.ts";
import { type OrderKey, refuse, weighed } from "./oracle-values.ts";
import { type Link, linkOf } from "./policy-links.ts";
import { type NodeSpec, readableOf, type Way } from "./policy-rules.ts";
import { type Seat, seenUnder } from "./policy-seat.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// Filters and orders that speak of related rows: paths, quantifiers and counts, each under the rule of its place.

/** A table as it is met somewhere in a question. */
export interface Place {
  readonly seat: Seat;
  readonly table: HouseTable;
  readonly node: NodeSpec;
  /** How many relations deep may still be gone. */
  readonly depth: number;
}

/** A row, or none: the one that a relation leads to may be missing or hidden. */
type Met = Row | undefined;

/** A value of a row, or of one that hangs on it: null where there is none. */
export interface Cell {
  readonly of: (row: Met) => unknown;
  readonly kind: Kind;
}

/** What a relation is mentioned for, which its rule may forbid. */
type Use = "where" | "orderBy";

/** A column as the client sees it. */
export function cellOf({ seat, table, node }: Place, name: string): Cell {
  const see = seenUnder(seat, table, node);
  return { of: (row) => (row === undefined ? null : see(row).seen[name]), kind: HOUSE[table].columns[name]! };
}

/** A relation that may be gone on from here. */
export function linkFrom(place: Place, name: string): Link {
  return linkOf(place.seat, place.table, place.node, name) ?? refuse(`relation ${name}`);
}

/** The place that a relation leads to. */
export function behind({ depth }: Place, { seat, table, node }: Link): Place {
  if (depth <= 0) refuse("too deep");
  return { seat, table, node, depth: Math.min(depth - 1, node.maxDepth ?? depth) };
}

function mention(place: Place, name: string, use: Use): Link {
  const link = linkFrom(place, name);
  if (link.node.forbid?.includes(use) === true) refuse(`${use} by ${name}`);
  return link;
}

function mentionToCount(place: Place, name: string, use: Use): Link {
  const link = mention(place, name, use);
  if (!link.many) refuse(`the number of ${name}, which is one`);
  if (link.node.forbid?.includes("count") === true) refuse(`count of ${name}`);
  return link;
}

// --- paths -----------------------------------------------------------------------------------------------------------

/** What a path leads to, and the words that are left of it. */
interface Walked {
  readonly cell: Cell;
  readonly rest: readonly string[];
}

/** Goes from one-relation to one-relation to a column; `columns` are those that may be named at its beginning. */
export function walk(
  place: Place,
  [first = "", ...rest]: readonly string[],
  columns: readonly string[],
  use: Use,
): Walked {
  if (columns.includes(first)) return { cell: cellOf(place, first), rest };
  const link = mention(place, first, use);
  if (link.many) refuse(`a path over ${first}, which are many`);
  const inner = walk(behind(place, link), rest, readableOf(link.node, link.table), use);
  const { of, kind } = inner.cell;
  return { cell: { of: (row) => of(oneOf(link, row)), kind }, rest: inner.rest };
}

/** The row that a relation leads to. */
const oneOf = ({ visible }: Link, row: Met): Met => row && visible(row)[0];

// --- filters ---------------------------------------------------------------------------------------------------------

/** The rows a client's filter keeps; `columns` are those it may name. */
export function keeper(
  place: Place,
  where: unknown,
  columns = readableOf(place.node, place.table),
): (row: Row) => boolean {
  if (where === undefined) return () => true;
  const test = testOf<Met>(where, (key, value) => memberOf(place, key, value, columns));
  return (row) => test(row) === true;
}

function memberOf(place: Place, key: string, value: any, columns: readonly string[]): Test<Met> {
  const [name, ...rest] = key.split(".") as [string, ...string[]];
  if (columns.includes(name)) {
    if (rest.length > 1) refuse(`no path ${key}`);
    const { of, kind } = cellOf(place, name);
    return conditionOf(of, rest[0] ?? "eq", value, kind);
  }
  const { many } = linkFrom(place, name);
  if (many && rest[0] === "count") return ofRow(countTest(place, name, rest.slice(1), value));
  const link = mention(place, name, "where");
  if (many && rest.length < 2) return ofRow(manyTest(place, link, rest[0] ?? "some", value));
  if (many) return refuse(`no path ${key}`);
  if (rest.length === 0 || ["is", "isNot"].includes(rest.join(".")))
    return ofRow(oneTest(place, link, rest[0] ?? "is", value));
  const inner = memberOf(behind(place, link), rest.join("."), value, readableOf(link.node, link.table));
  return (row) => inner(oneOf(link, row));
}

/** What is said of rows that hang on no row is unknown. */
const ofRow =
  (test: Test<Row>): Test<Met> =>
  (row) =>
    row === undefined ? null : test(row);

/** A filter of related rows; `all` stands for any of them. */
function related(place: Place, link: Link, value: any, all: true | null): (row: Row) => boolean {
  const inner = behind(place, link);
  return value === all ? () => true : keeper(inner, value ?? refuse("no filter"));
}

function manyTest(place: Place, link: Link, word: string, value: any): Test<Row> {
  const { visible } = link;
  if (word === "every" && value === true) refuse("every of all");
  const keeps = related(place, link, value, true);
  if (word === "some") return (row) => visible(row).some(keeps);
  if (word === "none") return (row) => !visible(row).some(keeps);
  if (word === "every") return (row) => visible(row).every(keeps);
  return refuse(`quantifier ${word}`);
}

function oneTest(place: Place, link: Link, word: string, value: any): Test<Row> {
  const keeps = related(place, link, value, null);
  const isThere = (row: Row): boolean => link.visible(row).some(keeps);
  // `N` stands for no row: then `is` says that there is none.
  return (row) => isThere(row) === ((word === "is") !== (value === null));
}

const COUNTS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "between"];

function countTest(place: Place, name: string, rest: readonly string[], value: any): Test<Row> {
  const link = mentionToCount(place, name, "where");
  const inner = behind(place, link);
  if (rest.length > 1) refuse("more than an operator");
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  const { where, ...wish } = isMap && rest.length === 0 ? value : { [rest[0] ?? "eq"]: value };
  const [[operator, operand] = refuse("no operator"), ...others] = Object.entries<any>(wish);
  if (others.length > 0) refuse("several operators");
  if (!COUNTS.includes(operator) || operand === null) refuse(`count ${operator}`);
  const keeps = keeper(inner, where);
  return conditionOf((row: Row) => link.visible(row).filter(keeps).length, operator, operand, "integer");
}

// --- orders ----------------------------------------------------------------------------------------------------------

/** A direction as a client, or an author, writes it. */
export function directionOf(way: Way): Pick<OrderKey<never>, "descending" | "nullsFirst"> {
  if (typeof way === "object") return { descending: way.sort === "desc", nullsFirst: way.nulls === "first" };
  return { descending: way === "desc" || way === -1 };
}

/** The keys of an order that speaks of the columns that are given, of paths and counts. */
export function orderOf(
  place: Place,
  wish: Readonly<Record<string, Way>>,
  columns: readonly string[],
): readonly OrderKey<Row>[] {
  return Object.entries(wish).map(([key, way]) => {
    const words = key.split(".");
    const isCount = words.length === 2 && words[1] === "count" && !columns.includes(words[0]!);
    const of = isCount ? countOf(place, words[0]!) : sortable(place, key, columns);
    return { of, ...directionOf(way) };
  });
}

function countOf(place: Place, name: string): OrderKey<Row>["of"] {
  const link = mentionToCount(place, name, "orderBy");
  behind(place, link);
  return (row) => link.visible(row).length;
}

function sortable(place: Place, path: string, columns: readonly string[]): OrderKey<Row>["of"] {
  const { cell, rest } = walk(place, path.split("."), columns, "orderBy");
  if (rest.length > 0) refuse(`no path ${path}`);
  return (row) => weighed(cell.kind, cell.of(row));
}

/**
 * The order of a rule, which may speak of any column, and of what is forbidden to others. What leads through a relation
 * that the caller does not know tells no rows apart.
 */
export function orderOfRule(place: Place): readonly OrderKey<Row>[] {
  return Object.entries(place.node.orderBy ?? {}).flatMap(([key, way]) => {
    const of = valueForRule(place, key.split("."));
    return of === undefined ? [] : [{ of, ...directionOf(way) }];
  });
}

function valueForRule(place: Place, [first = "", ...rest]: readonly string[]): Cell["of"] | undefined {
  const { seat, table, node } = place;
  if (Object.hasOwn(HOUSE[table].columns, first)) {
    const { of, kind } = cellOf(place, first);
    return (row) => weighed(kind, of(row));
  }
  const link = linkOf(seat, table, node, first);
  if (link === undefined) return undefined;
  if (link.many) return (row) => row && link.visible(row).length;
  const inner = valueForRule({ ...place, seat: link.seat, table: link.table, node: link.node }, rest);
  return inner && ((row) => inner(oneOf(link, row)));
}

/** What every order ends with. */
export const keysOf = ({ table }: Place, names = HOUSE[table].key): readonly OrderKey<Row>[] =>
  names.map((name) => ({ of: (row) => row[name], descending: false }));
