import { type Index, indexesOf, type RelationInfo, type TableInfo } from "../schema/schema.ts";
import { isCell, type Ordered } from "./expression.ts";
import type { Condition, Predicate, ReadNode } from "./plan.ts";

/** How many rows tables are taken to hold. */
export interface Sizes {
  /** Whether they were counted. Where not, a question that asks for more rows is taken at its word. */
  readonly known: boolean;
  /** The rows of a table. */
  rows(table: TableInfo): number;
  /** How many of them at most have the same values in columns, named as in the database: the children of one parent. */
  group(table: TableInfo, columns: Names): number;
}

/** Columns by their names in the database; `undefined` for an expression. */
type Names = readonly (string | undefined)[];

/** How a database comes by the rows of a node under one parent. */
export interface Access {
  /** The rows it reads to find those that the parent and the client's filter point to. */
  readonly read: number;
  /** Those it finds. */
  readonly found: number;
  /** Whether no more than these can be found, whatever the table holds. */
  readonly sure: boolean;
  /** Whether some of those it finds may be none of the client's. */
  readonly drops: boolean;
  /** Of rows that are equal in what it has them in order by, the most, which it sorts; `undefined` where it sorts them all. */
  readonly ties: number | undefined;
}

/** Rows that are found: those of a node, or others that a condition asks for. */
export type Found = Pick<ReadNode, "secured" | "where" | "orderBy">;

/** How the rows of a node are found, by the keys and indexes that the schema tells of; `relation`: what it is to its parent. */
export function accessOf(node: Found, relation: RelationInfo | undefined, sizes: Sizes): Access {
  const { table } = node.secured;
  const on = relation === undefined ? NONE : namesOn(relation);
  const parts = partsOf(node.where);
  const given = valuesOf(on, parts);
  const indexes = usable(node);
  const way = given.size > 0 && indexes !== undefined ? wayOf(indexes, given, table, sizes) : undefined;
  const found = way?.rows ?? unaided(table, on, sizes);
  const sure = way?.single === true;
  const keys = node.orderBy.filter((key) => given.get(keyName(key)) !== 1);
  const ties =
    keys.length === 0 || (sure && found <= 1) ? 0 : tiesOf(keys, way, on, indexes ?? NONE, table, sizes);
  // What is no table is taken to have what it needs for a join.
  const searched = way === undefined && indexes !== undefined;
  return {
    read: searched ? searchedFor(found, table, on, sizes) : found,
    found,
    sure,
    drops: parts.some((part) => !isFound(part, way, ties === undefined ? undefined : keys[0])),
    ties,
  };
}

const NONE: readonly never[] = [];

const joins = new WeakMap<RelationInfo, Names>();

/** The columns by which a relation's rows are found. */
function namesOn(relation: RelationInfo): Names {
  let names = joins.get(relation);
  if (names === undefined) joins.set(relation, (names = relation.on.map(({ target }) => target.column.name)));
  return names;
}

/** The parts of a filter that must all hold. */
const partsOf = (where: Predicate | undefined): readonly Predicate[] =>
  where === undefined ? NONE : where.kind === "and" ? where.parts : [where];

/** How many values are given for columns, by their names in the database. */
type Given = ReadonlyMap<string | undefined, number>;

function valuesOf(on: Names, parts: readonly Predicate[]): Given {
  if (on.length === 0 && parts.length === 0) return NO_VALUES;
  const given = new Map<string | undefined, number>();
  for (const part of parts) {
    if (part.kind !== "condition" || part.value === null) continue;
    const { operator, value } = part;
    if (operator.fixes === true) given.set(nameOf(part), 1);
    else if (operator.finds === "each") given.set(nameOf(part), (value as readonly unknown[]).length);
  }
  for (const name of on) given.set(name, 1);
  return given;
}

const NO_VALUES: Given = new Map();

const nameOf = ({ expression }: Condition): string => expression.column.column.name;

/** The indexes that have all rows that may be asked for; `undefined` for what is no table. */
function usable({ where, secured: { table, policy } }: Found): readonly Index[] | undefined {
  const indexes = indexesOf(table.table);
  const filtered = where !== undefined || policy.using !== undefined || policy.facts !== undefined;
  return filtered || indexes?.some(isPartial) !== true ? indexes : indexes.filter((index) => !index.partial);
}

const isPartial = ({ partial }: Index): boolean => partial;

/** The rows that are found where no index helps: all, or those of a parent. */
const unaided = (table: TableInfo, on: Names, sizes: Sizes): number =>
  on.length === 0 ? sizes.rows(table) : Math.min(sizes.rows(table), sizes.group(table, on));

/** So many more rows are taken to be read where a join has no index; a database may have one that the schema does not tell of. */
const UNTOLD = 3;

const searchedFor = (found: number, table: TableInfo, on: Names, sizes: Sizes): number =>
  on.length > 0 && !sizes.known ? Math.min(sizes.rows(table), found * UNTOLD) : sizes.rows(table);

/** An index by which rows are found, how many of its columns are given, and how many rows that makes. */
interface Way {
  readonly index: Index;
  readonly depth: number;
  /** How many values of these columns are looked for. */
  readonly values: number;
  readonly rows: number;
  /** Whether each value has one row at most. */
  readonly single: boolean;
}

/** The index that finds the fewest. */
function wayOf(indexes: readonly Index[], given: Given, table: TableInfo, sizes: Sizes): Way | undefined {
  let best: Way | undefined;
  for (const index of indexes) {
    const { columns } = index;
    let depth = 0;
    let values = 1;
    for (let count = given.get(columns[0]); count !== undefined; count = given.get(columns[++depth]))
      values *= count;
    if (depth === 0) continue;
    const single = index.unique && !index.partial && depth === columns.length;
    const each = single
      ? 1
      : sizes.group(table, depth === columns.length ? columns : columns.slice(0, depth));
    const rows = Math.min(values * each, sizes.rows(table));
    if (best === undefined || rows < best.rows) best = { index, depth, values, rows, single };
  }
  return best;
}

/** The rows to sort at a time where an index has them in order, by its first columns at least. */
function tiesOf(
  keys: readonly Ordered[],
  way: Way | undefined,
  on: Names,
  indexes: readonly Index[],
  table: TableInfo,
  sizes: Sizes,
): number | undefined {
  if (way !== undefined)
    return way.values === 1 ? tiesIn(way.index, way.depth, keys, table, sizes) : undefined;
  if (on.length > 0) return undefined;
  let fewest: number | undefined;
  for (const index of indexes) {
    const ties = tiesIn(index, 0, keys, table, sizes);
    if (ties !== undefined && (fewest === undefined || ties < fewest)) fewest = ties;
  }
  return fewest;
}

/** The same of one index, of which the first columns have one value each. */
function tiesIn(
  index: Index,
  start: number,
  keys: readonly Ordered[],
  table: TableInfo,
  sizes: Sizes,
): number | undefined {
  if (!index.ordered) return undefined;
  const { columns } = index;
  let same = 0;
  while (same < keys.length && keys[same]!.direction === keys[0]!.direction) {
    const place = start + same;
    const name = place === columns.length ? rowIdOf(table) : columns[place];
    if (name === undefined || name !== sortedBy(keys[same]!)) break;
    same++;
  }
  if (same === 0) return undefined;
  if (same === keys.length || (index.unique && start + same >= columns.length)) return 0;
  return sizes.group(table, [keyName(keys[0]!)]);
}

/** The column in whose order an index may have the rows: none has them in that of a masked one. */
const sortedBy = (key: Ordered): string | undefined =>
  key.expression.kind === "masked" ? undefined : keyName(key);

/** The column of the table that a key is; `undefined` for what is found elsewhere. */
const keyName = ({ expression }: Ordered): string | undefined =>
  isCell(expression) ? expression.column.column.name : undefined;

/** The key by which SQLite keeps the rows of a table, and so the last column of all of its indexes. */
function rowIdOf({ database, primaryKey }: TableInfo): string | undefined {
  const [key] = primaryKey;
  const kept = database === "sqlite" && primaryKey.length === 1 && key?.type === "integer";
  return kept ? key.column.name : undefined;
}

/** Whether a part of a filter is all in how its rows are found: by an index, or in its order from a place to another. */
function isFound(part: Predicate, way: Way | undefined, walked: Ordered | undefined): boolean {
  if (part.kind !== "condition" || part.value === null) return false;
  const { operator, expression } = part;
  if (expression.kind === "masked") return false; // which is compared on some rows alone
  if (operator.finds === "range") return expression.column === walked?.expression.column;
  if (way === undefined || (operator.fixes !== true && operator.finds !== "each")) return false;
  const place = way.index.columns.indexOf(nameOf(part));
  return place >= 0 && place < way.depth;
}
