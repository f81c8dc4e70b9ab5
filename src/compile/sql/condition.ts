import { type SQL, sql } from "drizzle-orm";
import type { Rows } from "../../author/author.ts";
import {
  type Cell,
  type Condition,
  type CountCondition,
  type Mask,
  type Predicate,
  type Related,
  typeOf,
} from "../../plan/plan.ts";
import { foundSQL } from "../../search/search.ts";

/** The rows on which what a mask covers is shown to the caller. */
export type Shown = (mask: Mask) => Rows;

/** What a caller sees from where a table is mentioned: of its own rows, and of those that relations lead to from there. */
export interface Sight {
  readonly shown: Shown;
  /** A condition on rows elsewhere; `whole` where it matters whether one that does not hold is false or unknown. */
  readonly related: (predicate: Related, whole: boolean) => SQL;
  readonly counted: (predicate: CountCondition) => SQL;
  /** What stands for an expression that is no column of a table; absent where all are. */
  readonly named?: (expression: Cell) => SQL;
}

/**
 * A filter as SQL; groups stand in parentheses, conditions bind tighter than what joins them. `whole` where it matters
 * whether one that does not hold is false or unknown, as it does under NOT.
 */
export function toSQL(predicate: Predicate, sight: Sight, whole = false): SQL {
  switch (predicate.kind) {
    case "condition":
      return conditionSQL(predicate, sight, whole);
    case "related":
      return sight.related(predicate, whole);
    case "count":
      return sight.counted(predicate);
    case "search":
      return foundSQL(predicate.search.index, predicate.search.words, predicate.search.tied);
    case "not": {
      const part = toSQL(predicate.part, sight, true);
      return isGroup(predicate.part) ? sql`not ${part}` : sql`not (${part})`;
    }
    case "and":
    case "or": {
      const parts = predicate.parts.map((part) => toSQL(part, sight, whole));
      return sql`(${joined(parts, predicate.kind === "and" ? sql` and ` : sql` or `)})`;
    }
  }
}

/** Whether what a filter says stands in parentheses, or binds tighter. */
export const isGroup = ({ kind }: Predicate): boolean => kind === "and" || kind === "or" || kind === "not";

/** Where a column is masked, it is compared as if it had no value. It is compared itself, as its type says. */
function conditionSQL({ expression, operator, value }: Condition, sight: Sight, whole: boolean): SQL {
  const { shown, named } = sight;
  const type = typeOf(expression);
  const asked = operator.build(named === undefined ? type : { ...type, column: named(expression) }, value);
  if (expression.kind === "column") return asked;
  const rows = shown(expression.mask);
  if (rows === "all") return asked;
  const otherwise = operator.ofNothing?.(value);
  if (rows === "none") return sql`(${truth(otherwise)})`;
  // What has to hold is split, so that an index finds it.
  if (!whole && otherwise !== true) return sql`((${rows}) and ${asked})`;
  return sql`case when ${rows} then ${asked} else ${truth(otherwise)} end`;
}

/** What a condition says where there is no row with a value to compare: unknown where it answers nothing. */
export function ofNothing(predicate: Predicate): boolean | undefined {
  if (predicate.kind === "condition") return predicate.operator.ofNothing?.(predicate.value);
  return predicate.kind === "related" && predicate.holds === "value" ? ofNothing(predicate.part!) : undefined;
}

/** What is true, false or, as in SQL, unknown, which PostgreSQL takes for a text where nobody says what it is. */
export function truth(value: boolean | undefined): SQL {
  if (value === undefined) return sql`cast(null as boolean)`;
  return value ? sql`1 = 1` : sql`1 = 0`;
}

/** Parts side by side make a tree as deep as they are many, and SQLite takes a thousand levels: halves keep it flat. */
function joined(parts: readonly SQL[], word: SQL): SQL {
  if (parts.length <= MAX_SIDE_BY_SIDE) return sql.join([...parts], word);
  const middle = parts.length >> 1;
  return sql`(${joined(parts.slice(0, middle), word)})${word}(${joined(parts.slice(middle), word)})`;
}

/** More parts than so many are halved. */
export const MAX_SIDE_BY_SIDE = 100;

/** The rows of a table that exist for the caller, as a condition; `undefined` where every row does. */
export function rowsCondition(rows: Rows): SQL | undefined {
  if (rows === "all") return undefined;
  // In parentheses: what stands beside it is ANDed, and an author may write OR.
  return rows === "none" ? sql`1 = 0` : sql`(${rows})`;
}

/** The same where there must be a condition. */
export const conditionOf = (rows: Rows): SQL => rowsCondition(rows) ?? sql`1 = 1`;

/** A value on the rows on which it is shown. */
export const shownValue = (rows: Rows, value: SQL): SQL =>
  sql`case when ${conditionOf(rows)} then ${value} end`;

/** Two conditions that both hold; `undefined` where neither is asked. */
export function both(using: SQL | undefined, where: SQL | undefined): SQL | undefined {
  if (using === undefined || where === undefined) return using ?? where;
  return sql`(${using} and ${where})`;
}
