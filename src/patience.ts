/** Does something to each item that stays longer than any may, by one timer for all: one for each would cost every request. */
export class Patience<Item> {
  readonly #milliseconds: number;
  readonly #over: (item: Item) => void;
  /** When each item is due; all may stay equally long, so they stand in that order. */
  readonly #due = new Map<Item, number>();
  readonly #holds: boolean;
  #armed = false;

  /** `holds` where a process must not end before its timer has. */
  constructor(milliseconds: number, over: (item: Item) => void, holds = false) {
    this.#milliseconds = milliseconds;
    this.#over = over;
    this.#holds = holds;
  }

  begin(item: Item): void {
    this.#due.set(item, performance.now() + this.#milliseconds);
    this.#arm();
  }

  end(item: Item): void {
    this.#due.delete(item);
  }

  #arm(): void {
    const next = this.#due.values().next();
    if (this.#armed || next.done) return;
    this.#armed = true;
    const timer = setTimeout(() => this.#sweep(), Math.max(0, next.value - performance.now()));
    if (!this.#holds) (timer as { unref?: () => void }).unref?.();
  }

  #sweep(): void {
    this.#armed = false;
    const now = performance.now();
    for (const [item, due] of this.#due) {
      if (due > now) break;
      this.#due.delete(item);
      this.#over(item);
    }
    this.#arm();
  }
}
