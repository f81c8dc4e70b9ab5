import type { Method, QueryRequest } from "../request/request.ts";

/** How many are kept: each that is not meant costs a comparison. */
const MOST = 16;

/** Reads a question that is known; `undefined` for another. */
type Reader = (search: string) => QueryRequest | undefined;

interface Kept {
  readonly method: Method;
  readonly resource: string;
  readonly read: Reader;
}

/** The questions that were last found by a hash of their text, without one: that costs more than to compare it with a few. */
export class Lately {
  readonly #kept: Kept[] = [];
  #next = 0;

  find(method: Method, resource: string, search: string): QueryRequest | undefined {
    for (const kept of this.#kept) {
      if (kept.method !== method || kept.resource !== resource) continue;
      const found = kept.read(search);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Keeps one in the place of the oldest. */
  keep(method: Method, resource: string, read: Reader): void {
    this.#kept[this.#next] = { method, resource, read };
    this.#next = (this.#next + 1) % MOST;
  }
}
