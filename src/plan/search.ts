import { at, QueryError, quote } from "../error.ts";
import type { NodePolicy } from "../policy/policy.ts";
import { type Selector, sizeOf, type Words } from "../request/request.ts";
import type { SearchIndex } from "../search/search.ts";
import type { FilterTools } from "./filter.ts";
import type { Predicate } from "./plan.ts";
import type { Place } from "./read.ts";

/** Words that are looked for among the rows of a mention, in columns that its rule lets out on all of them. */
export interface Search {
  readonly index: SearchIndex;
  readonly words: Words;
  /** Whether the rows are those of a relation, which are found by what ties them to their parent. */
  readonly tied: boolean;
}

/**
 * What is looked for among the rows of a node. Each word and each phrase is a condition.
 *
 * @throws QueryError `capability-forbidden` where the rule does not let look for words, `too-complex`.
 */
export function readSearch(
  { search: words }: Selector,
  { search: index }: NodePolicy,
  place: Pick<Place, "name" | "path">,
  tied: boolean,
  { budget, mentions }: FilterTools,
): Search | undefined {
  if (words === undefined) return undefined;
  const path = at(place.path, "search");
  if (index === undefined)
    throw new QueryError("capability-forbidden", `looking for words in ${quote(place.name)} is not allowed`, {
      path,
    });
  for (let count = sizeOf(words); count > 0; count--) budget.addCondition(path);
  const search = { index, words, tied };
  mentions.look(search);
  return search;
}

/** A filter, and the words that its rows have as well. */
export function searched(filter: Predicate | undefined, search: Search | undefined): Predicate | undefined {
  if (search === undefined) return filter;
  const part: Predicate = { kind: "search", search };
  if (filter === undefined) return part;
  return { kind: "and", parts: filter.kind === "and" ? [...filter.parts, part] : [filter, part] };
}
