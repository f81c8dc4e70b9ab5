import { Cache, LONGEST, Seen } from "../../cache.ts";
import type { SyncStatement } from "./driver.ts";

/** What the texts of a generation may have in characters; a statement takes ten times the bytes. */
const MAX_PREPARED = 524_288;

/** The statements of a connection. Those that come again, and are not long, are kept prepared: others end with their use. */
export class Prepared {
  readonly #prepare: (text: string) => SyncStatement;
  readonly #statements: Cache<SyncStatement>;
  readonly #seen = new Seen();

  /** Keeps so many in each of two generations. */
  constructor(size: number, prepare: (text: string) => SyncStatement) {
    this.#prepare = prepare;
    this.#statements = new Cache(size, { most: MAX_PREPARED, dropped: (statement) => statement.finalize() });
  }

  /** How many are kept. */
  get size(): number {
    return this.#statements.size;
  }

  /** Runs one, values by number; rows answer by index. They may hold `most` bytes, where rows can be read one by one. */
  rows(text: string, values: readonly unknown[], most?: number): readonly ArrayLike<unknown>[] {
    const known = this.#statements.get(text);
    if (known !== undefined) return known.rows(values, most);
    const statement = this.#prepare(text);
    if (text.length <= LONGEST && this.#seen.before(text)) {
      this.#statements.set(text, statement);
      return statement.rows(values, most);
    }
    try {
      return statement.rows(values, most);
    } finally {
      statement.finalize();
    }
  }

  /** Ends those that are kept. */
  clear(): void {
    this.#statements.clear();
  }
}
