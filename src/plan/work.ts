import type { RelationInfo } from "../schema/schema.ts";
import { accessOf, type Sizes } from "./access.ts";
import type { Predicate, ReadNode } from "./plan.ts";

export type { Sizes } from "./access.ts";

/** What is done with the rows of a node. */
export interface Asked {
  /** `"read"`: a page of them is answered; `"change"`: all that the filter leaves are written; `"make"`: they are new. */
  readonly kind: "read" | "change" | "make";
  /** Whether the rows that the rule admits are counted too. */
  readonly total: boolean;
}

/** What a part of a question is that rows are looked at for. */
export type Part = "rows" | "where" | "orderBy" | "offset" | "total";

/** The work of a question, and which part of which node is most of it. */
export interface Work {
  readonly sum: number;
  readonly node: ReadNode;
  readonly part: Part;
}

/**
 * How many rows a statement may look at, weighted: a row that is read and compared with one value is 1. It is told from
 * the question, the keys and indexes of the schema, and what the tables are taken to hold. An author's own condition
 * counts as one comparison, as each of his computed fields does, and is taken neither to find rows nor to drop any.
 */
export const workOf = (root: ReadNode, sizes: Sizes, asked: Asked = PAGE): number =>
  weigh(root, sizes, asked).sum;

const PAGE: Asked = { kind: "read", total: false };

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
const CONDITION = 0.25;
/** Sorting a row is worth so many comparisons. */
const SORT = 3;
/** A row that is read, tried by the rule, sorted and counted once more with its rule. */
const MOST_OF_ROW = 4 + SORT;
/** Of rows that nobody has counted so many are skipped at most, and so many under one parent. */
const SKIPPED = 10_000;
const SKIPPED_OF_GROUP = 1_000;
/** So many of the rows that a write makes or changes are taken to be answered. */
const WRITTEN = 100;

/** More than the work of a question without relations can be where nobody has counted rows, told at once. */
export function roughly({ where, offset, limit, extras }: ReadNode): number {
  const rows = TABLE + offset + (limit === Number.POSITIVE_INFINITY ? 0 : limit);
  return rows * (MOST_OF_ROW + extras.size + (where === undefined ? 0 : weightOf(where)));
}

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

  root(node: ReadNode, { kind, total }: Asked): void {
    if (kind === "read") this.#page(node, 1);
    else this.#relations(node, kind === "make" ? WRITTEN : this.#change(node));
    if (total) this.#add(node, "total", this.#sizes.rows(node.secured.table) * (1 + ruleOf(node)));
  }

  /** A page of a node's rows for each of so many parents. */
  #page(node: ReadNode, parents: number, relation?: RelationInfo): void {
    const limit = node.single ? 1 : node.limit;
    if (limit === 0 || parents === 0) return;
    const { read, found, sure, drops, ties } = accessOf(node, relation, this.#sizes);
    const offset = this.#offsetOf(node, relation);
    const end = offset + limit;
    const held = this.#sizes.known || sure || end === Infinity ? found : Math.max(found, end);
    const stops = !drops && ties !== undefined && !spans(node);
    const tried = stops ? Math.min(held, end + ties) : held;
    const skipped = Math.min(offset, tried);
    const compared = 1 + ruleOf(node) + node.extras.size;
    if (read > found) this.#add(node, "rows", parents * read); // it reads past others to come by them
    this.#add(node, "rows", parents * (tried - skipped) * compared);
    this.#add(node, "offset", parents * skipped * compared);
    if (node.where !== undefined) this.#add(node, "where", parents * tried * weightOf(node.where));
    const sorted = isOrdered(node) ? Math.min(ties ?? held, held) : 0;
    const asked = node.orderBy !== node.secured.totalOrder;
    if (sorted > 1) this.#add(node, asked ? "orderBy" : "rows", parents * sorted * SORT);
    this.#relations(node, parents * Math.max(0, Math.min(limit, held - offset)));
  }

  /** All rows that a filter leaves; how many of them are answered. */
  #change(node: ReadNode): number {
    const { read } = accessOf(node, undefined, this.#sizes);
    this.#add(node, "rows", read * (1 + ruleOf(node)));
    if (node.where !== undefined) this.#add(node, "where", read * weightOf(node.where));
    return Math.min(read, WRITTEN);
  }

  #relations({ relations }: ReadNode, parents: number): void {
    for (const { relation, node } of relations.values()) this.#page(node, parents, relation);
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

/** An author's condition, where there is one. */
const ruleOf = ({ secured: { policy } }: ReadNode): number => (policy.using === undefined ? 0 : 1);

/** Whether computed fields look at more rows than their own. */
const spans = ({ extras, secured: { policy } }: ReadNode): boolean => extras.size > 0 && policy.spansRows;

/** Whether the order is asked for: neither of one row nor of rows that are only counted. */
const isOrdered = ({ single, selected, extras, relations }: ReadNode): boolean =>
  !single && selected.length + extras.size + relations.size > 0;

/** What trying a filter on a row costs: all of its conditions, since any of them may be the last to fail. */
function weightOf(where: Predicate): number {
  switch (where.kind) {
    case "condition":
      return where.operator.weight?.(where.value) ?? CONDITION;
    case "not":
      return weightOf(where.part);
    default: {
      let sum = 0;
      for (const part of where.parts) sum += weightOf(part);
      return sum;
    }
  }
}
