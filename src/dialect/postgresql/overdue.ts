import { waitFor } from "../../clock.ts";
import { timeout } from "../../error.ts";
import { blame, stateOf } from "./failure.ts";
import { Patience } from "./patience.ts";
import type { Turns } from "./turns.ts";
import { attempt, drop, GRACE, type Means, type Watch } from "./watch.ts";

/** How long a statement may still run when its caller has left, in milliseconds: to stop one costs a connection. */
const REST = 100;

/** A statement under way. */
class Running {
  readonly means: Means;
  readonly giveUp: (error: unknown) => void;
  /** Over when the server has heard that it is to end; absent where nobody has asked. */
  stopping: Promise<void> | undefined;
  leaving: ReturnType<typeof setTimeout> | undefined;

  constructor(means: Means, giveUp: (error: unknown) => void) {
    this.means = means;
    this.giveUp = giveUp;
  }
}

/**
 * Stops the statements that have run longer than anybody waits for them. Of one that does not end even so the connection
 * is given up, or whoever has its turn would keep it for good.
 */
export class Overdue implements Watch {
  readonly #late: Patience<Running>;
  readonly #lost: Patience<Running>;
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

  /** What `signal` aborts is stopped soon, as what is late. */
  follow<T>(statement: PromiseLike<T>, means: Means, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const running = new Running(means, reject);
      const left = (): void => {
        running.leaving = setTimeout(() => this.#stop(running), REST);
      };
      this.#late.begin(running);
      signal?.addEventListener("abort", left);
      const over = (stopped: boolean): void => {
        signal?.removeEventListener("abort", left);
        this.#end(running, stopped);
      };
      statement.then(
        (value) => (over(false), resolve(value)),
        (error: unknown) => (over(stateOf(error) === "57014"), reject(blame(error))),
      );
    });
  }

  #stop(running: Running): void {
    this.#late.end(running);
    this.#lost.begin(running);
    this.#turns.stops();
    running.stopping ??= attempt(running.means);
  }

  #end(running: Running, stopped: boolean): void {
    clearTimeout(running.leaving);
    this.#late.end(running);
    this.#lost.end(running);
    if (running.stopping !== undefined && !stopped) this.#turns.rest(waitFor(GRACE, running.stopping));
  }
}
