import { BRIEF, type Later, type Leaving, queued } from "../clock.ts";
import { busy, Gone, shareUsedUp } from "../error.ts";

/** How work waits for a place. */
export interface Waiting {
  /** How long it waits, in milliseconds. */
  readonly waitMs: number;
  /** Whoever leaves waits no longer. */
  readonly leaving: Leaving;
}

type Enter = () => void;

/**
 * So many places for work. Who waits is let in in turn by caller, and first come, first served among those of one. A caller
 * takes a place only where he then holds no more than are free still, or his first: so one alone leaves half of them to
 * whoever comes next, and nobody stands behind all that another has in the queue. This is round-robin fair queueing with
 * a dynamic threshold (A. K. Choudhury, E. L. Hahne: Dynamic queue length thresholds for shared-memory packet switches,
 * 1998).
 *
 * @example const fair = new Fair(10); await fair.run("n:ann", () => ask(), { waitMs: 5_000, leaving: request });
 */
export class Fair {
  #free: number;
  readonly #held = new Map<string, number>();
  /** Who waits, by caller; the callers in the order of their turns. */
  readonly #queues = new Map<string, Enter[]>();
  readonly #reason: string;
  readonly #watched: boolean;

  /**
   * `reason` is what may have made somebody late, as the author is told. `watched` where it is looked at once whether
   * somebody leaves, and not only when he has waited for a while.
   */
  constructor(capacity: number, reason?: string, watched = false) {
    this.#free = capacity;
    this.#watched = watched;
    this.#reason = reason === undefined ? "" : `: ${reason}`;
  }

  /**
   * Runs work in a place of the caller's, which is free again when the work has settled; what is aborted while it runs ends
   * itself.
   *
   * @throws QueryError `busy` when no turn came within `waitMs` milliseconds, and Gone when he leaves before.
   */
  async run<T>(caller: string, work: () => Later<T>, { waitMs, leaving }: Waiting): Promise<T> {
    const since = performance.now();
    // Who could be let in was let in when a place came free: nobody is passed by here.
    if (!this.#queues.has(caller) && this.#admits(caller)) this.#take(caller);
    else await this.#wait(caller, waitMs, leaving);
    try {
      const waited = this.#watched || performance.now() - since >= BRIEF;
      if (waited && leaving.signal.aborted) throw new Gone(); // who left in the moment he was let in
      return await work();
    } finally {
      this.#leave(caller);
    }
  }

  /** Whether others wait for a place while a caller holds one. */
  isWantedBeside(holder: string): boolean {
    for (const caller of this.#queues.keys()) if (caller !== holder) return true;
    return false;
  }

  #admits(caller: string): boolean {
    const held = this.#held.get(caller) ?? 0;
    return this.#free > 0 && (held === 0 || held + 1 <= this.#free - 1);
  }

  #take(caller: string): void {
    this.#free--;
    this.#held.set(caller, (this.#held.get(caller) ?? 0) + 1);
  }

  #leave(caller: string): void {
    this.#free++;
    const held = this.#held.get(caller)! - 1;
    if (held === 0) this.#held.delete(caller);
    else this.#held.set(caller, held);
    while (this.#letIn());
  }

  /** Lets in the first of the next caller who may, whose turn comes then after all the others'. */
  #letIn(): boolean {
    if (this.#free === 0) return false;
    for (const [caller, waiters] of this.#queues) {
      if (!this.#admits(caller)) continue;
      const next = waiters.shift()!;
      this.#queues.delete(caller);
      if (waiters.length > 0) this.#queues.set(caller, waiters);
      this.#take(caller);
      next();
      return true;
    }
    return false;
  }

  #wait(caller: string, waitMs: number, leaving: Leaving): Promise<void> {
    const patient = { waitMs, leaving, watched: this.#watched, late: () => this.#late(caller, waitMs) };
    return queued(patient, ({ enter }) => {
      const waiters = this.#queues.get(caller);
      if (waiters === undefined) this.#queues.set(caller, [enter]);
      else waiters.push(enter);
      return () => this.#forget(caller, enter);
    });
  }

  #forget(caller: string, enter: Enter): void {
    const waiters = this.#queues.get(caller)!;
    waiters.splice(waiters.indexOf(enter), 1);
    if (waiters.length === 0) this.#queues.delete(caller);
  }

  #late(caller: string, waitMs: number): Error {
    const why = new Error(`no turn within ${waitMs} ms${this.#reason}`);
    return this.#held.has(caller) ? shareUsedUp(why) : busy(why);
  }
}
