import { timeout } from "../../error.ts";
import { blame } from "./failure.ts";
import { Patience } from "./patience.ts";
import { attempt, drop, GRACE, type Means, type Watch } from "./watch.ts";

interface Running extends Means {
  readonly giveUp: (error: unknown) => void;
}

/**
 * Stops the statements that have run longer than anybody waits for them. Of one that does not end even so the connection
 * is given up, or whoever has its turn would keep it for good.
 */
export class Overdue implements Watch {
  readonly #late: Patience<Running>;
  readonly #lost: Patience<Running>;

  constructor(milliseconds: number) {
    this.#lost = new Patience<Running>(GRACE, (running) => {
      drop(running);
      running.giveUp(timeout(milliseconds));
    });
    this.#late = new Patience<Running>(milliseconds, (running) => this.#stop(running));
  }

  admit(): void {}

  /** What `signal` aborts is stopped at once, as what is late. */
  follow<T>(statement: PromiseLike<T>, { stop, drop }: Means, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const running = { stop, drop, giveUp: reject };
      const left = (): void => {
        this.#late.end(running);
        this.#stop(running);
      };
      this.#late.begin(running);
      signal?.addEventListener("abort", left);
      const over = (): void => {
        signal?.removeEventListener("abort", left);
        this.#late.end(running);
        this.#lost.end(running);
      };
      statement.then(
        (value) => (over(), resolve(value)),
        (error: unknown) => (over(), reject(blame(error))),
      );
    });
  }

  #stop(running: Running): void {
    this.#lost.begin(running);
    void attempt(running);
  }
}
