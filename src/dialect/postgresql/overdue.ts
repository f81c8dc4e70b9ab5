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
    this.#late = new Patience<Running>(milliseconds, (running) => {
      this.#lost.begin(running);
      void attempt(running);
    });
  }

  admit(): void {}

  follow<T>(statement: PromiseLike<T>, { stop, drop }: Means): Promise<T> {
    return new Promise((resolve, reject) => {
      const running = { stop, drop, giveUp: reject };
      this.#late.begin(running);
      const over = (): void => {
        this.#late.end(running);
        this.#lost.end(running);
      };
      statement.then(
        (value) => (over(), resolve(value)),
        (error: unknown) => (over(), reject(blame(error))),
      );
    });
  }
}
