import { at, invalidValue, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { type Ordering, readOrdering } from "./ordering.ts";
import { readCount, readFilterShape, readText } from "./selector.ts";

/** The functions that make one value of the values of a column. */
export type ColumnFunction = "count" | "countDistinct" | "sum" | "avg" | "min" | "max";

/** Every function, in the order of answers. */
export const COLUMN_FUNCTIONS: ReadonlySet<ColumnFunction> = new Set([
  "count",
  "countDistinct",
  "sum",
  "avg",
  "min",
  "max",
] as const);

/** The client's wish for numbers about rows; nothing is looked up yet. */
export interface AggregateWish {
  /** Whether rows are counted. */
  readonly count: boolean;
  /** The columns of each function, in the client's order. */
  readonly functions: ReadonlyMap<ColumnFunction, readonly string[]>;
  /** Paths, dates with a bucket behind them. */
  readonly groupBy: readonly string[] | undefined;
  readonly where?: unknown;
  readonly having?: unknown;
  readonly orderBy?: readonly Ordering[];
  readonly limit?: number;
  readonly offset?: number;
  readonly timeZone?: string;
}

/** What stands beside the functions. */
type OtherKey = Exclude<keyof AggregateWish, "count" | "functions">;

const READERS: Readonly<Record<OtherKey, (part: unknown, path: string, key: string) => unknown>> = {
  groupBy: readPaths,
  where: readFilterShape,
  having: readFilterShape,
  orderBy: readOrdering,
  limit: readCount,
  offset: readCount,
  timeZone: readText,
};

const KEYS: readonly string[] = [...COLUMN_FUNCTIONS, ...Object.keys(READERS)];

/** What says something of groups, and nothing where there are none. */
const OF_GROUPS: readonly OtherKey[] = ["having", "orderBy", "limit", "offset", "timeZone"];

/** The name of the parameter, and where its parts stand. */
const AGGREGATE = "aggregate";

/**
 * Turns what a client wrote into a wish for numbers about rows.
 *
 * @throws QueryError `invalid-value`, where it is none.
 */
export function readAggregate(value: unknown): AggregateWish {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidValue("`aggregate` takes a map", AGGREGATE, "write aggregate=(count:T)");
  const functions = new Map<ColumnFunction, readonly string[]>();
  const others: Record<string, unknown> = {};
  let count = false;
  for (const [key, part] of Object.entries(value)) {
    const path = at(AGGREGATE, key);
    if (key === "count" && typeof part === "boolean") count = part;
    else if (isFunction(key)) functions.set(key, readNames(key, part, path));
    else if (isOther(key)) others[key] = READERS[key](part, path, key);
    else throw unknownKey(key, path);
  }
  const wish: AggregateWish = { count, functions, groupBy: undefined, ...others };
  refuseEmpty(wish);
  return wish;
}

const isFunction = (key: string): key is ColumnFunction => (COLUMN_FUNCTIONS as ReadonlySet<string>).has(key);
const isOther = (key: string): key is OtherKey => Object.hasOwn(READERS, key);

const unknownKey = (key: string, path: string): Error =>
  invalidValue(
    `${quote(key)} is unknown`,
    path,
    didYouMean(key, KEYS) ?? `\`${AGGREGATE}\` takes ${quoteAll(KEYS)}`,
  );

/** The columns of a function: a map of names to T, or to F for those that are not meant. */
function readNames(name: ColumnFunction, value: unknown, path: string): readonly string[] {
  const takes = name === "count" ? "T, or a map of columns" : "a map of columns";
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidValue(`\`${name}\` takes ${takes}`, path, `write ${name}:~T(price)~`);
  const names: string[] = [];
  for (const [column, wanted] of Object.entries(value)) {
    if (typeof wanted !== "boolean") throw invalidValue("a column is named with T", at(path, column));
    if (wanted) names.push(column);
  }
  if (names.length > 0) return names;
  throw invalidValue(`\`${name}\` names no column`, path, `write ${name}:~T(price)~`);
}

function readPaths(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidValue("`groupBy` takes a list of columns and paths", path, "write groupBy:_(status)_");
  const named = new Set<string>();
  for (const [index, key] of value.entries()) {
    const here = at(path, index);
    if (typeof key !== "string") throw invalidValue("expected the name of a column, or a path", here);
    if (named.has(key)) throw invalidValue(`${quote(key)} is named twice`, here);
    named.add(key);
  }
  return value as readonly string[];
}

function refuseEmpty(wish: AggregateWish): void {
  const { count, functions, groupBy } = wish;
  if (groupBy !== undefined) return;
  if (!count && functions.size === 0)
    throw invalidValue("there is nothing to aggregate", AGGREGATE, "write count:T, or groupBy:_(status)_");
  for (const key of OF_GROUPS)
    if (wish[key] !== undefined)
      throw invalidValue(`\`${key}\` is about groups`, at(AGGREGATE, key), "name them with `groupBy`");
}
