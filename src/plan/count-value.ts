import { at, invalidValue, quoteAll, unknownOperator } from "../error.ts";
import { OPERATORS, type Operator, readOperand } from "../operator/operator.ts";
import { countColumn, type DatabaseKind } from "../schema/schema.ts";
import type { Budget } from "./budget.ts";

/** The word behind a relation that means the number of its rows. */
export const COUNT = "count";

/** The operators that compare numbers of rows. */
const COMPARISONS: ReadonlySet<string> = new Set(["eq", "ne", "gt", "gte", "lt", "lte", "in", "between"]);

/** How a number of rows is compared, and which rows are counted. */
export interface CountValue {
  readonly operator: Operator;
  readonly value: unknown;
  readonly where: unknown;
}

/**
 * Reads what a number of rows is compared with: a value behind an operator, or without one a number, or a map of one
 * operator that may have a filter beside it.
 *
 * @throws QueryError `unknown-operator`, `invalid-value`.
 */
export function readCountValue(
  name: string,
  value: unknown,
  database: DatabaseKind,
  path: string,
  budget: Budget,
): CountValue {
  if (name === "" && typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { where, ...rest } = value as Record<string, unknown>;
    const [only, ...others] = Object.entries(rest);
    if (only === undefined || others.length > 0)
      throw invalidValue("a count takes one comparison", path, "write comments.count:(where:(…),gte:3)");
    return { ...readComparison(only[0], only[1], database, at(path, only[0]), budget), where };
  }
  return { ...readComparison(name === "" ? "eq" : name, value, database, path, budget), where: undefined };
}

function readComparison(
  name: string,
  value: unknown,
  database: DatabaseKind,
  path: string,
  budget: Budget,
): Pick<CountValue, "operator" | "value"> {
  if (!COMPARISONS.has(name)) throw unknownOperator(name, path, COMPARISONS);
  const operator = OPERATORS.get(name)!;
  if (value === null)
    throw invalidValue("there is always a number of rows", path, `it takes ${quoteAll(COMPARISONS)}`);
  return { operator, value: readOperand(operator, countColumn(database), value, path, budget) };
}
