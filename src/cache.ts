/**
 * A map that forgets what was not asked for lately, and never holds more than twice `size` entries: a generation of the
 * young, and the one before it. A hit among the young costs one look.
 */
export class Cache<Value> {
  readonly #size: number;
  readonly #dropped: ((value: Value) => void) | undefined;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** `dropped` hears of every value that is forgotten. */
  constructor(size: number, dropped?: (value: Value) => void) {
    this.#size = size;
    this.#dropped = dropped;
  }

  /** How many entries it holds. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Forgets everything. */
  clear(): void {
    for (const generation of [this.#young, this.#old]) {
      if (this.#dropped !== undefined) for (const value of generation.values()) this.#dropped(value);
      generation.clear();
    }
  }

  /** What is remembered under a key. */
  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  /** Remembers a value that is not remembered yet. */
  set(key: string, value: Value): void {
    if (this.#young.size >= this.#size) {
      if (this.#dropped !== undefined) for (const forgotten of this.#old.values()) this.#dropped(forgotten);
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}
