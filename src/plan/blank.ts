import { invalidValue } from "../error.ts";
import { type Operator, readOperand } from "../operator/operator.ts";
import { Blank, type Filling, type Given } from "../request/request.ts";
import { Gap } from "../schema/schema.ts";
import type { Budget } from "./budget.ts";
import { type Cell, typeOf } from "./expression.ts";
import type { Condition, Predicate, ReadPlan } from "./plan.ts";

export { Blank };

/** Reads what stands in a blank; `undefined` for what another statement would be asked with. */
export interface BlankReader {
  readonly place: number;
  readonly read: (given: Given) => unknown;
}

/**
 * A condition with a blank in it, and its reader.
 *
 * @throws QueryError where a value is needed to know what is asked.
 */
export function blankCondition(
  { expression, operator }: Pick<Condition, "expression" | "operator">,
  blank: Blank,
  path: string,
  budget: Budget,
): { readonly condition: Condition; readonly reader: BlankReader } {
  const read = readerOf(expression, operator, path, budget);
  if (operator.operand !== "scalar" || read(blank.sample) === undefined)
    throw invalidValue("what is asked depends on the value", path);
  return {
    condition: { kind: "condition", expression, operator, value: blank },
    reader: { place: blank.place, read },
  };
}

/** What is no value, or lies between two that its column can hold, is compared in other words. */
const readerOf =
  (expression: Cell, operator: Operator, path: string, budget: Budget): BlankReader["read"] =>
  (given) => {
    const column = typeOf(expression);
    const value = readOperand(operator, column, given, path, budget);
    if (value === null || value instanceof Gap || typeof column.encode(value) === "object") return undefined;
    return value;
  };

/**
 * The values of a question by the places of its template's blanks, as its plan compares them; `undefined` where it would be
 * compared in other words.
 */
export function readFilling({ blanks }: ReadPlan, { values }: Filling): readonly unknown[] | undefined {
  const read: unknown[] = [...values];
  for (const blank of blanks) {
    const value = blank.read(values[blank.place]!);
    if (value === undefined) return undefined;
    read[blank.place] = value;
  }
  return read;
}

/** A filter with values in its blanks. */
export function filled(where: Predicate, values: readonly unknown[] | undefined): Predicate {
  if (values === undefined) return where;
  switch (where.kind) {
    case "condition":
      return where.value instanceof Blank ? { ...where, value: values[where.value.place] } : where;
    case "not":
      return { ...where, part: filled(where.part, values) };
    case "and":
    case "or":
      return { ...where, parts: where.parts.map((part) => filled(part, values)) };
    case "related":
      return where.part === undefined ? where : { ...where, part: filled(where.part, values) };
    case "count": {
      const { counted } = where;
      if (counted.where === undefined) return where;
      return { ...where, counted: { ...counted, where: filled(counted.where, values) } };
    }
    case "search":
      return where;
  }
}
