import { type SQL, sql } from "drizzle-orm";
import type { Rows } from "../../author/author.ts";
import { type Predicate, typeOf } from "../../plan/plan.ts";

/** A filter as SQL; groups stand in parentheses, conditions bind tighter than what joins them. */
export function toSQL(predicate: Predicate): SQL {
  switch (predicate.kind) {
    case "condition":
      return predicate.operator.build(typeOf(predicate.expression), predicate.value);
    case "not":
      return predicate.part.kind === "condition"
        ? sql`not (${toSQL(predicate.part)})`
        : sql`not ${toSQL(predicate.part)}`;
    case "and":
      return sql`(${joined(predicate.parts, sql` and `)})`;
    case "or":
      return sql`(${joined(predicate.parts, sql` or `)})`;
  }
}

/** Parts side by side make a tree as deep as they are many, and SQLite takes a thousand levels: halves keep it flat. */
function joined(parts: readonly Predicate[], word: SQL): SQL {
  if (parts.length <= MAX_SIDE_BY_SIDE) return sql.join(parts.map(toSQL), word);
  const middle = parts.length >> 1;
  return sql`(${joined(parts.slice(0, middle), word)})${word}(${joined(parts.slice(middle), word)})`;
}

const MAX_SIDE_BY_SIDE = 100;

/** The rows of a table that exist for the caller, as a condition; `undefined` where every row does. */
export function rowsCondition(rows: Rows): SQL | undefined {
  if (rows === "all") return undefined;
  // In parentheses: what stands beside it is ANDed, and an author may write OR.
  return rows === "none" ? sql`1 = 0` : sql`(${rows})`;
}

/** Two conditions that both hold; `undefined` where neither is asked. */
export function both(using: SQL | undefined, where: SQL | undefined): SQL | undefined {
  if (using === undefined || where === undefined) return using ?? where;
  return sql`(${using} and ${where})`;
}
