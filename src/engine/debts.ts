import type { Who } from "./shares.ts";

/** A statement that takes no longer holds up nobody, in milliseconds, and need not be written down. */
export const SMALL = 0.25;
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
  /** When the last of them is paid, by the clock of `performance.now()`. */
  #until = 0;

  /** Whether somebody has taken more than his share; what tells who asks may then be looked at. */
  get any(): boolean {
    return this.#until > 0 && performance.now() < this.#until;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#debts.size;
  }

  /** Whether a caller has, at this time of `performance.now()`. */
  has(caller: string, now: number): boolean {
    const debt = this.#debts.get(caller);
    return debt !== undefined && left(debt, now) > FREE;
  }

  /** A caller's statement took so many milliseconds, and ended at this time. */
  charge({ caller }: Who, milliseconds: number, now: number): void {
    let debt = this.#debts.get(caller);
    if (debt === undefined) {
      if (this.#debts.size >= MANY) this.#forget(now);
      this.#debts.set(caller, (debt = { owed: 0, at: now }));
    }
    debt.owed = left(debt, now) + milliseconds;
    debt.at = now;
    this.#until = Math.max(this.#until, now + (debt.owed - FREE) / SHARE);
  }

  #forget(now: number): void {
    for (const [caller, debt] of this.#debts) if (left(debt, now) === 0) this.#debts.delete(caller);
  }
}

const left = ({ owed, at }: Debt, now: number): number => Math.max(0, owed - (now - at) * SHARE);
