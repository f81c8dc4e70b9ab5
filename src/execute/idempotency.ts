import { within } from "../clock.ts";
import type { IdempotencyStatements, OwnedKey, Text } from "../compile/compile.ts";
import type { Database } from "../dialect/dialect.ts";
import { busy } from "../error.ts";
import { insist } from "./insist.ts";
import type { Asker, Runtime } from "./execute.ts";

/** What is stored under a key: a hash of what was asked, and what was answered. */
export interface StoredAnswer {
  readonly request: string;
  readonly answer: string;
}

/** How long answers are kept, and how long one waits for another's. */
export interface Keeping {
  /** In milliseconds. */
  readonly maxAge: number;
  readonly busyTimeout: number;
}

/** How often a key is asked for that somebody else keeps taking and giving back. */
const ATTEMPTS = 3;

/**
 * The answers of writes under a key of their callers. A key is taken, and its answer put to it, in the transaction of the
 * write: so both are kept, or neither.
 */
export class StoredAnswers {
  readonly #statements: IdempotencyStatements;
  readonly #runtime: Runtime;
  readonly #keeping: Keeping;

  constructor(statements: IdempotencyStatements, runtime: Runtime, keeping: Keeping) {
    this.#statements = statements;
    this.#runtime = runtime;
    this.#keeping = keeping;
  }

  /** What is stored under a key, as far as is known outside of a transaction. */
  async find(asker: Asker, key: OwnedKey): Promise<StoredAnswer | undefined> {
    const { dialect, timeout, turn } = this.#runtime;
    const ask = this.#statements.find(key, this.#since());
    try {
      return await insist(dialect, timeout, (left) => {
        const found = turn(asker, "read", false, () =>
          dialect.read((database) => this.#stored(database, ask), asker),
        );
        return dialect.remote ? within(left, found) : found;
      });
    } catch (error) {
      throw dialect.failure(error, "read") ?? error;
    }
  }

  /**
   * Takes a key in a transaction, for a request; where it is taken already, the answer is what is stored. Who comes while
   * another has it waits until that one has ended.
   *
   * @throws QueryError `busy` for who waited too long.
   */
  async claim(database: Database, key: OwnedKey, request: string): Promise<StoredAnswer | undefined> {
    const end = performance.now() + this.#keeping.busyTimeout;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = Date.now();
      const since = this.#since(now);
      const claiming = this.#ask(database, this.#statements.claim(key, request, now, since));
      const left = Math.max(1, end - performance.now());
      if ((await within(left, claiming, () => busy())).length > 0) {
        await this.#ask(database, this.#statements.clear(since));
        return undefined;
      }
      const stored = await this.#stored(database, this.#statements.find(key, since));
      if (stored !== undefined) return stored;
    }
    throw busy(new Error("an idempotency key is taken and given back all the time"));
  }

  /** Puts its answer to a key that was taken in this transaction. */
  async keep(database: Database, key: OwnedKey, answer: string): Promise<void> {
    await this.#ask(database, this.#statements.keep(key, answer));
  }

  /** Gives back a key that was taken in this transaction. */
  async release(database: Database, key: OwnedKey): Promise<void> {
    await this.#ask(database, this.#statements.release(key));
  }

  async #stored(database: Database, ask: Text): Promise<StoredAnswer | undefined> {
    const [row] = await this.#ask(database, ask);
    return row && { request: row[0] as string, answer: row[1] as string };
  }

  #ask(database: Database, { text, values }: Text): ReturnType<Runtime["dialect"]["query"]> {
    return this.#runtime.dialect.query(database, text, values);
  }

  /** What was stored before is too old. */
  #since(now = Date.now()): number {
    return now - this.#keeping.maxAge;
  }
}
