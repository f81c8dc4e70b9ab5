/** Longer texts are neither remembered nor kept prepared: what is remembered has a bound in bytes too. */
export const LONGEST = 16_384;

/**
 * Tells which texts were probably met lately. Only hashes are kept, in a table that never grows: what comes once leaves
 * nothing behind that the collector would have to carry, and pushes nothing out of a cache.
 */
export class Seen {
  readonly #hashes = new Int32Array(4_096);

  /** Whether a text was met before; it is now. */
  before(text: string): boolean {
    let hash = 0;
    for (let index = 0; index < text.length; index++)
      hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
    const slot = hash & (this.#hashes.length - 1);
    if (this.#hashes[slot] === hash) return true;
    this.#hashes[slot] = hash;
    return false;
  }
}

/** What else bounds a cache. */
export interface CacheOptions<Value> {
  /** How much one generation may weigh. */
  readonly most?: number;
  /** What an entry weighs, in the unit of `most`; without it, what its key has in characters. */
  readonly weigh?: (key: string, value: Value) => number;
  /** Hears of every value that is forgotten. */
  readonly dropped?: (value: Value) => void;
}

/** A generation of entries, and what they weigh together. */
interface Generation<Value> {
  readonly entries: Map<string, Value>;
  weight: number;
}

const newGeneration = <Value>(): Generation<Value> => ({ entries: new Map(), weight: 0 });

/**
 * A map that forgets what was not asked for lately, and never holds more than twice `size` entries, nor entries that weigh
 * more than twice `most`: a generation of the young, and the one before it. A hit among the young costs one look.
 */
export class Cache<Value> {
  readonly #size: number;
  readonly #most: number;
  readonly #weigh: (key: string, value: Value) => number;
  readonly #dropped: ((value: Value) => void) | undefined;
  #young = newGeneration<Value>();
  #old = newGeneration<Value>();

  constructor(size: number, options: CacheOptions<Value> = {}) {
    this.#size = size;
    this.#most = options.most ?? Number.POSITIVE_INFINITY;
    this.#weigh = options.weigh ?? ((key) => key.length);
    this.#dropped = options.dropped;
  }

  /** How many entries it holds. */
  get size(): number {
    return this.#young.entries.size + this.#old.entries.size;
  }

  /** What they weigh. */
  get weight(): number {
    return this.#young.weight + this.#old.weight;
  }

  /** Forgets everything. */
  clear(): void {
    const generations = [this.#young, this.#old];
    [this.#young, this.#old] = [newGeneration(), newGeneration()];
    for (const generation of generations) this.#forget(generation);
  }

  /** What is remembered under a key. */
  get(key: string): Value | undefined {
    const young = this.#young.entries.get(key);
    if (young !== undefined) return young;
    const { entries } = this.#old;
    const old = entries.get(key);
    if (old === undefined) return undefined;
    entries.delete(key);
    this.#old.weight -= this.#weigh(key, old);
    this.set(key, old);
    return old;
  }

  /** Remembers a value that is not remembered yet. */
  set(key: string, value: Value): void {
    const weight = this.#weigh(key, value);
    if (this.#young.entries.size >= this.#size || this.#young.weight + weight > this.#most) {
      const forgotten = this.#old;
      this.#old = this.#young;
      this.#young = newGeneration();
      this.#forget(forgotten);
    }
    this.#young.entries.set(key, value);
    this.#young.weight += weight;
  }

  #forget({ entries }: Generation<Value>): void {
    if (this.#dropped !== undefined) for (const value of entries.values()) this.#dropped(value);
  }
}
