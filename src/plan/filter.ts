import { at, invalidValue, tooComplex, unknownColumn, unknownOperator } from "../error.ts";
import { OPERATORS, type Operator, operatorsFor } from "../operator/operator.ts";
import { coerce, type ColumnInfo, isStorable } from "../schema/schema.ts";
import type { Budget } from "./budget.ts";
import type { Predicate } from "./plan.ts";

type Columns = ReadonlyMap<string, ColumnInfo>;

/**
 * Reads a filter: a map is AND, an array of maps is OR; `AND`, `OR` and `NOT` nest. Only columns in `columns` exist.
 *
 * @throws QueryError `unknown-column`, `unknown-operator`, `invalid-value` or `too-complex`.
 */
export function readFilter(value: unknown, columns: Columns, budget: Budget, path: string): Predicate {
  return readNested(value, columns, budget, path, 0);
}

/** How deep groups may nest; SQLite's parser overflows some way beyond. */
const MAX_NESTING = 16;

function readNested(
  value: unknown,
  columns: Columns,
  budget: Budget,
  path: string,
  depth: number,
): Predicate {
  if (depth > MAX_NESTING) throw tooComplex(`a filter nested more than ${MAX_NESTING} levels deep`, path);
  if (Array.isArray(value)) return readGroup("or", value, columns, budget, path, depth);
  if (typeof value !== "object" || value === null)
    throw invalidValue("a filter is a map, or an array of maps", path);
  const entries = Object.entries(value);
  if (entries.length === 0) throw emptyFilter(path);
  const parts = entries.map(([key, part]) => readMember(key, part, columns, budget, path, depth));
  return parts.length === 1 ? parts[0]! : { kind: "and", parts };
}

function emptyFilter(path: string): Error {
  return invalidValue("an empty filter", path, "leave it out to filter nothing");
}

function readGroup(
  kind: "and" | "or",
  value: unknown,
  columns: Columns,
  budget: Budget,
  path: string,
  depth: number,
): Predicate {
  if (!Array.isArray(value))
    throw invalidValue("expected an array of filters", path, "write OR:_((a:1),(b:2))_");
  if (value.length === 0) throw emptyFilter(path);
  budget.checkList(value.length, path);
  const parts = value.map((item: unknown, index) =>
    readNested(item, columns, budget, at(path, index), depth + 1),
  );
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

function readMember(
  key: string,
  value: unknown,
  columns: Columns,
  budget: Budget,
  path: string,
  depth: number,
): Predicate {
  const here = at(path, key);
  const whole = columns.get(key); // a column of that very name wins over AND, OR, NOT and over a dot
  if (whole !== undefined) return readCondition(whole, "eq", value, budget, path, here);
  if (key === "AND" || key === "OR")
    return readGroup(key === "AND" ? "and" : "or", value, columns, budget, here, depth);
  if (key === "NOT") return { kind: "not", part: readNested(value, columns, budget, here, depth + 1) };
  const dot = key.lastIndexOf(".");
  const name = dot < 0 ? key : key.slice(0, dot);
  const column = columns.get(name);
  if (column === undefined || dot < 0) throw unknownColumn(name, path, columns.keys());
  return readCondition(column, key.slice(dot + 1), value, budget, path, here);
}

function readCondition(
  column: ColumnInfo,
  name: string,
  value: unknown,
  budget: Budget,
  path: string,
  here: string,
): Predicate {
  const operator = OPERATORS.get(name);
  if (operator === undefined || operator.applies?.(column) === false)
    throw unknownOperator(name, path, operatorsFor(column));
  budget.addCondition(path);
  return { kind: "condition", column, operator, value: readOperand(operator, column, value, budget, here) };
}

function readOperand(
  operator: Operator,
  column: ColumnInfo,
  value: unknown,
  budget: Budget,
  path: string,
): unknown {
  switch (operator.operand) {
    case "scalar":
      return value === null && operator.nullable === true ? null : coerce(column, value, path);
    case "list":
      return readList(column, value, budget, path);
    case "pair":
      if (!Array.isArray(value) || value.length !== 2)
        throw invalidValue("expected a pair", path, "write _(low,high)_");
      return value.map((item: unknown, index) => coerce(column, item, at(path, index)));
    case "flag":
      if (typeof value !== "boolean") throw invalidValue("expected T or F", path);
      return value;
    case "pattern":
      return readPattern(value, budget, path);
    case "literal":
      return readText(value, budget, path);
  }
}

function readList(column: ColumnInfo, value: unknown, budget: Budget, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidValue("expected a list", path, "write _(a,b)_");
  budget.checkList(value.length, path);
  return value.map((item: unknown, index) => coerce(column, item, at(path, index)));
}

function readText(value: unknown, budget: Budget, path: string): string {
  if (typeof value !== "string" || !isStorable(value)) throw invalidValue("expected a text", path);
  budget.checkText(value, path);
  return value;
}

function readPattern(value: unknown, budget: Budget, path: string): string {
  if (typeof value !== "string" || !isStorable(value)) throw invalidValue("expected a text", path);
  budget.checkPattern(value, path);
  // PostgreSQL raises an error for a pattern that ends with its escape character.
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(value))
    throw invalidValue("a pattern cannot end with a single backslash", path);
  return value;
}
