import { at, invalidValue, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { isMap } from "./map.ts";

/** Rows of a relation that are counted. */
export interface CountWish {
  readonly relation: string;
  /** Which of them; read by the plan, which knows the columns' names. */
  readonly where?: unknown;
}

/** Reads `count`: a map of relations, or of other names for them, to `T`, to `F` or to which of their rows. */
export function readCounts(value: unknown, path: string): ReadonlyMap<string, CountWish | false> {
  if (!isMap(value))
    throw invalidValue("`count` takes a map of relations", path, "write count:~T(comments)~");
  return new Map(Object.entries(value).map(([name, wish]) => [name, readCount(name, wish, at(path, name))]));
}

function readCount(name: string, wish: unknown, path: string): CountWish | false {
  if (wish === true) return { relation: name };
  if (wish === false) return false;
  if (!isMap(wish))
    throw invalidValue(
      "rows are counted with T, skipped with F, or chosen by a map",
      path,
      "write comments:(where:(flagged:T))",
    );
  const { relation = name, where, ...others } = wish;
  const [other] = Object.keys(others);
  if (other !== undefined) throw unknownKey(other, path);
  if (typeof relation !== "string")
    throw invalidValue("`relation` takes the name of a relation", at(path, "relation"));
  if (where === undefined) return { relation };
  if (typeof where === "object" && where !== null) return { relation, where };
  throw invalidValue("a filter is a map, or an array of maps", at(path, "where"), "write where:(flagged:T)");
}

const KEYS = ["relation", "where"] as const;

const unknownKey = (key: string, path: string): Error =>
  invalidValue(
    `${quote(key)} is unknown`,
    at(path, key),
    didYouMean(key, KEYS) ?? `a count takes ${quoteAll(KEYS)}`,
  );
