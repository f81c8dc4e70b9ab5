import { at, invalidValue, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { type CountWish, readCounts } from "./counts.ts";
import { RELATION_KEYS, SELECTOR_KEYS, type SelectorKey } from "./method.ts";
import { type Ordering, readOrdering } from "./ordering.ts";
import { type Projection, readProjection } from "./projection.ts";
import { readWords, type Words } from "./words.ts";

/** The client's tree. A key that is absent was not written; `where` is read by the plan, which knows the columns' names. */
export interface Selector {
  readonly columns?: Projection;
  readonly where?: unknown;
  readonly orderBy?: readonly Ordering[];
  readonly limit?: number;
  readonly offset?: number;
  /** Relations by the name they have in the answer; `false` is one that was skipped on purpose. */
  readonly with?: ReadonlyMap<string, RelationSelector | false>;
  /** The relations whose rows are counted, by the name the number has in the answer; `false` is one that was skipped. */
  readonly count?: ReadonlyMap<string, CountWish | false>;
  /** Words to look for. */
  readonly search?: Words;
  /** The cursor behind which, or before which, the page is. */
  readonly after?: string;
  readonly before?: string;
}

/** The tree below a relation. */
export interface RelationSelector extends Selector {
  /** The relation, where it has another name in the answer. */
  readonly relation?: string;
  /** Whether rows without a row there are left out. */
  readonly required?: boolean;
}

/** Any key of a client's tree. */
type AnyKey = SelectorKey | "relation" | "required";

const EVERYTHING: Selector = {};

/** Turns what a client wrote into a selector, or says where it is none. */
export function readSelector(value: unknown, keys: ReadonlySet<AnyKey>, path = "select"): RelationSelector {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue(`\`${path}\` takes a map`, path, "write select=(limit:10)");
  }
  const selector: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) {
    if (!(keys as ReadonlySet<string>).has(key)) throw unknownKey(key, keys, path);
    selector[key] = READERS[key as AnyKey](part, at(path, key), key);
  }
  return selector;
}

/** Reads what stands behind each key. */
const READERS: Readonly<Record<AnyKey, (part: unknown, path: string, key: string) => unknown>> = {
  columns: readProjection,
  where: readFilterShape,
  orderBy: readOrdering,
  limit: readCount,
  offset: readCount,
  with: readRelations,
  count: readCounts,
  search: readWords,
  after: readText,
  before: readText,
  relation: readText,
  required: readFlag,
};

function unknownKey(key: string, keys: ReadonlySet<AnyKey>, path: string): Error {
  const elsewhere = (SELECTOR_KEYS as ReadonlySet<string>).has(key);
  const reason = elsewhere
    ? keys === RELATION_KEYS
      ? "is not taken by relations"
      : "is not taken by this method"
    : "is unknown";
  return invalidValue(
    `${quote(key)} ${reason}`,
    at(path, key),
    didYouMean(key, keys) ?? `\`${path}\` takes ${quoteAll(keys)}`,
  );
}

/** Reads what a filter looks like: the plan knows the names in it. */
export function readFilterShape(value: unknown, path: string): object {
  if (typeof value === "object" && value !== null) return value;
  throw invalidValue("a filter is a map, or an array of maps", path, "write where:(title.like:'a%')");
}

/** Reads a number of rows. */
export function readCount(value: unknown, path: string, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value === 0 ? 0 : value;
  throw invalidValue(`\`${name}\` takes a whole number from 0`, path);
}

function readFlag(value: unknown, path: string, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw invalidValue(`\`${name}\` takes T or F`, path);
}

export function readText(value: unknown, path: string, name: string): string {
  if (typeof value === "string") return value;
  throw invalidValue(`\`${name}\` takes a text`, path);
}

function readRelations(value: unknown, path: string): ReadonlyMap<string, RelationSelector | false> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue("`with` takes a map of relations", path, "write with:(user:T)");
  }
  const relations = new Map<string, RelationSelector | false>();
  for (const [name, wish] of Object.entries(value)) relations.set(name, readRelation(wish, at(path, name)));
  return relations;
}

function readRelation(wish: unknown, path: string): RelationSelector | false {
  if (wish === true) return EVERYTHING;
  if (wish === false) return false;
  if (typeof wish !== "object" || wish === null || Array.isArray(wish)) {
    throw invalidValue("a relation is loaded with T, skipped with F, or takes a map", path);
  }
  return readSelector(wish, RELATION_KEYS, path);
}
