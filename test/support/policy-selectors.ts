import { named, toFilter, withoutUndefined } from "./arbitrary.ts";
import type { Kind } from "./model.ts";
import { nodeUnder, type Target, targetOf } from "./policy-links.ts";
import { poolOf } from "./policy-rows.ts";
import { type FileSpec, type NodeSpec, onSomeRows, readableOf, type Way } from "./policy-rules.ts";
import { type Caller, rolesOf } from "./policy-seat.ts";
import type { About, Condition, FilterWish, Group, KeyWish, LoadWish, TreeWish } from "./policy-wishes.ts";
import { HOUSE, type HouseTable } from "./written-once.ts";

// What a drawn wish comes to under the rule of its place.

/** A rule as a question meets it, of which nothing but what it offers need be known. */
export interface Offer {
  readonly file: FileSpec;
  readonly asker: Caller;
  readonly table: HouseTable;
  readonly node: NodeSpec;
}

const pick = <T>(from: readonly T[], n: number): T | undefined =>
  from.length === 0 ? undefined : from[n % from.length];

interface Found extends Target {
  readonly name: string;
  readonly offer: Offer;
}

/** The relations that are offered here. */
function relationsOf(
  { file, asker, table, node }: Offer,
  which: (target: Target) => boolean,
): readonly Found[] {
  const seat = { file, roles: rolesOf(asker) };
  return Object.keys(node.with ?? {}).flatMap((name): Found[] => {
    const inner = nodeUnder(seat, node, name);
    if (inner === undefined) return [];
    const target = targetOf(table, node, name);
    return which(target)
      ? [{ ...target, name, offer: { file, asker, table: target.table, node: inner } }]
      : [];
  });
}

/** A relation by number: what is forbidden of it is mostly passed by. */
function relationAt(
  offer: Offer,
  n: number,
  which: (target: Target) => boolean,
  uses: readonly string[],
): Found | undefined {
  const all = relationsOf(offer, which);
  const free = all.filter(({ offer: { node } }) => !uses.some((use) => node.forbid?.includes(use) === true));
  return pick(n > 96 || free.length === 0 ? all : free, n);
}

const isMany = ({ many }: Target): boolean => many;
const isOne = ({ many }: Target): boolean => !many;

/** A path by number, as far as one-relations go, to the offer it ends at. */
function pathTo(offer: Offer, steps: readonly number[], use: string): { prefix: string; end: Offer } {
  const [first, ...rest] = steps;
  const found = first === undefined ? undefined : relationAt(offer, first, isOne, [use]);
  if (found === undefined || readableOf(found.offer.node, found.table).length === 0)
    return { prefix: "", end: offer };
  const { prefix, end } = pathTo(found.offer, rest, use);
  return { prefix: `${found.name}.${prefix}`, end };
}

/** The columns to speak of: where some are masked, half of the time these. */
function spokenOf({ node, table }: Offer, n: number): readonly string[] {
  const readable = readableOf(node, table);
  const masked = readable.filter(onSomeRows(node.select));
  return masked.length > 0 && n % 2 === 0 ? masked : readable;
}

/** A column behind a path, by number; the whole path is its name. */
export function columnAt(
  offer: Offer,
  steps: readonly number[],
  n: number,
  use: string,
): { readonly name: string; readonly table: HouseTable; readonly column: string } {
  const { prefix, end } = pathTo(offer, steps, use);
  const column = named(spokenOf(end, n >> 1), n);
  return { name: prefix + column, table: end.table, column };
}

/** Operators as they are drawn: what compares texts letter by letter is seldom, of it a question takes so much only. */
const PLAIN = [
  "eq",
  "ne",
  "isNull",
  "isNotNull",
  "in",
  "notIn",
  "gt",
  "gte",
  "lt",
  "lte",
  "between",
  "notBetween",
];
const COUNTS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "between"];

/** A value to ask a column for; one in a hundred is of no kind in particular. */
export function valueAt(table: HouseTable, column: string, kind: Kind, n: number): unknown {
  if (n > 98) return { neither: "this" };
  const pool = poolOf(table, column, kind);
  const value = pool[n % pool.length];
  return kind === "date" && n % 2 === 0 ? new Date(value as number).toISOString() : value;
}

/** A filter as a client sends it. */
export function filterFrom(offer: Offer, wish: FilterWish): unknown {
  switch (wish.kind) {
    case "condition":
      return conditionFrom(offer, wish);
    case "related":
      return relatedFrom(offer, wish) ?? conditionFrom(offer, standing(wish));
    case "count":
      return countFrom(offer, wish) ?? conditionFrom(offer, standing(wish));
    default:
      return groupFrom(offer, wish);
  }
}

/** What stands in the place of a relation where there is none. */
const standing = ({ relation, word, operands }: About): Condition => ({
  kind: "condition",
  path: [],
  column: relation,
  operator: word,
  operands,
});

function groupFrom(offer: Offer, { kind, parts: wishes }: Group): unknown {
  const parts = wishes.map((part) => filterFrom(offer, part));
  if (kind === "any") return parts;
  if (kind === "AND" || kind === "OR") return { [kind]: parts };
  const together = parts.every((part) => !Array.isArray(part)) ? Object.assign({}, ...parts) : parts;
  return kind === "NOT" ? { NOT: together } : together;
}

function conditionFrom(offer: Offer, { path: steps, column: n, operator, operands }: Condition): unknown {
  const { name, table, column } = columnAt(offer, steps, n, "where");
  const kind = HOUSE[table].columns[column] ?? "text";
  const value = (m: number): unknown => valueAt(table, column, kind, m);
  const [a, b, c] = operands;
  if (operator % 11 === 10) return { [name]: b % 5 === 4 ? null : value(a) };
  // One in eight matches texts, or is no operator of the column's at all.
  if (operator % 8 === 7)
    return toFilter(
      { kind: "condition", condition: { column: 0, operator, operands } },
      { [name]: kind },
      (_, m) => value(m),
    );
  const by = PLAIN[operator % PLAIN.length]!;
  return { [`${name}.${by}`]: operandOf(by, [a, b, c], value) };
}

function operandOf(
  by: string,
  [a, b, c]: readonly [number, number, number],
  value: (n: number) => unknown,
): unknown {
  if (by === "isNull" || by === "isNotNull") return a % 2 === 0;
  if (by === "in" || by === "notIn") return [b, c, a].slice(0, a % 4).map(value);
  if (by.endsWith("etween")) return [value(b), value(c)];
  return (by === "eq" || by === "ne") && b % 8 === 7 ? null : value(a);
}

function relatedFrom(offer: Offer, wish: About): unknown {
  const { prefix, end } = pathTo(offer, wish.path, "where");
  const { relation, word, part } = wish;
  const found = relationAt(end, relation, () => true, ["where"]);
  if (found === undefined) return undefined;
  const words = found.many ? ["", "some", "none", "every"] : ["", "is", "isNot"];
  const by = words[word % words.length]!;
  const name = `${prefix}${found.name}${by && `.${by}`}`;
  if (part !== undefined) return { [name]: filterFrom(found.offer, part) };
  // Of every row something must be said.
  if (by === "every") return { [name]: conditionFrom(found.offer, standing(wish)) };
  return { [name]: found.many ? true : null };
}

function countFrom(offer: Offer, { path: steps, relation, word, operands, part }: About): unknown {
  const { prefix, end } = pathTo(offer, steps, "where");
  const found = relationAt(end, relation, isMany, ["where", "count"]);
  if (found === undefined) return undefined;
  const by = COUNTS[word % COUNTS.length]!;
  const value = operandOf(by, operands, (n) => n % 4) ?? 1;
  const name = `${prefix}${found.name}.count`;
  if (part !== undefined || word % 5 === 0)
    return { [name]: withoutUndefined({ where: part && filterFrom(found.offer, part), [by]: value }) };
  return { [by === "eq" && word % 2 === 0 ? name : `${name}.${by}`]: value };
}

/** An order as a client sends it. */
export function orderFrom(offer: Offer, keys: readonly KeyWish[]): Record<string, Way> {
  return Object.fromEntries(
    keys.map(({ path: steps, column, relation, way: direction }) => {
      const counted =
        relation === undefined
          ? undefined
          : relationAt(offer, relation, isMany, ["where", "orderBy", "count"]);
      const name =
        counted === undefined ? columnAt(offer, steps, column, "orderBy").name : `${counted.name}.count`;
      return [name, direction];
    }),
  );
}

const ALIASES = ["first", "other", "third", "fourth", "fifth"];

/** The name a relation gets in the answer: an alias one time in five, which for once may be a column's. */
function aliasFor({ node, table }: Offer, n: number): string {
  return ALIASES[n] ?? readableOf(node, table)[0] ?? ALIASES[0]!;
}

function countsFrom(
  offer: Offer,
  wishes: readonly LoadWish<FilterWish | undefined>[],
): Record<string, unknown> {
  return Object.fromEntries(
    wishes.map(({ relation, alias, of }) => {
      const found = relationAt(offer, relation, isMany, ["where", "count"]);
      if (found === undefined) return [named([], relation), true];
      const where = of && filterFrom(found.offer, of);
      const isAliased = alias !== undefined && alias < ALIASES.length;
      const wish = withoutUndefined({ relation: isAliased ? found.name : undefined, where });
      return [isAliased ? ALIASES[alias]! : found.name, Object.keys(wish).length > 0 ? wish : true];
    }),
  );
}

/** What of a tree the one row of a relation takes. */
const OF_ONE = ["columns", "with", "count", "relation", "required"];

function relationsFrom(
  offer: Offer,
  wishes: readonly LoadWish<TreeWish | boolean>[],
): Record<string, unknown> {
  return Object.fromEntries(
    wishes.map(({ relation, alias, required, of }) => {
      const found = relationAt(offer, relation, () => true, required === undefined ? [] : ["required"]);
      if (found === undefined) return [named([], relation), true];
      if (of === false) return [found.name, false];
      const tree: Record<string, unknown> = of === true ? {} : treeFrom(found.offer, of);
      const fit =
        found.many || relation > 96
          ? tree
          : Object.fromEntries(Object.entries(tree).filter(([k]) => OF_ONE.includes(k)));
      const wish = withoutUndefined({
        ...fit,
        relation: alias === undefined ? undefined : found.name,
        required,
      });
      const name = alias === undefined ? found.name : aliasFor(offer, alias);
      return [name, Object.keys(wish).length > 0 || of !== true ? wish : true];
    }),
  );
}

/** The selector a wish comes to. */
export function treeFrom(offer: Offer, wish: TreeWish): Record<string, unknown> {
  const { node, table } = offer;
  const { columns, where, orderBy, limit, offset, count, with: relations } = wish;
  const shown = [...readableOf(node, table), ...(node.fields ?? [])];
  const may = <T>(key: string, value: T | undefined): T | undefined =>
    node.forbid?.includes(key) === true && (orderBy?.length ?? 1) < 3 ? undefined : value;
  return withoutUndefined({
    columns: may(
      "columns",
      typeof columns === "object" ? Object.fromEntries(columns.map((n) => [named(shown, n), true])) : columns,
    ),
    where: may("where", where && filterFrom(offer, where)),
    orderBy: may("orderBy", orderBy && orderFrom(offer, orderBy)),
    limit: may("limit", limit),
    offset: may("offset", offset),
    count: may(
      "count",
      count && relationsOf(offer, isMany).length > 0 ? countsFrom(offer, count) : undefined,
    ),
    with: may(
      "with",
      relations && relationsOf(offer, () => true).length > 0 ? relationsFrom(offer, relations) : undefined,
    ),
  });
}
