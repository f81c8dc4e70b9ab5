import { Cache } from "../cache.ts";
import type { Remembered } from "../compile/compile.ts";
import type { TableSizes } from "../execute/execute.ts";
import { type ReadPlan, type Sizes, workOf } from "../plan/plan.ts";

/** From when on a statement is slow where everybody waits, and until when it is quick, in milliseconds. */
export interface Bounds {
  readonly slow: number;
  readonly quick: number;
}

/** A read of a caller, whose key may cost something to make. */
export interface Reading {
  readonly plan: ReadPlan;
  readonly remembered: Remembered;
  readonly caller: string;
}

/** What a read took, where, and when it ended. */
export interface Took {
  readonly milliseconds: number;
  readonly apart: boolean;
  readonly now: number;
}

/** What looks at no more rows is quick, whatever it does with them. */
const FEW = 2_000;
/** How often a statement that may look at more must have been quick before it is taken to be. */
const PROOFS = 3;
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
  /** What it was estimated to look at then. */
  work: number;
  slow: SlowCallers | undefined;
}

/**
 * Tells which reads had better not run where everybody waits: what may look at many rows, until it was quick a few times;
 * a statement that was slow for this caller lately; and, of a caller whose statements were slow there, all that was not
 * quick.
 */
export class SlowReads {
  readonly #sizes: TableSizes;
  readonly #bounds: Bounds;
  readonly #estimates = new WeakMap<ReadPlan, Estimate>();
  readonly #known = new WeakMap<Remembered, Known>();
  readonly #slow = new SlowCallers(MAX_CALLERS);

  constructor(sizes: TableSizes, bounds: Bounds) {
    this.#sizes = sizes;
    this.#bounds = bounds;
  }

  /** Over when it can be told of a read; `undefined` where it can be now. */
  unknown({ plan }: Reading): Promise<void> | undefined {
    return this.#bound(plan).work <= FEW ? undefined : this.#sizes.unknown();
  }

  /** Whether a read had better run apart, by the clock of `performance.now()`. */
  has(reading: Reading, now: number): boolean {
    const work = this.#workOf(reading.plan, now);
    const suspicious = this.#slow.any(now);
    if (work <= FEW && !suspicious) return false;
    const known = this.#known.get(reading.remembered);
    if (known?.slow?.has(reading.caller, now) === true) return true;
    if (known !== undefined && work > known.work * GROWTH) known.quick = 0;
    const proven = known !== undefined && known.quick >= PROOFS;
    return !proven && (work > FEW || this.#slow.has(reading.caller, now));
  }

  /** Learns that a read took so many milliseconds, apart or not, and ended at this time of the same clock. */
  learn(reading: Reading, { milliseconds, apart, now }: Took): void {
    const slow = milliseconds > this.#bounds.slow;
    if (!slow && (milliseconds >= this.#bounds.quick || this.#isPlain(reading.plan, now))) return;
    let known = this.#known.get(reading.remembered);
    if (known === undefined)
      this.#known.set(reading.remembered, (known = { quick: 0, work: 0, slow: undefined }));
    if (!slow) {
      if (known.quick++ === 0) known.work = Math.max(FEW, this.#workOf(reading.plan, now));
      return;
    }
    (known.slow ??= new SlowCallers(MAX_CALLERS_OF_ONE)).add(reading.caller, milliseconds, now);
    // What was slow where it held up nobody says nothing of what else he asks.
    if (!apart) this.#slow.add(reading.caller, milliseconds, now);
  }

  /** Whether there is nothing to be shown of a plan. */
  #isPlain(plan: ReadPlan, now: number): boolean {
    return this.#workOf(plan, now) <= FEW && !this.#slow.any(now);
  }

  #workOf(plan: ReadPlan, now: number): number {
    const known = this.#bound(plan);
    if (known.age < 0 && known.work <= FEW) return known.work;
    this.#sizes.refresh(now);
    const { age } = this.#sizes;
    if (known.age === age) return known.work;
    const work = weigh(plan, this.#sizes);
    this.#estimates.set(plan, { age, work });
    return work;
  }

  /** What was estimated last, or what a plan looks at whatever tables hold. */
  #bound(plan: ReadPlan): Estimate {
    let known = this.#estimates.get(plan);
    if (known === undefined) this.#estimates.set(plan, (known = { age: -1, work: weigh(plan, ENDLESS) }));
    return known;
  }
}

const weigh = (plan: ReadPlan, sizes: Sizes): number =>
  workOf(plan.root, sizes, { kind: "read", total: plan.total });

/** Who was slow lately, and until when that counts. */
class SlowCallers {
  readonly #callers: Cache<{ until: number }>;
  #until = 0;

  constructor(size: number) {
    this.#callers = new Cache(size);
  }

  /** Whether somebody was; who asks need not be known then. */
  any(now: number): boolean {
    return now < this.#until;
  }

  has(caller: string, now: number): boolean {
    if (!this.any(now)) return false;
    const slow = this.#callers.get(caller);
    return slow !== undefined && now < slow.until;
  }

  add(caller: string, milliseconds: number, now: number): void {
    const until = now + Math.min(milliseconds * PENALTY, LONGEST);
    const slow = this.#callers.get(caller);
    if (slow === undefined) this.#callers.set(caller, { until });
    else slow.until = Math.max(slow.until, until);
    this.#until = Math.max(this.#until, until);
  }
}
