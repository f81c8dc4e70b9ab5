import type { Ordered } from "../../plan/plan.ts";
import type { Syntax } from "../../syntax/syntax.ts";

/** The name of the value of a key of an order, by its place. */
export const keyAlias = (index: number): string => `"~key${index}"`;

/** Values of more bytes are in no cursor, and stay where they are. */
export const LONGEST = 16_384;
/** SQLite's functions take at most 100 arguments. */
const MOST = 64;

/**
 * SQL for texts that say all the values of a row's keys: JSON lists, of which many keys need some, each of them empty where
 * one of its values is too long.
 */
export function keptKeys(
  orderBy: readonly Ordered[],
  named: (index: number) => string,
  syntax: Syntax,
): readonly string[] {
  const lists: string[] = [];
  for (let start = 0; start < orderBy.length; start += MOST) {
    const columns = orderBy.slice(start, start + MOST).map(({ expression: { column } }) => column);
    const written = syntax.texts(columns.map((column, place) => syntax.kept(column, named(start + place))));
    const long = columns.flatMap((column, place) => {
      const bytes = syntax.size(column, named(start + place), false);
      return bytes === undefined ? [] : [`${bytes}>${LONGEST}`];
    });
    lists.push(long.length === 0 ? written : `case when ${long.join(" or ")} then '' else ${written} end`);
  }
  return lists;
}
