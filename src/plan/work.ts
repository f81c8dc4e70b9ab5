import type { RelationInfo } from "../schema/schema.ts";
import type { NodePolicy } from "../policy/policy.ts";
import { type Access, accessOf, type Sizes } from "./access.ts";
import { type Expression, isCell } from "./expression.ts";
import type { Counted, Link, Through } from "./link.ts";
import type { Predicate, ReadNode, RelationNode } from "./plan.ts";

export type { Sizes } from "./access.ts";

/** What is done with the rows of a node. */
export interface Asked {
  /** `"read"`: a page of them is answered; `"change"`: all that the filter leaves are written; `"make"`: they are new. */
  readonly kind: "read" | "change" | "make";
  /** Whether the rows that the rule admits are counted too. */
  readonly total: boolean;
  /** Whether those are counted that the client's filter leaves of them. */
  readonly filtered: boolean;
}

/** What a part of a question is that rows are looked at for. */
export type Part = "rows" | "where" | "orderBy" | "offset" | "count" | "total" | "filtered";

/** The work of a question, and which part of which node is most of it. */
export interface Work {
  readonly sum: number;
  readonly node: ReadNode;
  readonly part: Part;
}

/**
 * How many rows a statement may look at, weighted: a row that is read and compared with one value is 1. It is told from
 * the question, the keys and indexes of the schema, and what the tables are taken to hold. An author's own condition
 * counts as one comparison, as each of his computed fields and grants does, and is taken neither to find rows nor to drop
 * any.
 */
export const workOf = (root: ReadNode, sizes: Sizes, asked: Asked = PAGE): number =>
  weigh(root, sizes, asked).sum;

const PAGE: Asked = { kind: "read", total: false, filtered: false };

/** The same, with the part that is most of it. */
export function weigh(root: ReadNode, sizes: Sizes, asked: Asked): Work {
  const walk = new Walk(root, sizes);
  walk.root(root, asked);
  return walk;
}

/** Rows of a table whose size nobody has counted, and those of them that belong to one parent. */
const TABLE = 1_000;
const GROUP = 100;

/** What tables are taken to hold where a limit must not depend on how many rows there are. */
export const NOMINAL: Sizes = { known: false, rows: () => TABLE, group: () => GROUP };

/** What trying one more condition on a row costs that is read already. */
export const CONDITION = 0.25;
/** Sorting a row is worth so many comparisons. */
export const SORT = 3;
/** A row that is read, tried by the rule, sorted and counted once more with its rule. */
const MOST_OF_ROW = 4 + SORT;
/** A row that is counted with its rule. */
const COUNTED = 2;
/** Of rows that nobody has counted so many are skipped at most, and so many under one parent. */
const SKIPPED = 10_000;
const SKIPPED_OF_GROUP = 1_000;
/** So many of the rows that a write makes or changes are taken to be answered. */
const WRITTEN = 100;

/** More than the work of a question without relations can be where nobody has counted rows, told at once. */
export function roughly(node: ReadNode, { filtered }: Asked): number {
  const { where, offset, limit, extras, marks, orderBy, counts } = node;
  const rows = TABLE + offset + (limit === Number.POSITIVE_INFINITY ? 0 : limit);
  const tried = where === undefined ? 0 : weightOf(where, NOMINAL);
  return (
    rows *
    (MOST_OF_ROW +
      extras.size +
      marks.length +
      tried +
      keysOf(orderBy, NOMINAL) * timesOf(node) +
      countsOf(counts, NOMINAL) +
      (filtered ? COUNTED + tried : 0))
  );
}

/** A row that another hangs on is looked for by its key. */
const PARENT = 2;
/** Whether a row is among those that an index of words has found. */
const SEARCH = 1;
/** How well they fit: its texts are gone through once more. */
const RANK = 20;
/** Who looks for one row of many ends with the first: he is taken to look at one of so many. */
const EARLY = 10;

class Walk implements Work {
  sum = 0;
  node: ReadNode;
  part: Part = "rows";
  readonly #sizes: Sizes;
  #most = 0;

  constructor(root: ReadNode, sizes: Sizes) {
    this.node = root;
    this.#sizes = sizes;
  }

  root(node: ReadNode, { kind, total, filtered }: Asked): void {
    if (kind === "read") this.#page(node, 1);
    else this.#beside(node, kind === "make" ? WRITTEN : this.#change(node));
    if (total) this.#add(node, "total", this.#sizes.rows(node.secured.table) * (1 + ruleOf(node)));
    if (filtered) this.#add(node, "filtered", this.#filtering(node));
  }

  /** A page of a node's rows for each of so many parents. */
  #page(node: ReadNode, parents: number, way?: Pick<RelationNode, "relation" | "through">): void {
    const limit = node.single ? 1 : node.limit;
    if (limit === 0 || parents === 0) return;
    const { relation, through } = way ?? {};
    const { read, found, sure, drops, ties } =
      through === undefined
        ? accessOf(node, relation, this.#sizes)
        : this.#beyond(through, node, parents, relation!);
    const offset = this.#offsetOf(node, relation);
    const end = offset + limit;
    const held = this.#sizes.known || sure || end === Infinity ? found : Math.max(found, end);
    const stops = !drops && ties !== undefined && !spans(node);
    const tried = stops ? Math.min(held, end + ties) : held;
    const skipped = Math.min(offset, tried);
    const compared = 1 + ruleOf(node) + node.extras.size + node.marks.length;
    if (read > found) this.#add(node, "rows", parents * read); // it reads past others to come by them
    this.#add(node, "rows", parents * (tried - skipped) * compared);
    this.#add(node, "offset", parents * skipped * compared);
    if (node.where !== undefined)
      this.#add(node, "where", parents * tried * weightOf(node.where, this.#sizes));
    const sorted = isOrdered(node) ? Math.min(ties ?? held, held) : 0;
    const asked = node.orderBy !== node.secured.totalOrder;
    if (sorted > 1) this.#add(node, asked ? "orderBy" : "rows", parents * sorted * SORT);
    const looked = isOrdered(node) ? parents * held * keysOf(node.orderBy, this.#sizes) * timesOf(node) : 0;
    if (looked > 0) this.#add(node, "orderBy", looked);
    const answered = parents * Math.max(0, Math.min(limit, held - offset));
    this.#beside(node, answered);
  }

  /** How rows are found that are looked for by key, each because of a row of a join table. */
  #beyond({ mention }: Through, node: ReadNode, parents: number, relation: RelationInfo): Access {
    const { read, found } = joinsOf(mention, relation, this.#sizes);
    this.#add(node, "rows", parents * (read + found * (conditionsOf(mention.secured.policy) + PARENT)));
    return { read: found, found, sure: false, drops: node.where !== undefined, ties: undefined };
  }

  /** Trying the rule and the client's filter on all rows that may pass. */
  #filtering(node: ReadNode): number {
    const { read } = accessOf({ ...node, orderBy: [] }, undefined, this.#sizes);
    return read * (1 + ruleOf(node) + (node.where === undefined ? 0 : weightOf(node.where, this.#sizes)));
  }

  /** All rows that a filter leaves; how many of them are answered. */
  #change(node: ReadNode): number {
    const { read } = accessOf(node, undefined, this.#sizes);
    this.#add(node, "rows", read * (1 + ruleOf(node)));
    if (node.where !== undefined) this.#add(node, "where", read * weightOf(node.where, this.#sizes));
    return Math.min(read, WRITTEN);
  }

  /** What is answered beside so many rows of a node: how many others belong to each, and those themselves. */
  #beside(node: ReadNode, answered: number): void {
    const { relations, counts } = node;
    if (counts.size > 0) this.#add(node, "count", answered * countsOf(counts, this.#sizes));
    for (const child of relations.values()) this.#page(child.node, answered, child);
  }

  #offsetOf({ offset }: ReadNode, relation?: RelationInfo): number {
    if (this.#sizes.known) return offset;
    return Math.min(offset, relation !== undefined ? SKIPPED_OF_GROUP : SKIPPED);
  }

  #add(node: ReadNode, part: Part, work: number): void {
    this.sum += work;
    if (work <= this.#most) return;
    this.#most = work;
    this.node = node;
    this.part = part;
  }
}

/** The conditions on which rows exist: the rule's, the table's, and what they hang on, each found by its key. */
const ruleOf = ({ secured: { policy } }: ReadNode): number => conditionsOf(policy);

export function conditionsOf({ using, facts, unrestricted, deleted, parents }: NodePolicy): number {
  const ofTable = facts?.where !== undefined && !unrestricted;
  const deletion = facts?.softDelete !== undefined && deleted !== "include";
  const own = [using !== undefined, ofTable, deletion].filter(Boolean).length;
  return parents.reduce((sum, { rule }) => sum + PARENT + (rule === undefined ? 0 : conditionsOf(rule)), own);
}

/** How often the keys of an order are found for a row: where a page begins behind another one, it is compared with that first. */
const timesOf = ({ paging }: ReadNode): number => (paging?.side === undefined ? 1 : 2);

/** Whether computed fields look at more rows than their own. */
const spans = ({ extras, secured: { policy } }: ReadNode): boolean => extras.size > 0 && policy.spansRows;

/** Whether the order is asked for: neither of one row nor of rows that are only counted. */
const isOrdered = ({ single, selected, extras, relations, counts }: ReadNode): boolean =>
  !single && selected.length + extras.size + relations.size + counts.size > 0;

/** What trying a filter on a row costs: all of its conditions, since any of them may be the last to fail. */
export function weightOf(where: Predicate, sizes: Sizes): number {
  switch (where.kind) {
    case "condition":
      return where.operator.weight?.(where.value) ?? CONDITION;
    case "not":
      return weightOf(where.part, sizes);
    case "related":
      return lookingAt(where.link, where.part, sizes, EARLY);
    case "count":
      return CONDITION + countingOf(where.counted, sizes);
    case "search":
      return SEARCH;
    default: {
      let sum = 0;
      for (const part of where.parts) sum += weightOf(part, sizes);
      return sum;
    }
  }
}

const countingOf = ({ link, where }: Counted, sizes: Sizes): number => lookingAt(link, where, sizes);

/** What counting costs for one row. */
function countsOf(counts: ReadNode["counts"], sizes: Sizes): number {
  let sum = 0;
  for (const counted of counts.values()) sum += countingOf(counted, sizes);
  return sum;
}

/** What looking at the rows costs that belong to a row by a relation: all of them, or one of so many. */
function lookingAt(
  { mention: { secured }, relation, through }: Link,
  where: Predicate | undefined,
  sizes: Sizes,
  early = 1,
): number {
  const some = (found: number): number => Math.max(Math.min(found, 1), found / early);
  const tried = 1 + conditionsOf(secured.policy) + (where === undefined ? 0 : weightOf(where, sizes));
  if (through !== undefined) {
    const { read, found } = joinsOf(through.mention, relation, sizes);
    return read + some(found) * (conditionsOf(through.mention.secured.policy) + PARENT + tried);
  }
  const { read, found } = accessOf({ secured, where, orderBy: [] }, relation, sizes);
  return (relation.kind === "one" ? PARENT : 0) + (read - found) + some(found) * tried;
}

/** How the rows of a join table are found that belong to a row. */
const joinsOf = ({ secured }: Through["mention"], relation: RelationInfo, sizes: Sizes): Access =>
  accessOf({ secured, where: undefined, orderBy: [] }, relation, sizes);

/** What the keys of an order cost that are found elsewhere. */
function keysOf(keys: readonly { readonly expression: Expression }[], sizes: Sizes): number {
  let sum = 0;
  for (const { expression } of keys) if (!isCell(expression)) sum += expressionOf(expression, sizes);
  return sum;
}

/** What it costs to find a value of a row elsewhere. */
export function expressionOf(expression: Expression, sizes: Sizes): number {
  if (expression.kind === "rank") return RANK;
  if (expression.kind === "count") return countingOf(expression.counted, sizes);
  if (expression.kind !== "path") return 0;
  return lookingAt(expression.link, undefined, sizes) + expressionOf(expression.value, sizes);
}
