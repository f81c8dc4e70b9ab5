import type { ResultRows } from "../contract.ts";
import { GRACE } from "./watch.ts";

/** Milliseconds, none of which means without end. */
const OWN_SETTINGS =
  "select name, setting from pg_settings where name in ('statement_timeout', 'idle_in_transaction_session_timeout')";
const MAX_SETTING = 2_147_483_647;

/**
 * Settings of each transaction, should this process no longer be there to end it: a statement and a pause may take as
 * long as they are waited for, or less where the server says so already. Asked before, because a transaction that has
 * asked anything can no longer be given another isolation level.
 */
export class Settings {
  readonly #query: (text: string) => Promise<ResultRows>;
  readonly #timeout: number;
  /** Once the server was asked. */
  known: readonly string[] | undefined;

  constructor(query: (text: string) => Promise<ResultRows>, timeout: number) {
    this.#query = query;
    this.#timeout = timeout;
  }

  async ask(): Promise<readonly string[]> {
    const found = await this.#query(OWN_SETTINGS);
    const own = new Map(found.map((row) => [row[0], Number(row[1])]));
    const least = (name: string, milliseconds: number): string =>
      `set local ${name} = ${Math.min(milliseconds, own.get(name) || MAX_SETTING, MAX_SETTING)}`;
    this.known = [
      least("statement_timeout", this.#timeout),
      least("idle_in_transaction_session_timeout", 2 * this.#timeout + GRACE),
    ];
    return this.known;
  }
}
