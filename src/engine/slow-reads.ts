import { Cache } from "../cache.ts";
import type { TableSizes } from "../execute/execute.ts";
import {
  type AggregatePlan,
  aggregateWork,
  type Predicate,
  type ReadPlan,
  type Sizes,
  workOf,
} from "../plan/plan.ts";

/** From when on a statement is slow where everybody waits, and until when it is quick, in milliseconds. */
export interface Bounds {
  readonly slow: number;
  readonly quick: number;
}

/** A read of a caller, whose key may cost something to make. */
export interface Reading {
  readonly plan: ReadPlan | AggregatePlan;
  /** What is the same whenever its statement is asked. */
  readonly remembered: object;
  readonly caller: string;
}

/** What looks at no more rows is quick, whatever it does with them. */
const FEW = 2_000;
/** How often a statement that may look at more must have been quick before it is taken to be. */
const PROOFS = 3;
/** How many times as often once it was slow all the same, and how often at most. */
const LONGER = 4;
const MOST_PROOFS = 1_000;
/** How much larger a table may grow before what was quick must show it anew. */
const GROWTH = 2;
/**
 * Who was slow is so for as many times what he took, at most for so many milliseconds: what is slow for others takes no
 * more than a hundredth of their time, and who stumbled once is let off soon.
 */
const PENALTY = 100;
const LONGEST = 600_000;
/** Callers remembered to have been slow, in each of two generations: of all statements, and of one. */
const MAX_CALLERS = 2_000;
const MAX_CALLERS_OF_ONE = 50;

/** Tables of any size. */
const ENDLESS: Sizes = { known: true, rows: () => 1e12, group: () => 1e12 };

/** What a plan looks at, by sizes of an age. */
interface Estimate {
  readonly age: number;
  readonly work: number;
}

/** What is known of a statement: that it is quick all may teach, that it is slow each for himself. */
interface Known {
  quick: number;
  /** How often it must have been. */
  proofs: number;
  /** What it was estimated to look at then, by sizes of an age. */
  work: number;
  age: number;
  slow: SlowCallers | undefined;
}

/** So many reads are told apart between two looks at the clock for the sizes of tables. */
const BETWEEN = 256;

/**
 * Tells which reads had better not run where everybody waits: what may look at many rows, until it was quick a few times;
 * a statement that was slow for this caller lately; and, of a caller whose statements were slow there, all that was not
 * quick.
 */
export class SlowReads {
  readonly #sizes: TableSizes;
  readonly #bounds: Bounds;
  readonly #estimates = new WeakMap<Reading["plan"], Estimate>();
  readonly #known = new WeakMap<object, Known>();
  readonly #slow: SlowCallers;
  readonly #clock: () => number;
  #told = 0;

  constructor(sizes: TableSizes, bounds: Bounds, clock: () => number = () => performance.now()) {
    this.#sizes = sizes;
    this.#bounds = bounds;
    this.#clock = clock;
    this.#slow = new SlowCallers(MAX_CALLERS, clock);
  }

  /**
   * Whether a read had better run apart; it waits only where the sizes of tables matter and are not known yet. What has
   * been quick is told at once: nothing else may cost anything.
   */
  has(reading: Reading): boolean | Promise<boolean> {
    const known = this.#known.get(reading.remembered);
    const { age } = this.#sizes;
    if (known?.age === age && known.quick >= known.proofs && this.#slow.none && known.slow?.none !== false) {
      if (++this.#told % BETWEEN === 0) this.#sizes.refresh(this.#clock());
      return false;
    }
    const unknown = age === 0 && this.#bound(reading.plan).work > FEW ? this.#sizes.unknown() : undefined;
    return unknown === undefined
      ? this.#judge(reading, known)
      : unknown.then(() => this.#judge(reading, known));
  }

  /** Learns that a read took so many milliseconds, apart or not. */
  learn(reading: Reading, milliseconds: number, apart: boolean): void {
    if (milliseconds > this.#bounds.slow) return this.#learnSlow(reading, milliseconds, apart);
    if (milliseconds >= this.#bounds.quick) return;
    const known = this.#known.get(reading.remembered);
    if (known === undefined) this.#know(reading).quick = 1;
    else if (known.quick < known.proofs) known.quick++;
  }

  #judge(reading: Reading, known: Known | undefined): boolean {
    const work = this.#workOf(reading.plan);
    if (known?.slow?.has(reading.caller) === true) return true;
    if (known !== undefined && known.age !== this.#sizes.age) {
      if (work > FEW && work > known.work * GROWTH) [known.quick, known.work] = [0, work];
      known.age = this.#sizes.age;
    }
    const proven = known !== undefined && known.quick >= known.proofs;
    return !proven && (work > FEW || (!this.#slow.none && this.#slow.has(reading.caller)));
  }

  #learnSlow(reading: Reading, milliseconds: number, apart: boolean): void {
    const known = this.#known.get(reading.remembered) ?? this.#know(reading);
    (known.slow ??= new SlowCallers(MAX_CALLERS_OF_ONE, this.#clock)).add(reading.caller, milliseconds);
    if (apart) return; // which held up nobody, and says nothing of what else he asks
    this.#slow.add(reading.caller, milliseconds);
    // Callers may have many names: what may look at many rows is to be shown quick again, and longer each time.
    if (this.#workOf(reading.plan) <= FEW) return;
    known.quick = 0;
    known.proofs = Math.min(known.proofs * LONGER, MOST_PROOFS);
  }

  #know({ plan, remembered }: Reading): Known {
    const work = this.#workOf(plan);
    const known: Known = { quick: 0, proofs: PROOFS, work, age: this.#sizes.age, slow: undefined };
    this.#known.set(remembered, known);
    return known;
  }

  #workOf(plan: Reading["plan"]): number {
    const known = this.#bound(plan);
    if (known.age < 0 && known.work <= FEW) return known.work;
    this.#sizes.refresh(this.#clock());
    const { age } = this.#sizes;
    if (known.age === age) return known.work;
    const work = weigh(plan, this.#sizes);
    this.#estimates.set(plan, { age, work });
    return work;
  }

  /** What was estimated last, or what a plan looks at whatever tables hold. */
  #bound(plan: Reading["plan"]): Estimate {
    let known = this.#estimates.get(plan);
    if (known === undefined) this.#estimates.set(plan, (known = { age: -1, work: weigh(plan, ENDLESS) }));
    return known;
  }
}

/** Patterns take their time by the length of texts, which nobody knows: what looks for some is to be shown quick. */
function weigh(plan: Reading["plan"], sizes: Sizes): number {
  const { kind } = plan;
  const work =
    kind === "aggregate"
      ? aggregateWork(plan, sizes).sum
      : workOf(plan.root, sizes, { kind, total: plan.total, filtered: plan.filtered });
  const nodes = kind === "aggregate" ? [plan.root] : plan.nodes;
  const patterned = nodes.some(({ where }) => where !== undefined && looksForText(where));
  return patterned ? Math.max(work, FEW + 1) : work;
}

function looksForText(where: Predicate): boolean {
  switch (where.kind) {
    case "condition":
      return where.operator.weight !== undefined && where.operator.finds !== "each";
    case "search":
      return true;
    case "not":
      return looksForText(where.part);
    case "related":
      return where.part !== undefined && looksForText(where.part);
    case "count":
      return where.counted.where !== undefined && looksForText(where.counted.where);
    default:
      return where.parts.some(looksForText);
  }
}

/** Who was slow lately, and until when that counts. */
class SlowCallers {
  readonly #callers: Cache<{ until: number }>;
  readonly #clock: () => number;
  #until = 0;

  constructor(size: number, clock: () => number) {
    this.#callers = new Cache(size);
    this.#clock = clock;
  }

  /** Whether nobody was; who asks need not be known then, nor what time it is but where somebody was before. */
  get none(): boolean {
    if (this.#until === 0) return true;
    if (this.#clock() < this.#until) return false;
    this.#until = 0;
    return true;
  }

  has(caller: string): boolean {
    if (this.none) return false;
    const slow = this.#callers.get(caller);
    return slow !== undefined && this.#clock() < slow.until;
  }

  add(caller: string, milliseconds: number): void {
    const until = this.#clock() + Math.min(milliseconds * PENALTY, LONGEST);
    const slow = this.#callers.get(caller);
    if (slow === undefined) this.#callers.set(caller, { until });
    else slow.until = Math.max(slow.until, until);
    this.#until = Math.max(this.#until, until);
  }
}
