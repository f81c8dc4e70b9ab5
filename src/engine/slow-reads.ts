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
/** How long it counts that a caller was slow, in milliseconds. */
const LATELY = 60_000;
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
  readonly slow: SlowCallers;
}

/**
 * Tells which reads had better not run where everybody waits: what may look at many rows, until it was quick a few times;
 * a statement that was slow there for this caller lately; and, of a caller whose statements were, all that was not quick.
 */
export class SlowReads {
  readonly #sizes: TableSizes;
  readonly #bounds: Bounds;
  readonly #estimates = new WeakMap<ReadPlan, Estimate>();
  readonly #known = new WeakMap<Remembered, Known>();
  readonly #slow: SlowCallers;

  constructor(sizes: TableSizes, bounds: Bounds) {
    this.#sizes = sizes;
    this.#bounds = bounds;
    this.#slow = new SlowCallers(bounds, MAX_CALLERS);
  }

  /** Whether a read had better run apart, by the clock of `performance.now()`. */
  has(reading: Reading, now: number): boolean {
    const few = this.#looksAtFew(reading.plan, now);
    if (few && this.#slow.isEmpty) return false;
    const { remembered, caller } = reading;
    const suspect = this.#slow.has(caller, now);
    const known = this.#known.get(remembered);
    if (known?.slow.has(caller, now) === true) return true;
    const proven = known !== undefined && known.quick >= PROOFS;
    return few ? suspect && !proven : suspect || !proven;
  }

  /** Learns that a read took so many milliseconds, apart or not, and ended at this time of the same clock. */
  learn(reading: Reading, { milliseconds, apart, now }: Took): void {
    const quick = milliseconds < this.#bounds.quick;
    if (quick && this.#slow.isEmpty && this.#looksAtFew(reading.plan, now)) return;
    const { remembered, caller } = reading;
    let known = this.#known.get(remembered);
    if (known === undefined) {
      known = { quick: 0, slow: new SlowCallers(this.#bounds, MAX_CALLERS_OF_ONE) };
      this.#known.set(remembered, known);
    }
    if (quick) known.quick++;
    known.slow.learn(caller, milliseconds, now);
    // What was slow where it held up nobody says nothing of what else he asks.
    if (quick || !apart) this.#slow.learn(caller, milliseconds, now);
  }

  #looksAtFew(plan: ReadPlan, now: number): boolean {
    let known = this.#estimates.get(plan);
    if (known === undefined) this.#estimates.set(plan, (known = { age: 0, work: this.#work(plan, ENDLESS) }));
    if (known.work <= FEW) return true; // whatever tables hold
    this.#sizes.refresh(now);
    const { age } = this.#sizes;
    if (known.age !== age) this.#estimates.set(plan, (known = { age, work: this.#work(plan, this.#sizes) }));
    return known.work <= FEW;
  }

  #work(plan: ReadPlan, sizes: Sizes): number {
    return workOf(plan.root, sizes, { kind: "read", total: plan.total });
  }
}

/** How long a caller's statements take, on the whole, and until when that counts. */
interface Slow {
  mean: number;
  until: number;
}

/** Who was slow lately; whoever is quick again is forgotten. */
class SlowCallers {
  readonly #bounds: Bounds;
  readonly #callers: Cache<Slow>;

  constructor(bounds: Bounds, size: number) {
    this.#bounds = bounds;
    this.#callers = new Cache(size);
  }

  get isEmpty(): boolean {
    return this.#callers.size === 0;
  }

  has(caller: string, now: number): boolean {
    const slow = this.#callers.get(caller);
    return slow !== undefined && now < slow.until && slow.mean > this.#bounds.slow;
  }

  learn(caller: string, milliseconds: number, now: number): void {
    const slow = this.#callers.get(caller);
    if (slow !== undefined) {
      slow.mean = now < slow.until ? (slow.mean + milliseconds) / 2 : milliseconds;
      slow.until = now + LATELY;
    } else if (milliseconds > this.#bounds.slow)
      this.#callers.set(caller, { mean: milliseconds, until: now + LATELY });
  }
}
