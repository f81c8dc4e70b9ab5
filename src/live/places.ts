import { breath } from "../clock.ts";

/** After so many milliseconds of work others go first: whatever else has come meanwhile. */
const SPAN = 5;

/** So many places for work, which waits for one in the order in which it comes. */
export class Places {
  #free: number;
  readonly #queue: (() => void)[] = [];
  /** When others went last. */
  #began = 0;

  constructor(places: number) {
    this.#free = places;
  }

  /** Runs work when there is a place. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter) => this.#queue.push(enter));
    try {
      return await work();
    } finally {
      if (this.#queue.length === 0) this.#free++;
      else void this.#pass();
    }
  }

  /** Hands a place on. */
  async #pass(): Promise<void> {
    const next = this.#queue.shift()!;
    if (performance.now() - this.#began > SPAN) {
      await breath();
      this.#began = performance.now();
    }
    next();
  }
}
