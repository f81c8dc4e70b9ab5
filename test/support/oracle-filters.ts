import type { Kind, Row } from "./model.ts";
import { compare, instantOf, refuse, valueOf, weighed } from "./oracle-values.ts";

// Filters in SQL's three-valued logic: `null` is "unknown".

export type Truth = boolean | null;
/** What is true of a row, a group, whatever is filtered. */
export type Test<T> = (subject: T) => Truth;

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const and = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;
const or = (truths: readonly Truth[]): Truth => not(and(truths.map(not)));

/** What a key of a filter means that is neither AND, OR nor NOT. */
export type Member<T> = (key: string, value: any) => Test<T>;

/** The rows a client's filter keeps, which speaks of columns alone. */
export function filterOf(filter: unknown, kinds: Readonly<Record<string, Kind>>): (row: Row) => boolean {
  const test = testOf<Row>(filter, (key, value) => {
    const [name, operator = "eq"] = key.split(".") as [string, string | undefined];
    if (!Object.hasOwn(kinds, name)) refuse(`column ${name}`);
    return conditionOf((row) => row[name], operator, value, kinds[name]!);
  });
  return (row) => test(row) === true;
}

/** Reads a filter: a map is AND, a list is OR, and they nest. */
export function testOf<T>(filter: any, member: Member<T>): Test<T> {
  if (Array.isArray(filter)) return groupOf(filter, or, member);
  if (typeof filter !== "object" || filter === null) return refuse("no filter");
  const entries = Object.entries<any>(filter);
  if (entries.length === 0) refuse("an empty filter");
  const tests = entries.map(([key, value]): Test<T> => {
    if (key === "AND") return groupOf(value, and, member);
    if (key === "OR") return groupOf(value, or, member);
    if (key !== "NOT") return member(key, value);
    const inner = testOf(value, member);
    return (subject) => not(inner(subject));
  });
  return (subject) => and(tests.map((test) => test(subject)));
}

function groupOf<T>(parts: unknown, join: (truths: readonly Truth[]) => Truth, member: Member<T>): Test<T> {
  if (!Array.isArray(parts) || parts.length === 0) return refuse("an empty group");
  const tests = parts.map((part) => testOf(part, member));
  return (subject) => join(tests.map((test) => test(subject)));
}

const COMPARISONS: Readonly<Record<string, (sign: number) => boolean>> = {
  eq: (sign) => sign === 0,
  ne: (sign) => sign !== 0,
  gt: (sign) => sign > 0,
  gte: (sign) => sign >= 0,
  lt: (sign) => sign < 0,
  lte: (sign) => sign <= 0,
};

/** A condition on a value of a kind, wherever it comes from. */
export function conditionOf<T>(of: (subject: T) => any, operator: string, operand: any, kind: Kind): Test<T> {
  const isText = kind === "text" || kind === "choice";
  /** A comparison with a value; nulls are unknown. */
  const known =
    (test: (value: any) => boolean): Test<T> =>
    (subject) => {
      const value = of(subject);
      return value === null ? null : test(weighed(kind, value));
    };
  const by = (value: unknown): unknown =>
    kind === "date" ? instantOf(value) : weighed(kind, valueOf(kind, value));
  switch (operator) {
    case "eq":
      if (operand === null) return (subject) => of(subject) === null;
      break;
    case "ne":
      if (operand === null) return (subject) => of(subject) !== null;
      break;
    case "isNull":
    case "isNotNull":
      if (typeof operand !== "boolean") refuse("no flag");
      return (subject) => (of(subject) === null) === ((operator === "isNull") === operand);
    case "in":
    case "inArray":
    case "notIn":
    case "notInArray": {
      if (!Array.isArray(operand)) return refuse("no list");
      const list = operand.map((item: unknown) => by(item));
      const included = operator.startsWith("in");
      // Nothing is in the empty list, null or not.
      if (list.length === 0) return () => !included;
      return known((value) => list.some((item: unknown) => compare(value, item) === 0) === included);
    }
    case "between":
    case "notBetween": {
      if (!Array.isArray(operand) || operand.length !== 2) return refuse("no pair");
      const [low, high] = operand.map(by);
      return known(
        (value) => (compare(value, low) >= 0 && compare(value, high) <= 0) === (operator === "between"),
      );
    }
  }
  const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (comparison !== undefined) {
    const value = by(operand);
    return known((stored) => comparison(compare(stored, value)));
  }
  if (!isText) refuse(`operator ${operator}`);
  const pattern = patternOf(operator, operand);
  return known((value) => pattern.test(value) !== operator.startsWith("not"));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const foldASCII = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** A text operator as what it matches. */
function patternOf(operator: string, operand: unknown): { test(value: string): boolean } {
  if (typeof operand !== "string" || operand.includes("\0")) return refuse("no text");
  const insensitive =
    /^(?:not)?[iI](?:like|Like|contains|startsWith|endsWith)/.test(operator) && operator !== "in";
  const text = insensitive ? foldASCII(operand) : operand;
  const fold = insensitive ? foldASCII : (value: string) => value;
  switch (operator) {
    case "contains":
    case "icontains":
      return { test: (value) => fold(value).includes(text) };
    case "startsWith":
    case "istartsWith":
      return { test: (value) => fold(value).startsWith(text) };
    case "endsWith":
    case "iendsWith":
      return { test: (value) => fold(value).endsWith(text) };
    case "like":
    case "notLike":
    case "ilike":
    case "notIlike": {
      let source = "";
      const characters = Array.from(text);
      for (let i = 0; i < characters.length; i++) {
        const character = characters[i]!;
        if (character === "\\") {
          if (++i === characters.length) refuse("a lone backslash at the end");
          source += escaped(characters[i]!);
        } else source += character === "%" ? "[^]*" : character === "_" ? "[^]" : escaped(character);
      }
      const expression = new RegExp(`^${source}$`, "u");
      return { test: (value) => expression.test(fold(value)) };
    }
    default:
      return refuse(`operator ${operator}`);
  }
}
