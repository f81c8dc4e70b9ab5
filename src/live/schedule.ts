import { pause } from "../clock.ts";
import { HttpError } from "../error.ts";
import type { Group } from "./group.ts";

/** What bounds how often, and how much, is asked again. */
export interface Pace {
  /** Between two times that one answer is asked, in milliseconds. */
  readonly debounce: number;
  /** How many are asked at once. */
  readonly places: number;
  /** Whether what is asked runs in this process, whose time is everybody's. */
  readonly isHere: boolean;
  /** Hears how late an answer is asked again, where that is more than a second. */
  readonly lagging: (milliseconds: number) => void;
  /** Hears of what failed and is tried again. */
  readonly failed: (error: unknown) => void;
}

/** For each millisecond that is spent so many are left to others: a quarter is ours. */
const OTHERS = 3;
/** No rest is worth a timer that is shorter, in milliseconds. */
const REST = 2;
/** When what failed is tried again, in milliseconds. */
const AGAIN = 1_000;
const LATE = 1_000;
/** How many members' shares are tried at once. */
const TRIES = 3;

/** Asks answers again that may have changed: each as often as its pace allows, all of them in a quarter of the time. */
export class Schedule {
  readonly #pace: Pace;
  readonly #ready = new Set<Group>();
  readonly #later = new Map<Group, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #working = 0;
  /** What is to be left to others still, in milliseconds. */
  #owed = 0;
  #told = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Something has changed that an answer depends on. */
  want(group: Group): void {
    if (!this.#ready.has(group)) this.#put(group, group.startedAt + this.#pace.debounce);
  }

  /** An answer is to be asked again at a time, whether something changes or not. */
  #put(group: Group, at: number): void {
    const known = this.#later.get(group);
    if (known !== undefined && known <= at) return;
    this.#later.set(group, at);
    this.#wakeAt(at);
  }

  forget(group: Group): void {
    this.#ready.delete(group);
    this.#later.delete(group);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#ready.clear();
    this.#later.clear();
  }

  /** The answer of a group was asked: one that looks at the clock is asked again. */
  asked(group: Group): void {
    const { every } = group.question;
    if (every !== undefined && group.members.size > 0) this.#put(group, group.startedAt + every);
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(at - performance.now())));
  }

  #wake(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [group, at] of this.#later)
      if (at <= now) {
        this.#later.delete(group);
        this.#ready.add(group);
      } else next = Math.min(next, at);
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next);
    while (this.#working < Math.min(this.#pace.places, this.#ready.size)) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working++;
    for (let [group] = this.#ready; group !== undefined; [group] = this.#ready) {
      this.#ready.delete(group);
      await this.#renew(group);
      if (this.#owed >= REST) await this.#rest();
    }
    this.#working--;
  }

  async #rest(): Promise<void> {
    const began = performance.now();
    await pause(this.#owed);
    this.#owed = Math.max(0, this.#owed - (performance.now() - began));
  }

  async #renew(group: Group): Promise<void> {
    // Who came meanwhile has asked.
    if (!group.isDue && group.question.every === undefined) return;
    const late = performance.now() - (group.waitsSince ?? Number.POSITIVE_INFINITY);
    if (late > LATE) this.#tell(late);
    try {
      await this.#ask(group);
    } catch (error) {
      if (error instanceof HttpError && error.status < 500) {
        for (const member of group.members) member.refused(error);
        return;
      }
      this.#pace.failed(error);
      this.#put(group, performance.now() + AGAIN);
    }
  }

  /** In the share of one member after the other: that of one may be used up. */
  async #ask(group: Group): Promise<void> {
    for (let tries = Math.min(TRIES, group.members.size); tries > 0; tries--)
      try {
        await group.fresh(group.next()!.caller);
        if (this.#pace.isHere) this.#owed += group.question.took * OTHERS;
        return;
      } catch (error) {
        if (tries === 1 || !(error instanceof HttpError && error.status === 503)) throw error;
      }
  }

  #tell(late: number): void {
    const now = performance.now();
    if (now - this.#told < LATE) return;
    this.#told = now;
    this.#pace.lagging(late);
  }
}
