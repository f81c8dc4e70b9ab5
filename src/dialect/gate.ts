import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import { ending, isThenable, type Later, queued } from "../clock.ts";
import { busy } from "../error.ts";
import type { Bound, Leaving } from "./contract.ts";

interface Waiter {
  readonly exclusive: boolean;
  readonly enter: () => void;
}

/** What whoever is inside together with others has. */
interface Pass {
  /** How many had been first to wait to be alone when it was given. */
  readonly round: number;
}

/** Node before 24 pays for it at every promise of the process. There a guest who wants to be alone waits for himself. */
const { versions } = process;
const REMEMBERS_STAYS = versions.bun !== undefined || Number.parseInt(versions.node) >= 24;

/** The stay of a guest, and of all that comes of it. */
interface Stay {
  /** Absent while one of its own waits to be alone, or is. */
  pass: Pass | undefined;
  alone: number;
  over: boolean;
}

/**
 * A door that many may pass together or one alone, first come, first served. It waits without blocking the event loop.
 * While one waits to be alone others come in as long as somebody is inside who was there before, so that who stays for
 * long keeps out nobody else; then nobody comes in until that one has had his turn.
 *
 * @throws QueryError `busy` when a turn has not come within `waitMs` milliseconds.
 */
export class Gate {
  /** Of those who pass alone. */
  readonly bounds: readonly Bound[] = [{ size: 1 }];
  #waiters: Waiter[] = [];
  #sharing = 0;
  #exclusive = false;
  /** Who is first to wait to be alone, how many were until now, and how many are inside since before. */
  #next: Waiter | undefined;
  #round = 0;
  #before = 0;
  #stays: AsyncLocalStorage<Stay> | undefined;

  /** Whether who comes now passes at once, together with others. */
  get open(): boolean {
    return !this.#exclusive && (this.#next === undefined || this.#before > 0);
  }

  /** Whether a guest, or what comes of his work, asks, and has a pass. */
  get inside(): boolean {
    return this.#stays?.getStore()?.pass !== undefined;
  }

  /** Passes together with others who share, at once where the door is open; whoever leaves waits no longer. */
  shared<T>(work: () => Later<T>, waitMs: number, leaving?: Leaving): Later<T> {
    if (!this.open) return this.#pass(false, work, waitMs, leaving);
    return ending(work, this.#left, this.#share(), undefined);
  }

  readonly #left = (pass: Pass): void => this.#leave(pass);

  /** Passes alone. */
  exclusive<T>(work: () => Promise<T>, waitMs: number): Promise<T> {
    return this.#pass(true, work, waitMs);
  }

  /**
   * Passes together with others, at once where the door is open, and stays until what `work` answers has settled. What it
   * does at this door meanwhile does not wait for its own end.
   */
  guest<T>(work: () => Later<T>, waitMs: number, leaving?: Leaving): Later<T> {
    if (this.inside) return work();
    if (this.open) return this.#host(this.#share(), work);
    return this.#wait(false, waitMs, leaving).then((pass) => this.#host(pass!, work));
  }

  /** Takes the door for oneself; the answer opens it again, once. */
  async enter(waitMs: number, exclusive = true, leaving?: Leaving): Promise<() => void> {
    const stay = this.#stays?.getStore();
    if (exclusive) return this.#enterAlone(waitMs, stay);
    const passes = this.open || stay?.pass !== undefined;
    const pass = passes ? this.#share() : (await this.#wait(false, waitMs, leaving))!;
    return once(() => this.#leave(pass));
  }

  /** A guest who wants to be alone does not stand in his own way. */
  async #enterAlone(waitMs: number, stay: Stay | undefined): Promise<() => void> {
    if (stay !== undefined) this.#interrupt(stay);
    try {
      if (this.#exclusive || this.#sharing > 0 || this.#waiters.length > 0) await this.#wait(true, waitMs);
      else this.#exclusive = true;
    } catch (error) {
      if (stay !== undefined) this.#resume(stay, this.#exclusive ? await this.#wait(false) : this.#share());
      throw error;
    }
    return once(() => {
      this.#exclusive = false;
      if (stay !== undefined) this.#resume(stay, this.#share());
      this.#admit();
    });
  }

  async #pass<T>(exclusive: boolean, work: () => Later<T>, waitMs: number, leaving?: Leaving): Promise<T> {
    const leave = await this.enter(waitMs, exclusive, leaving);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #host<T>(pass: Pass, work: () => Later<T>): Later<T> {
    const stay: Stay = { pass, alone: 0, over: false };
    return ending(this.#stayed<T>, this.#gone, stay, work);
  }

  readonly #stayed = <T>(stay: Stay, work: () => Later<T>): Later<T> =>
    REMEMBERS_STAYS ? (this.#stays ??= new AsyncLocalStorage()).run(stay, settling, work) : settling(work);

  readonly #gone = (stay: Stay): void => {
    stay.over = true;
    this.#interrupt(stay);
  };

  #interrupt(stay: Stay): void {
    stay.alone++;
    const { pass } = stay;
    stay.pass = undefined;
    if (pass !== undefined) this.#leave(pass);
  }

  #resume(stay: Stay, pass: Pass | undefined): void {
    if (--stay.alone === 0 && !stay.over) stay.pass = pass;
    else if (pass !== undefined) this.#leave(pass);
  }

  #share(): Pass {
    this.#sharing++;
    return { round: this.#round };
  }

  #leave({ round }: Pass): void {
    this.#sharing--;
    if (round < this.#round) this.#before--;
    this.#admit();
  }

  #admit(): void {
    if (this.#waiters.length === 0 && this.#next === undefined) return;
    while (!this.#exclusive) {
      const [first] = this.#waiters;
      if (first === undefined || (first.exclusive && this.#sharing > 0)) break;
      this.#waiters.shift();
      first.enter();
    }
    this.#look();
    if (this.#next === undefined || !this.open) return;
    const passing = this.#waiters.filter(({ exclusive }) => !exclusive);
    this.#waiters = this.#waiters.filter(({ exclusive }) => exclusive);
    for (const waiter of passing) waiter.enter();
  }

  /** Sees who waits to be alone now. */
  #look(): void {
    const next = this.#waiters.find(({ exclusive }) => exclusive);
    if (next === this.#next) return;
    this.#next = next;
    if (next === undefined) return;
    this.#round++;
    this.#before = this.#sharing;
  }

  /** The answer is a pass, save for who is alone. */
  #wait(exclusive: boolean, waitMs?: number, leaving?: Leaving): Promise<Pass | undefined> {
    const late = (): Error => lateTurn(waitMs!); // without a time nobody is late
    return queued({ waitMs, leaving, late }, ({ enter }) => {
      const waiter: Waiter = {
        exclusive,
        enter: () => {
          if (exclusive) this.#exclusive = true;
          enter(exclusive ? undefined : this.#share());
        },
      };
      this.#waiters.push(waiter);
      this.#look();
      return () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        this.#admit(); // who stood behind may pass now
      };
    });
  }
}

/** What an author answers may be a promise of his own. */
function settling<T>(work: () => Later<T>): Later<T> {
  const given = work();
  return isThenable(given) ? Promise.resolve(given) : given;
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    work();
  };
}

const lateTurn = (waitMs: number): Error =>
  busy(
    new Error(
      `no turn within ${waitMs} ms: does a hook wait for long, or use the outer database or the route instead of \`tx\`?`,
    ),
  );

const gates = new WeakMap<object, Gate>();

/** The gate before a client that has one connection, which all who use the client pass. */
export function gateOf(client: object): Gate {
  let gate = gates.get(client);
  if (gate === undefined) gates.set(client, (gate = new Gate()));
  return gate;
}
