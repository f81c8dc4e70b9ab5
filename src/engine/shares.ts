import { busy, type QueryError, shareUsedUp } from "../error.ts";

/** Whoever wants a place; his key may cost something to make. */
export interface Who {
  readonly caller: string;
}

/** How many places a caller holds. */
export interface Holder {
  readonly caller: string;
  held: number;
}

/** How many of those who hold nothing are remembered: to know them again is cheaper than to know them anew. */
const MAX_IDLE = 1_000;

/**
 * Counts places by caller. A caller gets one more only while he holds fewer than are free: alone he has half of them at
 * most, with another a third, and who comes anew finds one as long as there is any. Nobody waits.
 */
export class Shares {
  readonly #capacity: number;
  readonly #holders = new Map<string, Holder>();
  #taken = 0;
  /** The place of who is there alone. His key is of interest only when somebody else comes, which is seldom. */
  readonly #first: Holder = { caller: "", held: 0 };
  #alone: Who | undefined;
  /** Who that was, once somebody has come. */
  #known: Holder | undefined;

  readonly #usedUp: () => QueryError;

  /** `usedUp` is what who holds his share is told. */
  constructor(capacity: number, usedUp: () => QueryError = shareUsedUp) {
    this.#capacity = capacity;
    this.#usedUp = usedUp;
  }

  /** @throws QueryError `busy` where a caller may take no place; it says so where his own share is used up. */
  assertRoom(who: Who): void {
    if (this.#taken === 0) return;
    if (this.#alone !== undefined) this.#meet(this.#alone);
    const held = this.#holders.get(who.caller)?.held ?? 0;
    if (held >= this.#capacity - this.#taken) throw held === 0 ? busy() : this.#usedUp();
  }

  /** Takes a place, as far as there is room, which {@link leave} gives back. */
  enter(who: Who): Holder {
    this.assertRoom(who);
    return this.take(who);
  }

  /** Takes a place for one who was told that there is room. */
  take(who: Who): Holder {
    if (this.#taken++ === 0) {
      this.#alone = who;
      return this.#first;
    }
    if (this.#alone !== undefined) this.#meet(this.#alone);
    return this.#hold(who);
  }

  leave(holder: Holder): void {
    this.#taken--;
    if (holder !== this.#first) return this.#release(holder);
    if (this.#known !== undefined) this.#release(this.#known);
    this.#alone = this.#known = undefined;
  }

  #meet(alone: Who): void {
    this.#known = this.#hold(alone);
    this.#alone = undefined;
  }

  #hold({ caller }: Who): Holder {
    let holder = this.#holders.get(caller);
    if (holder === undefined) this.#holders.set(caller, (holder = { caller, held: 0 }));
    holder.held++;
    return holder;
  }

  #release(holder: Holder): void {
    holder.held--;
    if (holder.held === 0 && this.#holders.size > MAX_IDLE) this.#holders.delete(holder.caller);
  }
}
