import type { Bound, Leaving } from "../contract.ts";
import { Semaphore } from "../semaphore.ts";
import { isStopped } from "./failure.ts";
import { GRACE } from "./watch.ts";

/** Whose turn it is to use a connection, among all who use the same client. */
export class Turns {
  readonly #all: Semaphore;
  readonly #transactions: Semaphore;
  #resting: Promise<void> | undefined;
  #stopped = -Infinity;
  readonly #bounds: { readonly statements: readonly Bound[]; readonly transactions: readonly Bound[] };

  constructor(connections: number) {
    const count = connections >= 1 ? connections : 1;
    // The hooks of transactions may wait for long; some connections are left to those who do not.
    const hooked = count - (count > 3 ? 2 : count > 2 ? 1 : 0);
    this.#all = new Semaphore(count);
    this.#transactions = new Semaphore(hooked);
    const all = { size: count };
    this.#bounds = { statements: [all], transactions: [{ size: hooked }, all] };
  }

  bounds(transaction: boolean): readonly Bound[] {
    return transaction ? this.#bounds.transactions : this.#bounds.statements;
  }

  statement<T>(work: () => Promise<T>, waitMs: number, leaving?: Leaving): Promise<T> {
    return this.#all.run(() => this.#begin(work), waitMs, leaving);
  }

  transaction<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#transactions.run(() => this.statement(work, waitMs), waitMs);
  }

  /** The server is asked to stop a statement. */
  stops(): void {
    this.#stopped = performance.now();
  }

  /**
   * Whether a statement may have been stopped in place of another: a driver may have sent it behind that one, on the same
   * connection, which ended by itself. One that ran too long itself has no time left for another attempt.
   */
  isStray(error: unknown): boolean {
    return isStopped(error) && performance.now() - this.#stopped < 2 * GRACE;
  }

  /**
   * Lets nothing begin for so long. What ended by itself while the server was asked to stop it has given its connection
   * back, and whatever began there now would be stopped in its place.
   */
  rest(until: Promise<unknown>): void {
    const resting = Promise.all([this.#resting, until]).then(() => {
      if (this.#resting === resting) this.#resting = undefined;
    });
    this.#resting = resting;
  }

  #begin<T>(work: () => Promise<T>): Promise<T> {
    return this.#resting === undefined ? work() : this.#resting.then(work);
  }
}

const turns = new WeakMap<object, Turns>();

/** The turns of a client, which all who use it share. */
export function turnsOf(client: object, connections: number): Turns {
  let found = turns.get(client);
  if (found === undefined) turns.set(client, (found = new Turns(connections)));
  return found;
}
