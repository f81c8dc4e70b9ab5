import process from "node:process";
import { type Queued, queued } from "../../clock.ts";
import { busy } from "../../error.ts";
import { Helper } from "./helper.ts";
import type { Host } from "./host.ts";
import type { Place } from "./message.ts";

/** What a lane wants a process for. */
export interface Want {
  readonly host: Host;
  readonly place: Place;
  /** How many processes there may be for such a place. */
  readonly size: number;
  /** Whether the application has closed its client, so that none is wanted any more. */
  readonly closed: () => boolean;
}

interface Waiter extends Queued<Helper> {
  readonly want: Want;
  readonly key: string;
}

/** How often it is looked for processes that nobody needs any more, in milliseconds. */
const SWEEP = 1_000;
/** One process may be ended each second for callers who have left, and a few at once. */
const EVERY = 1_000;
const AT_ONCE = 4;

/** The processes of all lanes of the application, so that many files do not make many processes. */
export class Pool {
  readonly #rest: number;
  readonly #helpers = new Set<Helper>();
  #waiters: Waiter[] = [];
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #left = 0;
  #listening = false;

  /** A process that nobody has asked for `rest` milliseconds is ended. */
  constructor(rest = 60_000) {
    this.#rest = rest;
  }

  /** How many processes there are. */
  get size(): number {
    return this.#helpers.size;
  }

  /**
   * A process for oneself, perhaps one that is still beginning, until it is released; first come, first served.
   *
   * @throws QueryError `busy` when none was free within `waitMs` milliseconds, Gone when the caller has left.
   */
  async take(want: Want, waitMs: number, signal: AbortSignal): Promise<Helper> {
    const key = JSON.stringify(want.place);
    return this.#find(want, key) ?? this.#wait(want, key, waitMs, signal);
  }

  #wait(want: Want, key: string, waitMs: number, signal: AbortSignal): Promise<Helper> {
    const late = (): Error => busy(new Error(`no process of the slow lane within ${waitMs} ms`));
    return queued({ waitMs, leaving: { signal }, late }, (one) => {
      const waiter: Waiter = { ...one, want, key };
      this.#waiters.push(waiter);
      return () => this.#leave(waiter);
    });
  }

  #leave(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
  }

  /** Gives a process back; one that is still at a question has nobody to answer. */
  release(helper: Helper): void {
    if (helper.busy && helper.asked > 0) helper.kill();
    helper.taken = false;
    helper.since = performance.now();
    this.#admit();
  }

  /**
   * Zero where another process may be ended now for a caller who has left, which counts; else how long it is to be waited
   * before one asks again, in milliseconds.
   */
  patience(): number {
    const now = performance.now();
    const next = Math.max(this.#left, now) + EVERY;
    const wait = next - now - EVERY * AT_ONCE;
    if (wait > 0) return wait;
    this.#left = next;
    return 0;
  }

  #find(want: Want, key: string): Helper | undefined {
    const all = [...this.#helpers];
    const own = all.filter((one) => one.key === key);
    const free = own.find(({ alive, taken }) => alive && !taken);
    if (free !== undefined) return taken(free, want);
    if (own.length >= want.size) return undefined;
    if (all.length < Math.max(want.size, want.host.spare)) return taken(this.#start(want, key), want);
    // What rests for another file makes room, one at a time.
    if (all.every(({ alive }) => alive)) all.find((one) => !one.taken)?.kill();
    return undefined;
  }

  #start({ host, place }: Want, key: string): Helper {
    const helper: Helper = new Helper(host.start(place), key, place, () => {
      this.#helpers.delete(helper);
      this.#admit();
    });
    this.#helpers.add(helper);
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP);
    this.#sweeping.unref();
    if (!this.#listening) process.on("exit", () => this.#helpers.forEach((one) => one.kill()));
    this.#listening = true;
    return helper;
  }

  #admit(): void {
    for (const waiter of this.#waiters)
      try {
        const found = this.#find(waiter.want, waiter.key);
        if (found === undefined) continue;
        this.#leave(waiter);
        waiter.enter(found);
      } catch (error) {
        waiter.fail(error); // no process can be made now
      }
  }

  /** Ends what has rested for long, and what rests for a client that was closed. */
  #sweep(): void {
    const now = performance.now();
    for (const one of this.#helpers)
      if (!one.taken && (now - one.since >= this.#rest || one.closed())) one.kill();
    if (this.#helpers.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

function taken(helper: Helper, { closed }: Want): Helper {
  return Object.assign(helper, { taken: true, closed });
}

/** That of this process. */
export const POOL: Pool = new Pool();
