import { type Lifted, MARK, takeApart } from "../drizzle/drizzle.ts";
import type { Admitted } from "../author/author.ts";
import type { Expression, Mention, ReadNode, ReadPlan } from "../plan/plan.ts";
import { liftPredicate, numbered } from "./sql/lift.ts";
import { isBounded } from "./sql/range.ts";
import type { Counting } from "./read/counting.ts";
import type { Speech } from "./sql/speech.ts";
import type { Answers } from "./statement.ts";

/**
 * All that tells the statement of a plan from others: a key of what its text says, and what holds values, in the one order
 * in which they are bound. One walk over the plan makes both, and the text has its clauses with values from here alone: a
 * clause that the walk passes by is in none of the three.
 */
export interface Slots {
  readonly key: string;
  readonly slots: readonly Slot[];
}

/** A clause of a mention, with its values; the rows that exist for the caller are asked for with each request. */
interface Slot {
  readonly mention: Mention;
  readonly clause: Clause | Extra;
  readonly lifted: Lifted | undefined;
}

type Clause = "rows" | "where" | "limit" | "offset";
/** A computed field, by its place. */
type Extra = number;

/** What a mention's clauses say in the statement; a clause that is not there is `undefined`. */
export interface Clauses {
  rows?: string;
  where?: string;
  limit?: string;
  offset?: string;
  readonly extras: string[];
}

/** Numbers the rules of a process, so that a key can name them. */
const policies = new WeakMap<object, number>();
let lastPolicy = 0;

export function policyId(policy: object): number {
  let id = policies.get(policy);
  if (id === undefined) policies.set(policy, (id = ++lastPolicy));
  return id;
}

/** Walks a plan. */
export function slotsOf(plan: ReadPlan, answers: Answers, counting: Counting, speech: Speech): Slots {
  const walk = new Walk(speech);
  walk.key = `${answers}${counting}${plan.total}${plan.first}`;
  walk.node(plan.root);
  return walk;
}

class Walk implements Slots {
  key = "";
  readonly slots: Slot[] = [];
  readonly #speech: Speech;

  constructor(speech: Speech) {
    this.#speech = speech;
  }

  node(node: ReadNode): void {
    const { secured, selected, orderBy, where, offset } = node;
    this.key += `(${policyId(secured.policy)};`;
    if (selected === secured.selected) this.key += "*";
    else for (const { expression } of selected) this.key += `${keyOf(expression)},`;
    this.#add(node, "rows", undefined);
    this.#extras(node);
    this.key += MARK;
    if (where !== undefined) this.#where(node, liftPredicate(where, this.#speech));
    this.key += `${MARK};`;
    if (orderBy !== secured.totalOrder)
      for (const { expression, direction } of orderBy) this.key += `${keyOf(expression)}${direction}`;
    if (isBounded(node)) this.#number(node, "limit", node.limit);
    if (offset > 0) this.#number(node, "offset", offset);
    // A relation has a policy of its own, whose number is its name here.
    for (const { node: child } of node.relations.values()) this.node(child);
    this.key += ")";
  }

  #extras(node: ReadNode): void {
    const { secured, extras } = node;
    const others = extras !== secured.extras;
    if (others) this.key += JSON.stringify([...extras.keys()]);
    let index = 0;
    for (const extra of extras.values()) {
      const lifted = takeApart(extra.sql, this.#speech);
      if (others) this.key += lifted.parts.join(MARK);
      this.#add(node, index++, lifted);
    }
  }

  #where(node: ReadNode, lifted: Lifted): void {
    this.key += lifted.parts.join(MARK);
    this.#add(node, "where", lifted);
  }

  #number(node: ReadNode, clause: "limit" | "offset", value: number): void {
    this.key += clause;
    this.#add(node, clause, { parts: ["", ""], values: [value] });
  }

  #add(mention: Mention, clause: Slot["clause"], lifted: Lifted | undefined): void {
    this.slots.push({ mention, clause, lifted });
  }
}

/** What a key calls an expression. */
const keyOf = ({ column }: Expression): number => column.index;

/** The slots of a plan with what they hold for one caller. */
export interface Filled {
  readonly key: string;
  readonly values: unknown[];
  /** What the rows of each mention are, in the order of the walk. */
  readonly rows: readonly (Lifted | "all" | "none")[];
}

/** Fills the slots for one caller. */
export function fill({ key: shape, slots }: Slots, admitted: Admitted, speech: Speech): Filled {
  let key = shape;
  const values: unknown[] = [];
  const rows: Filled["rows"][number][] = [];
  for (let index = 0; index < slots.length; index++) {
    const { mention, lifted } = slots[index]!;
    const asked = lifted ?? liftRows(admitted, mention, speech);
    if (lifted === undefined) {
      rows.push(asked);
      key += typeof asked === "string" ? MARK + asked : `${MARK}(${asked.parts.join(MARK)})`;
    }
    if (typeof asked !== "string") for (const value of asked.values) values.push(value);
  }
  return { key, values, rows };
}

function liftRows(admitted: Admitted, mention: Mention, speech: Speech): Lifted | "all" | "none" {
  const rows = admitted.of(mention);
  return typeof rows === "string" ? rows : takeApart(rows, speech);
}

/** What the clauses of each mention say, their values numbered in the order in which they are bound. */
export function clausesOf({ slots }: Slots, { rows }: Filled, { syntax }: Speech): readonly Clauses[] {
  const clauses: Clauses[] = [];
  let next = 1;
  let asked = 0;
  for (const { mention, clause, lifted = rows[asked++]! } of slots) {
    const of = (clauses[mention.index] ??= { extras: [] });
    if (typeof lifted === "string") {
      if (lifted === "none") of.rows = "1 = 0";
      continue;
    }
    const text = numbered(lifted, next, syntax);
    next += lifted.values.length;
    if (typeof clause === "number") of.extras.push(text);
    else of[clause] = clause === "rows" ? `(${text})` : text; // an author may write OR
  }
  return clauses;
}
