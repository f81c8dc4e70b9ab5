import { type Lifted, MARK, takeApart } from "../drizzle/drizzle.ts";
import type { Admitted, Rows } from "../author/author.ts";
import {
  type Expression,
  isCell,
  type Mask,
  masksOf,
  type Mention,
  type Ordered,
  type Predicate,
  type ReadNode,
  type ReadPlan,
  type Through,
} from "../plan/plan.ts";
import { beginsLater, inEither, maySplit } from "./sql/beyond.ts";
import { liftPredicate, numbered, Unfilled } from "./sql/lift.ts";
import { looksFurther, masksIn } from "./sql/masked.ts";
import { isBounded, isOrdered } from "./sql/range.ts";
import type { Counting } from "./read/counting.ts";
import { behindSQL, filterSQL, rowsIn, shownIn, valueSQL } from "./sql/secured.ts";
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

/** A clause of a mention, with its values; what is another for each caller is asked for with each request. */
interface Slot {
  readonly mention: Mention;
  readonly clause: Clause | Extra | Mask | Ordered;
  readonly lifted: Lifted | Asked;
}

/** Asks what a clause says to a caller. */
type Asked = (mention: Mention, admitted: Admitted) => Rows | Absent;

/** A clause that is not there this time. */
type Absent = "absent";

const existing: Asked = (mention, admitted) => rowsIn(admitted.of(mention));

type Clause = "name" | "rows" | "where" | "behind" | "limit" | "offset";
/** A computed field, by its place. */
type Extra = number;

/** What a mention's clauses say in the statement; a clause that is not there is `undefined`. */
export interface Clauses {
  /** The name that the client gave a relation. */
  name?: string;
  rows?: string;
  where?: string;
  limit?: string;
  offset?: string;
  /** Where its page begins: the conditions of one stretch of its rows after the other, of which there are two at most. */
  readonly behind: string[];
  readonly extras: string[];
  /** When what each mask covers is shown. */
  readonly masks: Map<Mask, string>;
  /** The values of those keys of its order that are found elsewhere. */
  readonly keys: Map<Ordered, string>;
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
  const walk = new Walk(speech, answers);
  walk.key = `${answers}${counting}${plan.total}${plan.filtered}${plan.first}`;
  walk.node(plan.root);
  return walk;
}

class Walk implements Slots {
  key = "";
  readonly slots: Slot[] = [];
  readonly #speech: Speech;
  readonly #answers: Answers;

  constructor(speech: Speech, answers: Answers) {
    this.#speech = speech;
    this.#answers = answers;
  }

  /** Whether rows come as they are: then there is one node. */
  get #isFlat(): boolean {
    return this.#answers === "rows";
  }

  node(node: ReadNode): void {
    const { secured, selected, orderBy, where, paging, offset } = node;
    this.key += `(${policyId(secured.policy)};`;
    if (selected === secured.selected) this.key += "*";
    else for (const { expression } of selected) this.key += `${keyOf(expression)},`;
    this.#add(node, "rows", existing);
    if (node.marks.length > 0 || secured.policy.masks.size > 0) this.#masks(node);
    this.#extras(node);
    this.key += MARK;
    if (where !== undefined) this.#where(node, where);
    this.key += `${MARK};`;
    if (orderBy !== secured.totalOrder) for (const key of orderBy) this.#order(node, key);
    if (paging !== undefined) this.#page(node);
    if (isBounded(node)) this.#limit(node);
    if (node.tellsMore) this.key += "~";
    if (offset > 0) this.#value(node, "offset", offset);
    // A relation has a policy of its own, whose number is its name here.
    for (const [name, { node: child, renamed, through }] of node.relations) {
      if (renamed) this.#value(child, "name", name);
      if (through !== undefined) this.#through(through);
      this.node(child);
    }
    if (node.counts.size > 0) this.#counts(node);
    this.key += ")";
  }

  /** The numbers of related rows; their names in the answer are values, whoever gave them, or said where that is written. */
  #counts(node: ReadNode): void {
    const { counts } = node;
    this.key += `#${counts.size}`;
    for (const [name, { link, where }] of counts) {
      this.key += `(${policyId(link.mention.secured.policy)};`;
      if (this.#isFlat) this.key += JSON.stringify(name);
      else this.#value(link.mention, "name", name);
      if (link.through !== undefined) this.#through(link.through);
      this.#add(link.mention, "rows", existing);
      if (where !== undefined) this.#where(link.mention, where);
      this.key += ")";
    }
    this.key += ")";
  }

  /** The rows of a join table. */
  #through({ mention }: Through): void {
    this.key += `~${policyId(mention.secured.policy)}`;
    this.#add(mention, "rows", existing);
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

  /** What the node has of masked columns, in its rows and in their order. */
  #masks(node: ReadNode): void {
    const { marks, orderBy } = node;
    const ordered = this.#answers !== "count" && isOrdered(node);
    const masks = new Set([...marks, ...(ordered ? masksOf(orderBy) : [])]);
    for (const { grants } of marks) this.key += `=${grants.join()}`;
    this.key += `#${masks.size}`;
    for (const mask of masks) this.#add(node, mask, (own, admitted) => shownIn(mask, admitted.of(own)));
  }

  #where(mention: Mention, where: Predicate): void {
    const masked = mention.secured.policy.masks.size > 0 && masksIn(where).length > 0;
    const filtered: Asked = (own, admitted) => filterSQL(where, own, admitted);
    const lifted = masked || looksFurther(where) ? filtered : liftPredicate(where, this.#speech);
    this.key += typeof lifted === "function" ? "asked" : lifted.parts.join(MARK);
    this.#add(mention, "where", lifted);
  }

  /** A key of an order: what is found elsewhere is asked for with each request. */
  #order(node: ReadNode, key: Ordered): void {
    const { expression, direction, nulls = "" } = key;
    this.key += `${isCell(expression) ? keyOf(expression) : "-"}${direction}${nulls}`;
    if (isCell(expression) || this.#answers === "count" || !isOrdered(node)) return;
    this.#add(node, key, (own, admitted) => valueSQL(expression, own, admitted));
  }

  /** Where a page begins that does not with the first row: in one stretch of its rows, or in the first of two. */
  #page(node: ReadNode): void {
    this.key += "page";
    if (!beginsLater(node)) return;
    if (!maySplit(node))
      return this.#add(node, "behind", (_, admitted) => inEither(behindSQL(node, admitted)));
    this.key += "split";
    const stretch = (index: 0 | 1): Asked => {
      return (_, admitted) => {
        const rows = behindSQL(node, admitted);
        if (typeof rows !== "string") return rows[index] ?? "absent";
        return index === 0 ? rows : "absent";
      };
    };
    this.#add(node, "behind", stretch(0));
    this.#add(node, "behind", stretch(1));
  }

  /**
   * PostgreSQL plans for a limit it does not know as for a tenth of the table: it then looks for rows elsewhere in an order
   * that ends late, and as what is that dear seems worth it, plans anew each time. So it is told.
   */
  #limit(node: ReadNode): void {
    // Rows that come as they are come with the one that is looked for.
    const limit = node.limit + (this.#isFlat && node.tellsMore ? 1 : 0);
    if (this.#speech.database !== "postgresql") return this.#value(node, "limit", limit);
    this.key += `limit ${limit}`;
    this.#add(node, "limit", { parts: [String(limit)], values: [] });
  }

  #value(mention: Mention, clause: "name" | "limit" | "offset", value: unknown): void {
    this.key += clause;
    this.#add(mention, clause, { parts: ["", ""], values: [value] });
  }

  #add(mention: Mention, clause: Slot["clause"], lifted: Slot["lifted"]): void {
    this.slots.push({ mention, clause, lifted });
  }
}

/** What a key calls an expression. */
const keyOf = ({ column }: Expression): number => column.index;

/** The slots of a plan with what they hold for one caller. */
export interface Filled {
  readonly key: string;
  readonly values: unknown[];
  /** What the clauses say that are another thing for each caller, in the order of the walk. */
  readonly asked: readonly (Lifted | "all" | "none" | Absent)[];
}

/** Fills the slots for one caller. */
export function fill({ key: shape, slots }: Slots, admitted: Admitted, speech: Speech): Filled {
  let key = shape;
  const values: unknown[] = [];
  const asked: Filled["asked"][number][] = [];
  for (let index = 0; index < slots.length; index++) {
    const { mention, lifted } = slots[index]!;
    const said = typeof lifted === "function" ? lift(lifted(mention, admitted), speech) : lifted;
    if (typeof lifted === "function") {
      asked.push(said);
      key += typeof said === "string" ? MARK + said : `${MARK}(${said.parts.join(MARK)})`;
    }
    if (typeof said !== "string")
      for (const value of said.values)
        values.push(value instanceof Unfilled ? value.of(admitted.values!) : value);
  }
  return { key, values, asked };
}

const lift = (rows: Rows | Absent, speech: Speech): Filled["asked"][number] =>
  typeof rows === "string" ? rows : takeApart(rows, speech);

/** What the clauses of each mention say, their values numbered in the order in which they are bound. */
export function clausesOf({ slots }: Slots, { asked }: Filled, { syntax }: Speech): readonly Clauses[] {
  const clauses: Clauses[] = [];
  let next = 1;
  let place = 0;
  for (const { mention, clause, lifted } of slots) {
    const of = (clauses[mention.index] ??= { behind: [], extras: [], masks: new Map(), keys: new Map() });
    const said = typeof lifted === "function" ? asked[place++]! : lifted;
    const text = typeof said === "string" ? WHOLE[said] : numbered(said, next, syntax);
    if (typeof said !== "string") next += said.values.length;
    if (typeof clause === "object" && "expression" in clause) of.keys.set(clause, text!);
    else if (typeof clause === "object") of.masks.set(clause, text ?? ALWAYS);
    else if (typeof clause === "number") of.extras.push(text!);
    else if (clause === "behind") {
      if (said !== "absent") of.behind.push(`(${text ?? ALWAYS})`);
    } else if (clause === "rows" && typeof said !== "string") of.rows = `(${text!})`; // an author may write OR
    else if (text !== undefined) of[clause] = text;
  }
  return clauses;
}

/** When a mask covers nothing. */
export const ALWAYS = "1 = 1";

/** A condition that holds of all rows, which need not be said, or of none. */
const WHOLE = { all: undefined, none: "1 = 0", absent: undefined } as const;
