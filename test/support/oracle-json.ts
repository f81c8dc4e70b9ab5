import { type Test, type Truth } from "./oracle-filters.ts";
import { compare, refuse } from "./oracle-values.ts";

// Conditions on what is inside documents, from the contract alone: `null` is "unknown".

/** What a condition on a document says, which is JSON's values as JavaScript has them, or nothing. */
export function jsonConditionOf<T>(of: (subject: T) => unknown, asked: any): Test<T> {
  if (typeof asked !== "object" || asked === null || Array.isArray(asked)) refuse("no path and comparison");
  const { path, ...rest } = asked;
  const [[operator, operand] = refuse("no comparison"), ...others] = Object.entries<any>(rest);
  if (others.length > 0) refuse("several comparisons");
  const steps = stepsOf(path);
  const judge = judgeOf(operator, operand);
  return (subject) => judge(steps.reduce(into, of(subject)));
}

function stepsOf(path: unknown): readonly (string | number)[] {
  if (!Array.isArray(path) || path.length === 0 || path.length > 16) return refuse("no path");
  return path.map((step: unknown) => {
    if (typeof step === "string" && !step.includes("\0")) return step;
    return Number.isSafeInteger(step) && (step as number) >= 0 ? (step as number) : refuse("no step");
  });
}

/** A name leads into an object, a place into a list, and nothing else leads anywhere. */
function into(value: unknown, step: string | number): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (typeof step === "number") return Array.isArray(value) ? (value as unknown[])[step] : undefined;
  return !Array.isArray(value) && Object.hasOwn(value, step)
    ? (value as Record<string, unknown>)[step]
    : undefined;
}

const SCALARS = ["string", "number", "boolean"];
const isScalar = (value: unknown): boolean =>
  SCALARS.includes(typeof value) && !(typeof value === "string" && value.includes("\0"));

/** Compares where both are of one type, and knows nothing where they are not. */
const against =
  (operand: unknown, holds: (sign: number) => boolean) =>
  (value: unknown): Truth =>
    typeof value === typeof operand ? holds(compare(value, operand)) : null;

const ORDERS: Readonly<Record<string, (sign: number) => boolean>> = {
  gt: (sign) => sign > 0,
  gte: (sign) => sign >= 0,
  lt: (sign) => sign < 0,
  lte: (sign) => sign <= 0,
};
const PARTS: Readonly<Record<string, (value: string, part: string) => boolean>> = {
  contains: (value, part) => value.includes(part),
  startsWith: (value, part) => value.startsWith(part),
  endsWith: (value, part) => value.endsWith(part),
};
const isNothing = (value: unknown): boolean => value === undefined || value === null;

function judgeOf(operator: string, operand: any): (value: unknown) => Truth {
  switch (operator) {
    case "isNull":
    case "isNotNull":
      if (typeof operand !== "boolean") refuse("no flag");
      return (value) => isNothing(value) === ((operator === "isNull") === operand);
    case "eq":
    case "ne":
      if (operand === null) return (value) => isNothing(value) === (operator === "eq");
      if (!isScalar(operand)) refuse("no value");
      return against(operand, (sign) => (sign === 0) === (operator === "eq"));
    case "in":
    case "notIn": {
      if (!Array.isArray(operand) || !operand.every(isScalar)) return refuse("no list");
      const wanted = operator === "in";
      if (operand.length === 0) return () => !wanted;
      return (value) => {
        const alike = operand.filter((item) => typeof item === typeof value);
        return alike.length === 0 ? null : alike.some((item) => compare(item, value) === 0) === wanted;
      };
    }
  }
  if (Object.hasOwn(ORDERS, operator)) {
    if (!isScalar(operand) || typeof operand === "boolean") refuse("no order");
    return against(operand, ORDERS[operator]!);
  }
  if (!Object.hasOwn(PARTS, operator)) return refuse(`comparison ${operator}`);
  if (typeof operand !== "string" || operand.includes("\0")) return refuse("no text");
  return (value) => (typeof value === "string" ? PARTS[operator]!(value, operand) : null);
}
