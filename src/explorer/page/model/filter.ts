import { type Access, operandOf, type Quantifier, QUANTIFIERS, relationSpot, type Spot } from "./access.ts";
import { isPlain } from "./notation.ts";
import type { Plain } from "./request.ts";

/** Where something stands in a filter: the keys and places that lead to it. */
export type At = readonly (string | number)[];

/** A part of a filter, as a builder shows it. */
export type Clause = Condition | Group | Through | Counted;

interface Placed {
  readonly at: At;
}

/** A column that is compared. */
export interface Condition extends Placed {
  readonly kind: "condition";
  /** Its name, or the path that leads to it. */
  readonly column: string;
  readonly operator: string;
  readonly value: unknown;
}

/** Parts of which all, some or not all hold. */
export interface Group extends Placed {
  readonly kind: "group";
  readonly word: "AND" | "OR" | "NOT";
  readonly clauses: readonly Clause[];
}

/** Rows of a relation. */
export interface Through extends Placed {
  readonly kind: "relation";
  readonly relation: string;
  readonly quantifier: Quantifier;
  /** What is said of the row itself: `true` that there is one, `null` that there is none; else `clauses` say it. */
  readonly value?: true | null;
  readonly clauses: readonly Clause[];
}

/** How many rows of a relation there are. */
export interface Counted extends Placed {
  readonly kind: "count";
  readonly relation: string;
  readonly operator: string;
  readonly value: unknown;
  /** Which of them are counted. */
  readonly clauses: readonly Clause[];
}

const WORDS: ReadonlySet<string> = new Set(["AND", "OR", "NOT"]);
const isWord = (key: string): key is Group["word"] => WORDS.has(key);

/** The parts of a filter: of a map those that all hold, of a list one that says so. */
export function clausesOf(
  access: Access,
  spot: Spot | undefined,
  where: unknown,
  at: At = [],
): readonly Clause[] {
  if (Array.isArray(where)) return where.length === 0 ? [] : [groupOf(access, spot, "OR", where, at)];
  if (!isPlain(where)) return [];
  return Object.entries(where).map(([key, value]) => clauseOf(access, spot, key, value, [...at, key]));
}

function groupOf(access: Access, spot: Spot | undefined, word: Group["word"], value: unknown, at: At): Group {
  const clauses = Array.isArray(value)
    ? value.flatMap((item, index) => together(access, spot, item, [...at, index]))
    : clausesOf(access, spot, value, at);
  return { kind: "group", word, at, clauses };
}

/** A map of several conditions inside a list is a group of its own. */
function together(access: Access, spot: Spot | undefined, item: unknown, at: At): readonly Clause[] {
  const clauses = clausesOf(access, spot, item, at);
  return clauses.length > 1 ? [{ kind: "group", word: "AND", at, clauses }] : clauses;
}

function clauseOf(access: Access, spot: Spot | undefined, key: string, value: unknown, at: At): Clause {
  const named = spot !== undefined && Object.hasOwn(spot.columns, key);
  if (!named && isWord(key)) return groupOf(access, spot, key, value, at);
  const { column, operator } = keyParts(key, spot);
  const through = spot && !named ? throughOf(access, spot, key, value, at) : undefined;
  return through ?? { kind: "condition", column, operator, value, at };
}

/** The column and the operator that a key of a filter names. */
export function keyParts(key: string, spot?: Spot): { readonly column: string; readonly operator: string } {
  const dot = key.lastIndexOf(".");
  const last = key.slice(dot + 1);
  const isColumn = dot < 0 || (spot !== undefined && Object.hasOwn(spot.columns, key));
  if (isColumn || operandOf(last) === undefined) return { column: key, operator: "eq" };
  return { column: key.slice(0, dot), operator: last };
}

/** The key of a filter, without the operator that goes without saying. */
export const keyOf = (column: string, operator: string): string =>
  operator === "eq" && operandOf(column.slice(column.lastIndexOf(".") + 1)) === undefined
    ? column
    : `${column}.${operator}`;

/** What a key says of a relation's rows, where it leads over one. */
function throughOf(access: Access, spot: Spot, key: string, value: unknown, at: At): Clause | undefined {
  const parts = key.split(".");
  let here: Spot | undefined = spot;
  for (let index = 0; here !== undefined && index < parts.length; index++) {
    const relation: string = parts[index]!;
    const kind = Object.hasOwn(here.relations, relation) ? here.relations[relation]!.kind : undefined;
    if (kind === undefined) return undefined;
    const inner: Spot | undefined = relationSpot(access, here, relation);
    const name = parts.slice(0, index + 1).join(".");
    const [word, ...rest] = parts.slice(index + 1);
    if (kind === "many" && word === "count" && rest.length <= 1)
      return countedOf(access, inner, name, rest[0], value, at);
    const quantifiers: readonly Quantifier[] = QUANTIFIERS[kind];
    const quantifier = quantifiers.find((one) => one === (word ?? quantifiers[0]));
    if (rest.length === 0 && quantifier !== undefined)
      return relationClause(access, inner, name, quantifier, value, at);
    here = inner;
  }
  return undefined;
}

function relationClause(
  access: Access,
  inner: Spot | undefined,
  relation: string,
  quantifier: Quantifier,
  value: unknown,
  at: At,
): Through {
  return {
    kind: "relation",
    relation,
    quantifier,
    at,
    ...((value === true || value === null) && { value }),
    clauses: clausesOf(access, inner, value, at),
  };
}

function countedOf(
  access: Access,
  inner: Spot | undefined,
  relation: string,
  operator: string | undefined,
  value: unknown,
  at: At,
): Counted {
  if (operator !== undefined || !isPlain(value))
    return { kind: "count", relation, operator: operator ?? "eq", value, at, clauses: [] };
  const { where, ...compared } = value;
  const [[name, number] = ["eq", undefined]] = Object.entries(compared);
  return {
    kind: "count",
    relation,
    operator: name,
    value: number,
    at,
    clauses: clausesOf(access, inner, where, [...at, "where"]),
  };
}

/** What stands at a place of a filter. */
export function valueAt(where: unknown, at: At): unknown {
  let here = where;
  for (const step of at) {
    if (Array.isArray(here)) here = here[Number(step)];
    else here = isPlain(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

/** The same filter with another value at a place. */
function withValue(where: unknown, at: At, value: unknown): unknown {
  const [step, ...rest] = at;
  if (step === undefined) return value;
  if (Array.isArray(where))
    return where.map((item, index) => (index === step ? withValue(item, rest, value) : item));
  const map = isPlain(where) ? where : {};
  return { ...map, [step]: withValue(map[step], rest, value) };
}

/**
 * The same filter with one part more in the group at a place, the root being the empty one. A key that stands there already
 * comes into a list behind it, so that both hold.
 */
export function addClause(where: unknown, at: At, key: string, value: unknown): unknown {
  return withValue(where, at, added(valueAt(where, at), key, value));
}

function added(group: unknown, key: string, value: unknown): unknown {
  if (Array.isArray(group)) return [...group, { [key]: value }];
  const map = isPlain(group) ? group : {};
  if (!Object.hasOwn(map, key)) return { ...map, [key]: value };
  const others = Array.isArray(map["AND"]) ? map["AND"] : [];
  return { ...map, AND: [...others, { [key]: value }] };
}

/** The same filter with another key and value in place of a part, at the place that it had. */
export function changeClause(where: unknown, at: At, key: string, value: unknown): unknown {
  const last = at.at(-1);
  const above = at.slice(0, -1);
  const map = valueAt(where, above);
  if (typeof last !== "string" || !isPlain(map)) return withValue(where, at, { [key]: value });
  if (key !== last && Object.hasOwn(map, key))
    return addClause(removeClause(where, at) ?? {}, above, key, value);
  const members = Object.entries(map).map(([name, item]) => (name === last ? [key, value] : [name, item]));
  return withValue(where, above, Object.fromEntries(members));
}

/** The same filter without a part, and without what is empty then; `undefined` where nothing is left. */
export function removeClause(where: unknown, at: At): unknown {
  const [step, ...rest] = at;
  if (step === undefined) return undefined;
  if (Array.isArray(where)) {
    const items = where.flatMap((item: unknown, index): readonly unknown[] => {
      const left = index === step ? removeClause(item, rest) : item;
      return left === undefined ? [] : [left];
    });
    return items.length === 0 ? undefined : items;
  }
  if (!isPlain(where)) return where;
  const members = Object.entries(where).flatMap(([name, item]): readonly (readonly [string, unknown])[] => {
    if (name !== step) return [[name, item]];
    const left = removeClause(item, rest);
    // Without a filter, what was said of some or of none of the rows is said of all of them.
    if (left === undefined && rest.length > 0 && /\.(?:some|none)$/.test(name)) return [[name, true]];
    return left === undefined || isOnlyAFilter(name, left) ? [] : [[name, left]];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

/** Whether of a number of rows nothing but which of them is left. */
const isOnlyAFilter = (name: string, left: unknown): boolean =>
  name.endsWith(".count") && isPlain(left) && Object.keys(left).every((key) => key === "where");

/** The same filter with the parts of a group joined by another word, the root included. */
export function joinBy(where: unknown, at: At, word: "AND" | "OR"): unknown {
  const group = valueAt(where, at);
  const last = at.at(-1);
  const above = at.slice(0, -1);
  const map = valueAt(where, above);
  if ((last === "AND" || last === "OR") && isPlain(map)) return changeClause(where, at, word, group);
  if (word === "OR" && isPlain(group)) {
    const items = Object.entries(group).map(([key, value]): Plain => ({ [key]: value }));
    return withValue(where, at, inList(map, last) ? { OR: items } : items);
  }
  if (word === "AND" && Array.isArray(group)) return withValue(where, at, merged(group));
  return where;
}

/** Whether something is an item of a list, where a list would be one more group of the same kind. */
const inList = (above: unknown, last: string | number | undefined): boolean =>
  typeof last === "number" && Array.isArray(above);

/** Several maps as one, where no key is theirs both; else a list of which all hold. */
function merged(items: readonly unknown[]): unknown {
  const maps = items.filter(isPlain);
  const keys = maps.flatMap((map) => Object.keys(map));
  const simple = maps.length === items.length && new Set(keys).size === keys.length;
  return simple ? Object.assign({}, ...maps) : { AND: items };
}

/** How many conditions a filter has. */
export function conditionsIn(where: unknown): number {
  if (Array.isArray(where)) return where.reduce((sum: number, item: unknown) => sum + conditionsIn(item), 0);
  if (!isPlain(where)) return 0;
  return Object.entries(where).reduce(
    (sum, [key, value]) => sum + (isWord(key) ? conditionsIn(value) : 1),
    0,
  );
}
