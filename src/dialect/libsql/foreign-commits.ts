import type { FileReader } from "./reader.ts";
import type { FileWriter } from "./writer.ts";

/**
 * Tells whether others have committed to a file. The connection that writes counts all commits but its own, as long as there
 * is one. Without it each transaction has another connection, and one that only reads counts those as well: so it looks
 * before a commit, when nobody else can commit, and passes over what it finds after it. What another process commits just in
 * between, within some microseconds, is then seen with its next commit.
 */
export class ForeignCommits {
  readonly #reader: FileReader;
  #writer: FileWriter | undefined;
  #last: unknown;
  #found = false;

  constructor(reader: FileReader, writer: FileWriter | undefined) {
    this.#reader = reader;
    this.#writer = writer;
    this.#last = this.#version();
  }

  /** Whether somebody has since this was asked last. */
  take(): boolean {
    this.#look();
    const found = this.#found;
    this.#found = false;
    return found;
  }

  /** A transaction that has the lock is about to be committed. */
  before(): void {
    if (this.#writer === undefined) this.#look();
  }

  /** It is committed. */
  after(): void {
    if (this.#writer === undefined) this.#last = this.#version();
  }

  #look(): void {
    if (this.#writer?.usable === false) {
      // What it has not told any more, nobody knows.
      this.#writer = undefined;
      this.#found = true;
      this.#last = this.#version();
      return;
    }
    const now = this.#version();
    if (now !== this.#last) this.#found = true;
    this.#last = now;
  }

  /** A file that cannot be asked now is as it was. */
  #version(): unknown {
    const version =
      this.#writer === undefined
        ? this.#reader.query("pragma data_version", [])?.[0]?.[0]
        : this.#writer.version();
    return version ?? this.#last;
  }
}
