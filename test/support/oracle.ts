import { EXTRAS, FILTERS, type Kind, MODEL, type Row, type TableName, type World } from "./model.ts";
import { type EntrySpec, EVERYTHING, type RuleSpec, readableOf } from "./rules.ts";

// The specification once more, slow and plain: all rows in memory, everything evaluated in JavaScript.

/** What the engine must answer: a body, or a refusal. `undefined` where the specification leaves the order open. */
export type Expected = { readonly body: unknown } | { readonly refused: true };

/** What is asked of a resource. */
export interface Question {
  readonly selector: any;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly me: number;
}

/** What the specification refuses. */
export class Refused extends Error {}
/** What the specification leaves open. */
export class Open extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why);
};

/** The answer to a read, or `undefined` where the specification leaves open which rows come. */
export function readAnswer(
  world: World,
  resource: string,
  entry: EntrySpec,
  question: Question,
  depth: number,
): Expected | undefined {
  try {
    return { body: read(world, resource, entry, question, depth) };
  } catch (error) {
    if (error instanceof Refused) return { refused: true };
    if (error instanceof Open) return undefined;
    throw error;
  }
}

interface Limits {
  readonly maxLimit: number;
  readonly maxDepth: number;
  readonly surpass: "Throw" | "Limit";
}

function read(world: World, resource: string, entry: EntrySpec, question: Question, depth: number): unknown {
  const { selector = {}, me } = question;
  if (entry.rule.select === undefined) refuse("nothing is let out");
  if (
    entry.findFirst !== undefined &&
    question.findFirst !== undefined &&
    entry.findFirst !== question.findFirst
  )
    refuse("findFirst");
  const first = entry.findFirst ?? question.findFirst ?? false;
  const base = limitsOf(entry, { maxLimit: 100, maxDepth: depth, surpass: "Throw" });
  const node = planNode(
    world,
    entry.table,
    entry.rule,
    selector,
    me,
    base,
    limitsOf(entry.rule, base).maxDepth,
    false,
  );
  const seen = world[entry.table].filter((row) => admits(world, entry.table, entry.rule, row, me));
  const page = node.page(seen, first);
  const total = question.countTotal ?? entry.countTotal ?? false;
  return {
    ...(total && { total: seen.length }),
    ...(!(first && !node.countsOnly) && { count: page.length }),
    ...(!node.countsOnly && { [resource]: first ? (page[0] ?? null) : page }),
  };
}

/** Rows that were written, as an answer carries them under a rule: all of them, whatever its filter and limits say. */
export function writtenAs(
  world: World,
  table: TableName,
  rule: RuleSpec,
  selector: any,
  me: number,
  depth: number,
): { readonly countsOnly: boolean; of(rows: readonly Row[]): unknown[] } {
  const base = { maxLimit: 100, maxDepth: depth, surpass: "Throw" } as const;
  const { where: _, ...rest } = selector;
  const node = planNode(
    world,
    table,
    { ...rule, maxLimit: null, orderBy: {} },
    rest,
    me,
    base,
    base.maxDepth,
    false,
  );
  return { countsOnly: node.countsOnly, of: (rows) => node.page(rows, false, true) };
}

function limitsOf(
  wishes: { maxLimit?: number | null; maxDepth?: number; onSurpassMaxLimit?: "Throw" | "Limit" },
  base: Limits,
): Limits {
  return {
    maxLimit: wishes.maxLimit === undefined ? base.maxLimit : (wishes.maxLimit ?? Infinity),
    maxDepth: wishes.maxDepth ?? base.maxDepth,
    surpass: wishes.onSurpassMaxLimit ?? base.surpass,
  };
}

/** Whether a row exists for the caller. */
export const admits = (world: World, table: TableName, { where }: RuleSpec, row: Row, me: number): boolean =>
  where === undefined || FILTERS[table][where]!.js(row, me, world) === true;

interface Planned {
  /** Whether nothing of the rows is asked for. */
  readonly countsOnly: boolean;
  /** The page of those rows, as JSON carries them. */
  page(rows: readonly Row[], first: boolean, inAnyOrder?: boolean): unknown[];
}

const LIST_KEYS = ["where", "orderBy", "limit", "offset"];

function planNode(
  world: World,
  table: TableName,
  rule: RuleSpec,
  selector: any,
  me: number,
  base: Limits,
  depth: number,
  one: boolean,
): Planned {
  const readable = readableOf(rule, table);
  const kinds = MODEL[table].columns;
  const limits = limitsOf(rule, base);
  for (const key of rule.forbid) if (selector[key] !== undefined) refuse(`forbidden ${key}`);
  if (one) for (const key of LIST_KEYS) if (selector[key] !== undefined) refuse(`${key} of one row`);

  const names = project(selector.columns, readable, rule.extras);
  const columns = readable.filter((name) => names.has(name));
  const extras = rule.extras.filter((name) => names.has(name));
  const keep =
    selector.where === undefined
      ? () => true
      : filterOf(selector.where, Object.fromEntries(readable.map((name) => [name, kinds[name]!])));
  const order: [string, "asc" | "desc"][] =
    selector.orderBy === undefined
      ? Object.entries(rule.orderBy ?? {})
      : Object.entries(selector.orderBy).map(([name, way]) => {
          if (!readable.includes(name)) refuse(`order by ${name}`);
          return [name, way === "asc" || way === 1 ? "asc" : "desc"];
        });
  // A limit is for lists; the one row of a relation comes whatever the limit.
  const limit = one ? 1 : rangeOf(selector.limit, limits);
  const offset = selector.offset === undefined ? 0 : naturalOf(selector.offset);

  const relations: [string, (row: Row) => unknown][] = [];
  for (const [name, wish] of Object.entries<any>(selector.with ?? {})) {
    const inner = Object.hasOwn(rule.with, name) ? rule.with[name] : undefined;
    const relation = MODEL[table].relations[name]!;
    if (inner === undefined || inner === false) {
      refuse(`relation ${name}`);
      continue;
    }
    if (wish === false) continue;
    if (depth <= 0) refuse("too deep");
    const innerRule = inner === true ? EVERYTHING : inner;
    const innerDepth = Math.min(depth - 1, innerRule.maxDepth ?? depth);
    const node = planNode(
      world,
      relation.table,
      innerRule,
      wish === true ? {} : wish,
      me,
      base,
      innerDepth,
      !relation.many,
    );
    relations.push([
      name,
      (row) => {
        const related = world[relation.table].filter(
          (other) =>
            relation.on.every(([source, target]) => row[source] !== null && row[source] === other[target]) &&
            admits(world, relation.table, innerRule, other, me),
        );
        const page = node.page(related, !relation.many);
        return relation.many ? page : (page[0] ?? null);
      },
    ]);
  }
  // A relation appears where its rule stands, whatever the client's order; objects are compared without order anyway.
  const countsOnly = columns.length === 0 && extras.length === 0 && relations.length === 0;
  return {
    countsOnly,
    page(rows, first, inAnyOrder = false) {
      const found = rows.filter((row) => keep(row));
      // Computed fields alone have no total order.
      const keys =
        columns.length === 0 && extras.length > 0 && relations.length === 0 ? [] : MODEL[table].key;
      found.sort((a, b) => compareRows(a, b, order, keys));
      const most = first ? Math.min(1, limit) : limit;
      if (
        !inAnyOrder &&
        keys.length === 0 &&
        found.some((row, i) => i > 0 && compareRows(found[i - 1]!, row, order, []) === 0)
      )
        throw new Open();
      return found.slice(offset, offset + most).map((row) => ({
        ...Object.fromEntries(columns.map((name) => [name, carry(row[name])])),
        ...Object.fromEntries(extras.map((name) => [name, carry(EXTRAS[table][name]!.js!(row, world))])),
        ...Object.fromEntries(relations.map(([name, related]) => [name, related(row)])),
      }));
    },
  };
}

/** A value as JSON carries it, for the kinds the blog has. */
const carry = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

function project(wish: any, readable: readonly string[], extras: readonly string[]): Set<string> {
  const all = [...readable, ...extras];
  if (wish === undefined || wish === true) return new Set(all);
  if (wish === false) return new Set(extras);
  for (const name of Object.keys(wish)) if (!all.includes(name)) refuse(`column ${name}`);
  if (Object.keys(wish).length === 0) refuse("no columns named");
  const wanted = all.filter((name) => wish[name] === true);
  return new Set(wanted.length > 0 ? wanted : all.filter((name) => wish[name] !== false));
}

function naturalOf(wish: unknown): number {
  if (typeof wish !== "number" || !Number.isSafeInteger(wish) || wish < 0) refuse("no natural number");
  return wish as number;
}

function rangeOf(wish: unknown, { maxLimit, surpass }: Limits): number {
  if (wish === undefined) return maxLimit;
  const limit = naturalOf(wish);
  if (limit > maxLimit && surpass === "Throw") refuse("limit");
  return Math.min(limit, maxLimit);
}

// --- order -----------------------------------------------------------------------------------------------------------

/** Values as SQLite orders them: numbers by size, text by its bytes. */
function compare(a: unknown, b: unknown): number {
  const [left, right] = [storedOf(a), storedOf(b)];
  if (typeof left === "number" && typeof right === "number") return left - right;
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
}

const storedOf = (value: unknown): unknown =>
  value instanceof Date ? value.getTime() : typeof value === "boolean" ? Number(value) : value;

function compareRows(
  a: Row,
  b: Row,
  order: readonly (readonly [string, string])[],
  keys: readonly string[],
): number {
  for (const [name, way] of [...order, ...keys.map((key) => [key, "asc"] as const)]) {
    const [left, right] = [a[name], b[name]];
    if (left === null && right === null) continue;
    // Nulls come first ascending and last descending.
    const sign = left === null ? -1 : right === null ? 1 : compare(left, right);
    if (sign !== 0) return way === "asc" ? sign : -sign;
  }
  return 0;
}

// --- filters -----------------------------------------------------------------------------------------------------------

type Truth = boolean | null;
type Test = (row: Row) => Truth;

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const and = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true;
const or = (truths: readonly Truth[]): Truth => not(and(truths.map(not)));

/** The rows a client's filter keeps. */
export function filterOf(filter: unknown, kinds: Readonly<Record<string, Kind>>): (row: Row) => boolean {
  const test = testOf(filter, kinds);
  return (row) => test(row) === true;
}

function testOf(filter: any, kinds: Readonly<Record<string, Kind>>): Test {
  if (Array.isArray(filter)) return groupOf(filter, or, kinds);
  if (typeof filter !== "object" || filter === null) return refuse("no filter");
  const entries = Object.entries(filter);
  if (entries.length === 0) refuse("an empty filter");
  const tests = entries.map(([key, value]): Test => {
    if (Object.hasOwn(kinds, key)) return conditionOf(key, "eq", value, kinds[key]!);
    if (key === "AND") return groupOf(value, and, kinds);
    if (key === "OR") return groupOf(value, or, kinds);
    if (key === "NOT") {
      const inner = testOf(value, kinds);
      return (row) => not(inner(row));
    }
    const [name, operator] = key.split(".") as [string, string | undefined];
    if (!Object.hasOwn(kinds, name) || operator === undefined) refuse(`column ${name}`);
    return conditionOf(name, operator!, value, kinds[name]!);
  });
  return (row) => and(tests.map((test) => test(row)));
}

function groupOf(
  parts: unknown,
  join: (truths: readonly Truth[]) => Truth,
  kinds: Readonly<Record<string, Kind>>,
): Test {
  if (!Array.isArray(parts) || parts.length === 0) return refuse("an empty group");
  const tests = parts.map((part) => testOf(part, kinds));
  return (row) => join(tests.map((test) => test(row)));
}

function conditionOf(name: string, operator: string, operand: any, kind: Kind): Test {
  const isText = kind === "text" || kind === "choice";
  /** A comparison with the cell; nulls are unknown. */
  const cell =
    (test: (value: any) => boolean): Test =>
    (row) =>
      row[name] === null ? null : test(row[name]);
  const by = (value: unknown): unknown => (kind === "date" ? instantOf(value) : valueOf(kind, value));
  switch (operator) {
    case "eq":
      if (operand === null) return (row) => row[name] === null;
      break;
    case "ne":
      if (operand === null) return (row) => row[name] !== null;
      break;
    case "isNull":
    case "isNotNull":
      if (typeof operand !== "boolean") refuse("no flag");
      return (row) => (row[name] === null) === ((operator === "isNull") === operand);
    case "in":
    case "inArray":
    case "notIn":
    case "notInArray": {
      if (!Array.isArray(operand)) refuse("no list");
      const list = operand.map((item: unknown) => by(item));
      const included = operator.startsWith("in");
      // Nothing is in the empty list, null or not.
      if (list.length === 0) return () => !included;
      return cell((value) => list.some((item: unknown) => compare(value, item) === 0) === included);
    }
    case "between":
    case "notBetween": {
      if (!Array.isArray(operand) || operand.length !== 2) refuse("no pair");
      const [low, high] = (operand as unknown[]).map(by);
      return cell(
        (value) => (compare(value, low) >= 0 && compare(value, high) <= 0) === (operator === "between"),
      );
    }
  }
  const COMPARISONS: Readonly<Record<string, (sign: number) => boolean>> = {
    eq: (sign) => sign === 0,
    ne: (sign) => sign !== 0,
    gt: (sign) => sign > 0,
    gte: (sign) => sign >= 0,
    lt: (sign) => sign < 0,
    lte: (sign) => sign <= 0,
  };
  const comparison = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (comparison !== undefined) {
    const value = by(operand);
    return cell((stored) => comparison(compare(stored, value)));
  }
  if (!isText) refuse(`operator ${operator}`);
  const pattern = patternOf(operator, operand);
  return cell((value) => pattern.test(value) !== operator.startsWith("not"));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
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

/** Milliseconds since 1970, with the fraction that no date holds. */
function instantOf(value: unknown): number {
  if (typeof value === "number") return valueOf("date", value) === undefined ? 0 : value;
  const finer = typeof value === "string" ? /(\.\d{3})(\d{1,6})/.exec(value) : null;
  if (finer === null) return (valueOf("date", value) as Date).getTime();
  const date = valueOf("date", (value as string).replace(finer[0], finer[1]!)) as Date;
  return date.getTime() + Number(`0.${finer[2]!}`);
}

/** A value from the wire as the schema's own type, or a refusal. */
export function valueOf(kind: Kind, value: unknown): unknown {
  switch (kind) {
    case "text":
      return typeof value === "string" && !value.includes("\0") ? value : refuse("no text");
    case "choice":
      return value === "writer" || value === "editor" ? value : refuse("no member");
    case "integer":
      return Number.isSafeInteger(value) ? value : refuse("no whole number");
    case "real":
      return Number.isFinite(value) ? value : refuse("no number");
    case "boolean":
      return typeof value === "boolean" ? value : refuse("no flag");
    case "date": {
      const date =
        typeof value === "number"
          ? new Date(value)
          : typeof value === "string" && /^[+-]?\d{4,6}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/.test(value)
            ? new Date(value)
            : refuse("no date");
      return Number.isNaN(date.getTime()) ? refuse("no date") : date;
    }
    default:
      return refuse("a kind the oracle does not know");
  }
}
