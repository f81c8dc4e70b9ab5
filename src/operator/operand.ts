import { at, invalidValue } from "../error.ts";
import { coerce, type ColumnInfo, isStorable } from "../schema/schema.ts";
import type { Operand, OperandBudget, OperandKind, Operator } from "./contract.ts";
import { readAskedOfJson } from "./json-operand.ts";

const incomparable = ({ compares }: ColumnInfo): string =>
  compares === "nothing" ? "holds what cannot be compared" : "has no order";
const noText = (): string => "holds no text";

/** Every kind of operand: one is added here, and named by its operators. */
const OPERANDS: Readonly<Record<OperandKind, Operand>> = {
  /** One value of the column. */
  scalar: {
    read: (value, column, path) => coerce(column, value, path),
    mismatch: incomparable,
  },
  /** Any number of values. */
  list: {
    read(value, column, path, budget) {
      const list = readList(value, path);
      budget.addList(list.length, path);
      return coerceAll(list, column, path);
    },
    mismatch: incomparable,
  },
  /** A list of elements is a value of its array; null is no element to look for, since nothing equals it. */
  elements: {
    read(value, column, path, budget) {
      const list = readList(value, path);
      budget.addList(list.length, path);
      const missing = list.indexOf(null);
      if (missing >= 0) throw invalidValue("expected an element", at(path, missing));
      return coerce(column, list, path);
    },
    mismatch: () => "is no array",
  },
  /** Two values, both ends of a range. */
  pair: {
    read(value, column, path) {
      if (!Array.isArray(value) || value.length !== 2)
        throw invalidValue("expected a pair", path, "write _(low,high)_");
      return coerceAll(value, column, path);
    },
    mismatch: incomparable,
  },
  /** A yes or a no. */
  flag: {
    read(value, _, path) {
      if (typeof value !== "boolean") throw invalidValue("expected T or F", path);
      return value;
    },
    mismatch: incomparable,
  },
  /** A text with wildcards. */
  pattern: {
    read(value, _, path, budget) {
      const text = readText(value, path);
      budget.addPattern(text, path);
      // PostgreSQL raises an error for a pattern that ends with its escape character.
      if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text))
        throw invalidValue("a pattern cannot end with a single backslash", path);
      return text;
    },
    mismatch: noText,
  },
  /** A text taken literally. */
  literal: {
    read(value, _, path, budget) {
      const text = readText(value, path);
      budget.addText(text, path);
      return text;
    },
    mismatch: noText,
  },
  /** A path into a document, and what is asked of the value there. */
  json: {
    read: (value, { database }, path, budget) =>
      readAskedOfJson(value, {
        database,
        path,
        budget,
        read: (operator, column, operand, here) => readOperand(operator, column, operand, here, budget),
      }),
    mismatch: () => "holds no JSON",
  },
};

/** Reads what a client wrote on the right of an operator. */
export function readOperand(
  { operand, nullable }: Operator,
  column: ColumnInfo,
  value: unknown,
  path: string,
  budget: OperandBudget,
): unknown {
  if (value === null && nullable === true) return null;
  return OPERANDS[operand].read(value, column, path, budget);
}

/** Why an operator compares nothing of a column that it does not apply to. */
export function mismatch({ operand }: Operator, column: ColumnInfo): string {
  return OPERANDS[operand].mismatch(column);
}

function readList(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw invalidValue("expected a list", path, "write _(a,b)_");
}

const coerceAll = (list: readonly unknown[], column: ColumnInfo, path: string): readonly unknown[] =>
  list.map((item, index) => coerce(column, item, at(path, index)));

function readText(value: unknown, path: string): string {
  if (typeof value === "string" && isStorable(value)) return value;
  throw invalidValue("expected a text", path);
}
