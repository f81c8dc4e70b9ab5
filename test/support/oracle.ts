import { EXTRAS, FILTERS, MODEL, type Row, type TableName, type World } from "./model.ts";
import { filterOf } from "./oracle-filters.ts";
import { carry, compareRows, Open, refuse, Refused } from "./oracle-values.ts";
import { type EntrySpec, EVERYTHING, type RuleSpec, readableOf } from "./rules.ts";

// The specification once more, slow and plain: all rows in memory, everything evaluated in JavaScript.

/** What the engine must answer: a body, or a refusal. `undefined` where the specification leaves the order open. */
export type Expected = { readonly body: unknown } | { readonly refused: true; readonly why?: string };

/** What is asked of a resource. */
export interface Question {
  readonly selector: any;
  readonly findFirst?: boolean;
  readonly countTotal?: boolean;
  readonly me: number;
}

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

export interface Limits {
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
      found.sort(compareRows(order, keys));
      const most = first ? Math.min(1, limit) : limit;
      if (
        !inAnyOrder &&
        keys.length === 0 &&
        found.some((row, i) => i > 0 && compareRows(order, [])(found[i - 1]!, row) === 0)
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

export function project(wish: any, readable: readonly string[], extras: readonly string[]): Set<string> {
  const all = [...readable, ...extras];
  if (wish === undefined || wish === true) return new Set(all);
  if (wish === false) return new Set(extras);
  for (const name of Object.keys(wish)) if (!all.includes(name)) refuse(`column ${name}`);
  if (Object.keys(wish).length === 0) refuse("no columns named");
  const wanted = all.filter((name) => wish[name] === true);
  return new Set(wanted.length > 0 ? wanted : all.filter((name) => wish[name] !== false));
}

export function naturalOf(wish: unknown): number {
  if (typeof wish !== "number" || !Number.isSafeInteger(wish) || wish < 0) refuse("no natural number");
  return wish as number;
}

export function rangeOf(wish: unknown, { maxLimit, surpass }: Limits): number {
  if (wish === undefined) return maxLimit;
  const limit = naturalOf(wish);
  if (limit > maxLimit && surpass === "Throw") refuse("limit");
  return Math.min(limit, maxLimit);
}
