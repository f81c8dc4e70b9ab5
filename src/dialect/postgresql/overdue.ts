import { BRIEF, type Leaving, Patience, waitFor } from "../../clock.ts";
import { timeout } from "../../error.ts";
import { blame, stateOf } from "./failure.ts";
import type { Turns } from "./turns.ts";
import { attempt, drop, GRACE, type Means, type Watch } from "./watch.ts";

/** How long a statement may still run when its caller has left, in milliseconds: to stop one costs a connection. */
const REST = 100;

/** A statement under way. */
class Running {
  readonly means: Means;
  readonly giveUp: (error: unknown) => void;
  /** Whose it is, where nobody else needs it. */
  readonly leaving: Leaving | undefined;
  /** Over when the server has heard that it is to end; absent where nobody has asked. */
  stopping: Promise<void> | undefined;
  /** Ends the watch over him. */
  unwatch: (() => void) | undefined;
  resting: ReturnType<typeof setTimeout> | undefined;

  constructor(means: Means, giveUp: (error: unknown) => void, leaving: Leaving | undefined) {
    this.means = means;
    this.giveUp = giveUp;
    this.leaving = leaving;
  }
}

/**
 * Stops the statements that have run longer than anybody waits for them. Of one that does not end even so the connection
 * is given up, or whoever has its turn would keep it for good.
 */
export class Overdue implements Watch {
  readonly #late: Patience<Running>;
  readonly #lost: Patience<Running>;
  /** Those of which it is not looked yet whether their callers leave. */
  readonly #young = new Patience<Running>(BRIEF, (running) => this.#watch(running));
  readonly #turns: Pick<Turns, "stops" | "rest">;

  constructor(milliseconds: number, turns: Pick<Turns, "stops" | "rest">) {
    this.#turns = turns;
    this.#lost = new Patience<Running>(GRACE, (running) => {
      drop(running.means);
      running.giveUp(timeout(milliseconds));
    });
    this.#late = new Patience<Running>(milliseconds, (running) => this.#stop(running));
  }

  admit(): void {}

  /** What nobody waits for any more, as he has left, is stopped soon, as what is late. */
  follow<T>(statement: PromiseLike<T>, means: Means, leaving?: Leaving): Promise<T> {
    return new Promise((resolve, reject) => {
      const running = new Running(means, reject, leaving);
      this.#late.begin(running);
      if (leaving !== undefined) this.#young.begin(running);
      statement.then(
        (value) => (this.#end(running, false), resolve(value)),
        (error: unknown) => (this.#end(running, stateOf(error) === "57014"), reject(blame(error))),
      );
    });
  }

  #watch(running: Running): void {
    const { signal } = running.leaving!;
    const left = (): void => {
      running.resting = setTimeout(() => this.#stop(running), REST);
    };
    if (signal.aborted) return left();
    signal.addEventListener("abort", left);
    running.unwatch = () => signal.removeEventListener("abort", left);
  }

  #stop(running: Running): void {
    this.#late.end(running);
    this.#lost.begin(running);
    this.#turns.stops();
    running.stopping ??= attempt(running.means);
  }

  #end(running: Running, stopped: boolean): void {
    this.#young.end(running);
    running.unwatch?.();
    clearTimeout(running.resting);
    this.#late.end(running);
    this.#lost.end(running);
    if (running.stopping !== undefined && !stopped) this.#turns.rest(waitFor(GRACE, running.stopping));
  }
}
