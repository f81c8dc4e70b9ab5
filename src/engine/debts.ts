/** A statement that takes no longer holds up nobody, in milliseconds; below it, nothing is written down. */
const SMALL = 0.5;
/** The share of the time that anybody may take without waiting for others. */
const SHARE = 0.25;
/** How many milliseconds more may be taken at a time. */
const FREE = 2;
/** Callers in debt, before those are looked for who are no more. */
const MANY = 1_000;

/** What is owed, and since when. */
interface Debt {
  owed: number;
  at: number;
}

/**
 * Keeps in mind who has taken much of the time that everybody shares: the milliseconds that his statements ran where all
 * others wait, less a share of those that have passed.
 */
export class Debts {
  readonly #debts = new Map<string, Debt>();

  /** Whether a caller has taken more than his share, at this time of `performance.now()`. */
  has(caller: string, now: number): boolean {
    if (this.#debts.size === 0) return false;
    const debt = this.#debts.get(caller);
    return debt !== undefined && left(debt, now) > FREE;
  }

  /** A caller's statement took so many milliseconds, and ended at this time. */
  charge(caller: string, milliseconds: number, now: number): void {
    if (milliseconds < SMALL) return;
    const debt = this.#debts.get(caller);
    if (debt === undefined) {
      if (this.#debts.size >= MANY) this.#forget(now);
      this.#debts.set(caller, { owed: milliseconds, at: now });
    } else {
      debt.owed = left(debt, now) + milliseconds;
      debt.at = now;
    }
  }

  #forget(now: number): void {
    for (const [caller, debt] of this.#debts) if (left(debt, now) === 0) this.#debts.delete(caller);
  }
}

const left = ({ owed, at }: Debt, now: number): number => Math.max(0, owed - (now - at) * SHARE);
