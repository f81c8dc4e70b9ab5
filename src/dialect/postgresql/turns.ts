import type { Bound } from "../contract.ts";
import { Semaphore } from "../semaphore.ts";

/** Whose turn it is to use a connection, among all who use the same client. */
export class Turns {
  readonly #all: Semaphore;
  readonly #transactions: Semaphore;
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

  statement<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#all.run(work, waitMs);
  }

  transaction<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#transactions.run(() => this.#all.run(work, waitMs), waitMs);
  }
}

const turns = new WeakMap<object, Turns>();

/** The turns of a client, which all who use it share. */
export function turnsOf(client: object, connections: number): Turns {
  let found = turns.get(client);
  if (found === undefined) turns.set(client, (found = new Turns(connections)));
  return found;
}
