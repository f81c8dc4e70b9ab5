import { at, tooComplex } from "../error.ts";
import type { Limits } from "../policy/policy.ts";
import type { AggregatePlan } from "./aggregate.ts";
import { aggregateWork } from "./aggregate-work.ts";
import type { ReadNode } from "./plan.ts";
import { type Asked, NOMINAL, type Part, roughly, weigh } from "./work.ts";

/** What all patterns of a request may hold together: matching costs their length times that of the texts. */
const MAX_PATTERN = 256;
const MAX_WILDCARDS = 16;
/** A short pattern is looked for in every row as well. */
const LEAST = 16;

/** So many items all lists of values of a request may have together, but for one that may be longer: SQLite takes the square of them. */
const MAX_LISTED = 2_000;

/** So many relations of a request may have other names: each is one more query inside its statement. */
const MAX_NAMES = 32;

/** What requests share that run together. */
export interface Shared {
  /** What was asked for so far, so that many are bounded as one is. */
  readonly spent: Spent;
  /** The value that an operand stands for, where it refers to an earlier answer; else the operand. */
  readonly refer?: ((operand: unknown, path: string) => unknown) | undefined;
}

/** What was asked for so far. */
export class Spent {
  conditions = 0;
  characters = 0;
  wildcards = 0;
  cost = 0;
  names = 0;
  listed = 0;
  work = 0;
  /** The rows that bodies make or name. */
  rows = 0;

  /** Adds what a plan asks for that was made before, unless all together is too much: what of it is, planning it anew says. */
  adds(plan: Readonly<PlanSpent>, limits: Limits): boolean {
    const whole = (name: keyof PlanSpent): number => this[name] + plan[name];
    const fits =
      whole("conditions") <= limits.maxConditions &&
      whole("characters") <= MAX_PATTERN &&
      whole("wildcards") <= MAX_WILDCARDS &&
      whole("cost") <= limits.maxCost &&
      whole("names") <= MAX_NAMES &&
      whole("listed") <= mostListed(limits) &&
      whole("work") <= limits.maxWork;
    if (fits) for (const name of PLAN_SPENT) this[name] = whole(name);
    return fits;
  }
}

/** What planning counts. */
const PLAN_SPENT = ["conditions", "characters", "wildcards", "cost", "names", "listed", "work"] as const;
export type PlanSpent = Pick<Spent, (typeof PLAN_SPENT)[number]>;

const mostListed = ({ maxList }: Limits): number => Math.max(maxList, MAX_LISTED);

/** Counts what a request asks for over its whole tree, and refuses what is too much before any SQL is made. */
export class Budget {
  readonly #limits: Limits;
  readonly #spent: Spent;

  /** `spent`: by requests before this one that run together with it. */
  constructor(limits: Limits, spent: Spent = new Spent()) {
    this.#limits = limits;
    this.#spent = spent;
  }

  /** One more condition in a filter. */
  addCondition(path: string): void {
    if (++this.#spent.conditions > this.#limits.maxConditions) {
      throw tooComplex(`more than ${this.#limits.maxConditions} conditions`, path);
    }
  }

  /** A list of a filter. */
  checkList(length: number, path: string): void {
    if (length > this.#limits.maxList)
      throw tooComplex(`a list of ${length} items exceeds ${this.#limits.maxList}`, path);
  }

  /** A list of values to compare with. */
  addList(length: number, path: string): void {
    this.checkList(length, path);
    this.#spent.listed += length;
    const most = mostListed(this.#limits);
    if (this.#spent.listed > most)
      throw tooComplex(`lists of more than ${most} items together`, path, "ask for fewer at a time");
  }

  /** A text looked for inside others. */
  addText(text: string, path: string): void {
    this.#spent.characters += Math.max(text.length, LEAST);
    if (this.#spent.characters > MAX_PATTERN)
      throw tooComplex(
        `patterns of more than ${MAX_PATTERN} characters together`,
        path,
        `ask for fewer: each counts as ${LEAST} characters at least`,
      );
  }

  /** A pattern with wildcards. */
  addPattern(pattern: string, path: string): void {
    this.addText(pattern, path);
    this.#spent.wildcards += pattern.split("%").length - 1;
    if (this.#spent.wildcards > MAX_WILDCARDS)
      throw tooComplex(`more than ${MAX_WILDCARDS} \`%\` in patterns together`, path);
  }

  /** A relation under another name. */
  addName(path: string): void {
    if (++this.#spent.names > MAX_NAMES)
      throw tooComplex(`more than ${MAX_NAMES} relations under other names`, path);
  }

  /** The rows one node could add: the product of the limits down to it. */
  addRows(rows: number, path: string): void {
    this.#spent.cost += rows;
    if (this.#spent.cost > this.#limits.maxCost) {
      throw tooComplex(`this could return more than ${this.#limits.maxCost} rows`, path, HINTS.rows);
    }
  }

  /**
   * What the whole tree makes the database look at. Tables are taken to hold what tables hold, never what these do: else
   * a refusal would say how many rows there are, and what works today would not when there are more.
   */
  checkWork(root: ReadNode, asked: Asked): void {
    const { maxWork } = this.#limits;
    if (maxWork === Number.POSITIVE_INFINITY) return;
    const left = maxWork - this.#spent.work;
    // Most questions are far below it, and shall not wait to hear by how much.
    const rough = root.relations.size === 0 ? roughly(root, asked) : Number.POSITIVE_INFINITY;
    if (rough <= left) {
      this.#spent.work += rough;
      return;
    }
    const { sum, node, part } = weigh(root, NOMINAL, asked);
    if (sum <= left) {
      this.#spent.work += sum;
      return;
    }
    const message = tooMuch(maxWork);
    const hint = node === root && part === "where" ? HINT_ON_TOP : HINTS[part];
    throw tooComplex(message, placeOf(root, node, part), hint);
  }

  /** The same of numbers about rows. */
  checkAggregateWork(plan: AggregatePlan): void {
    const { maxWork } = this.#limits;
    if (maxWork === Number.POSITIVE_INFINITY) return;
    const { sum, where } = aggregateWork(plan, NOMINAL);
    if (sum <= maxWork) return;
    const byFilter = where > sum / 2;
    const path = byFilter ? "aggregate.where" : "aggregate";
    throw tooComplex(tooMuch(maxWork), path, byFilter ? HINT_ON_TOP : "ask for fewer figures and paths");
  }
}

const tooMuch = (most: number): string => `this could be more work than looking at ${most} rows`;

const HINTS: Readonly<Record<Part, string>> = {
  rows: "ask for less with `limit`",
  where: "ask for fewer patterns, or for less above it with `limit`",
  orderBy: "leave the order out, or ask for less above it with `limit`",
  offset: "filter by the last row's key instead",
  count: "count less, or for fewer rows with `limit`",
  total: "ask without it: `countTotal=F`",
  filtered: "ask without `countFiltered`",
};

/** There is nothing above it to ask less of. */
const HINT_ON_TOP = "ask for fewer patterns, or by a key or an indexed column";

/** Where a part of a node stands in the client's question. */
function placeOf(root: ReadNode, node: ReadNode, part: Part): string {
  if (part === "total") return "countTotal";
  if (part === "filtered") return "countFiltered";
  const path = waysTo(root, node)!.reduce((above, name) => at(at(above, "with"), name), "select");
  return part === "rows" ? path : at(path, part);
}

/** The relations that lead from one node to another; `undefined` where none do. */
function waysTo(from: ReadNode, to: ReadNode): readonly string[] | undefined {
  if (from === to) return [];
  for (const [name, { node }] of from.relations) {
    const rest = waysTo(node, to);
    if (rest !== undefined) return [name, ...rest];
  }
  return undefined;
}

/** What a lifted limit counts as in a cost. */
export const LIFTED_LIMIT = 1_000;
