import { createHash } from "node:crypto";
import { Cache } from "../../../cache.ts";
import { stateOf } from "../failure.ts";
import { MAX_PREPARED, Uses } from "../uses.ts";

/** Statements that have names, in each of two generations. */
const MAX_NAMES = 200;
/** Names that a connection may keep though they are used no more. */
const MAX_IDLE = 50;

/**
 * The names of statements that connections keep prepared. The driver never forgets one, so they are counted here. A name
 * is made of its text, because behind a pooler other processes give names on the same connection of the server, and one
 * name for two texts would answer with rows of another's question.
 */
export class Names {
  readonly #uses = new Uses();
  readonly #live = new Set<string>();
  readonly #names = new Cache<string>(MAX_NAMES, {
    most: MAX_PREPARED,
    dropped: (name) => this.#live.delete(name),
  });
  readonly #ofConnections = new WeakMap<object, Set<string>>();
  #useless = false;
  /** How often a name has gone stale. */
  #generation = 0;

  /** How many statements have a name. */
  get size(): number {
    return this.#live.size;
  }

  /** The name of a statement that has come often enough. */
  of(text: string): string | undefined {
    if (this.#useless) return undefined;
    const known = this.#names.get(text);
    if (known !== undefined) return known;
    return this.#uses.worth(text) ? this.#give(text) : undefined;
  }

  /** A connection knows a name from now on. */
  used(connection: object, name: string): void {
    let names = this.#ofConnections.get(connection);
    if (names === undefined) this.#ofConnections.set(connection, (names = new Set()));
    names.add(name);
  }

  /** A name that has gone stale is replaced; where names do not last, behind a pooler, there are none. */
  forget(text: string, name: string, error: unknown): void {
    if (stateOf(error) !== "0A000") this.#useless = true;
    if (this.#useless || this.#names.get(text) !== name) return; // another connection has found out before
    this.#generation++;
    this.#live.delete(name);
    this.#give(text);
  }

  /** The names a connection may forget, once they are many; they are forgotten here. */
  idle(connection: object): readonly string[] {
    const names = this.#ofConnections.get(connection);
    if (names === undefined || names.size <= this.#live.size + MAX_IDLE) return [];
    const idle = [...names].filter((name) => !this.#live.has(name));
    for (const name of idle) names.delete(name);
    return idle;
  }

  #give(text: string): string {
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
    const name = `bepalo_${hash}_${this.#generation}`;
    this.#live.add(name);
    this.#names.set(text, name);
    return name;
  }
}
