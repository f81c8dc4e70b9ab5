import { at, invalidValue, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { SELECTOR_KEYS, type SelectorKey } from "./method.ts";
import { type Ordering, readOrdering } from "./ordering.ts";
import { type Projection, readProjection } from "./projection.ts";

/** The client's tree. A key that is absent was not written; `where` is read by the plan, which knows the columns' names. */
export interface Selector {
  readonly columns?: Projection;
  readonly where?: unknown;
  readonly orderBy?: readonly Ordering[];
  readonly limit?: number;
  readonly offset?: number;
  /** Relations by name; `false` is one that was skipped on purpose. */
  readonly with?: ReadonlyMap<string, Selector | false>;
}

const EVERYTHING: Selector = {};

/** Turns what a client wrote into a selector, or says where it is none. */
export function readSelector(value: unknown, keys: ReadonlySet<SelectorKey>, path = "select"): Selector {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue(`\`${path}\` takes a map`, path, "write select=(limit:10)");
  }
  const selector: { -readonly [K in keyof Selector]: Selector[K] } = {};
  for (const [key, part] of Object.entries(value)) {
    if (!(keys as ReadonlySet<string>).has(key)) throw unknownKey(key, keys, path);
    const here = at(path, key);
    switch (key as SelectorKey) {
      case "columns":
        selector.columns = readProjection(part, here);
        break;
      case "where":
        selector.where = readFilterShape(part, here);
        break;
      case "orderBy":
        selector.orderBy = readOrdering(part, here);
        break;
      case "limit":
      case "offset":
        selector[key as "limit" | "offset"] = readCount(part, key, here);
        break;
      case "with":
        selector.with = readRelations(part, here);
        break;
    }
  }
  return selector;
}

function unknownKey(key: string, keys: ReadonlySet<SelectorKey>, path: string): Error {
  const reason = (SELECTOR_KEYS as ReadonlySet<string>).has(key)
    ? "is not taken by this method"
    : "is unknown";
  return invalidValue(
    `${quote(key)} ${reason}`,
    at(path, key),
    didYouMean(key, keys) ?? `\`${path}\` takes ${quoteAll(keys)}`,
  );
}

function readFilterShape(value: unknown, path: string): object {
  if (typeof value === "object" && value !== null) return value;
  throw invalidValue("a filter is a map, or an array of maps", path, "write where:(title.like:'a%')");
}

function readCount(value: unknown, name: string, path: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value === 0 ? 0 : value;
  throw invalidValue(`\`${name}\` takes a whole number from 0`, path);
}

function readRelations(value: unknown, path: string): ReadonlyMap<string, Selector | false> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue("`with` takes a map of relations", path, "write with:(user:T)");
  }
  const relations = new Map<string, Selector | false>();
  for (const [name, wish] of Object.entries(value)) relations.set(name, readRelation(wish, at(path, name)));
  return relations;
}

function readRelation(wish: unknown, path: string): Selector | false {
  if (wish === true) return EVERYTHING;
  if (wish === false) return false;
  if (typeof wish !== "object" || wish === null || Array.isArray(wish)) {
    throw invalidValue("a relation is loaded with T, skipped with F, or takes a map", path);
  }
  return readSelector(wish, SELECTOR_KEYS, path);
}
