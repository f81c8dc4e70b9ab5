import {
  at,
  invalidValue,
  QueryError,
  quote,
  quoteAll,
  tooComplex,
  unknownColumn,
  unknownOperator,
} from "../error.ts";
import { mismatch, OPERATORS, type Operator, operatorsFor, readOperand } from "../operator/operator.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Budget } from "./budget.ts";
import { type Expression, typeOf } from "./expression.ts";
import type { Predicate } from "./plan.ts";

/**
 * Reads a filter: a map is AND, an array of maps is OR; `AND`, `OR` and `NOT` nest. Only what is in `readable` exists.
 *
 * @throws QueryError `unknown-column`, `unknown-operator`, `invalid-value` or `too-complex`.
 */
export function readFilter(
  value: unknown,
  readable: ReadonlyMap<string, Expression>,
  budget: Budget,
  path: string,
): Predicate {
  return new FilterReader(readable, budget).read(value, path, 0);
}

/** How deep groups may nest; SQLite's parser overflows some way beyond. */
const MAX_NESTING = 16;

/** Reads one filter; every condition counts against the budget of its request. */
class FilterReader {
  readonly #readable: ReadonlyMap<string, Expression>;
  readonly #budget: Budget;

  constructor(readable: ReadonlyMap<string, Expression>, budget: Budget) {
    this.#readable = readable;
    this.#budget = budget;
  }

  read(value: unknown, path: string, depth: number): Predicate {
    if (depth > MAX_NESTING) throw tooComplex(`a filter nested more than ${MAX_NESTING} levels deep`, path);
    if (Array.isArray(value)) return this.#group("or", value, path, depth);
    if (typeof value !== "object" || value === null) {
      throw invalidValue("a filter is a map, or an array of maps", path);
    }
    const entries = Object.entries(value);
    if (entries.length === 0) throw emptyFilter(path);
    const parts = entries.map(([key, part]) => this.#member(key, part, path, depth));
    return parts.length === 1 ? parts[0]! : { kind: "and", parts };
  }

  #group(kind: "and" | "or", value: unknown, path: string, depth: number): Predicate {
    if (!Array.isArray(value)) {
      throw invalidValue("expected an array of filters", path, "write OR:_((a:1),(b:2))_");
    }
    if (value.length === 0) throw emptyFilter(path);
    this.#budget.checkList(value.length, path);
    const parts = value.map((item: unknown, index) => this.read(item, at(path, index), depth + 1));
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #member(key: string, value: unknown, path: string, depth: number): Predicate {
    const here = at(path, key);
    // A column of that very name wins over AND, OR, NOT and over a dot.
    const whole = this.#readable.get(key);
    if (whole !== undefined) return this.#condition(whole, "eq", value, path, here);
    if (key === "AND" || key === "OR") {
      return this.#group(key === "AND" ? "and" : "or", value, here, depth);
    }
    if (key === "NOT") return { kind: "not", part: this.read(value, here, depth + 1) };
    const dot = key.lastIndexOf(".");
    const name = dot < 0 ? key : key.slice(0, dot);
    const expression = dot < 0 ? undefined : this.#readable.get(name);
    if (expression === undefined) throw unknownColumn(name, path, this.#readable.keys());
    return this.#condition(expression, key.slice(dot + 1), value, path, here);
  }

  #condition(expression: Expression, name: string, value: unknown, path: string, here: string): Predicate {
    const column = typeOf(expression);
    const operator = OPERATORS.get(name);
    if (operator === undefined) throw unknownOperator(name, path, operatorsFor(column));
    if (operator.applies?.(column) === false) throw inapplicable(name, operator, column, path);
    this.#budget.addCondition(path);
    const operand = readOperand(operator, column, value, here, this.#budget);
    return { kind: "condition", expression, operator, value: operand };
  }
}

/** An operator that compares nothing of such a column: why, and which do. */
function inapplicable(name: string, operator: Operator, column: ColumnInfo, path: string): QueryError {
  const hint = `it takes ${quoteAll(operatorsFor(column))}`;
  const message = `operator ${quote(name)} does not apply to ${quote(column.name)}, which ${mismatch(operator, column)}`;
  return new QueryError("unknown-operator", message, { path, hint });
}

function emptyFilter(path: string): Error {
  return invalidValue("an empty filter", path, "leave it out to filter nothing");
}
