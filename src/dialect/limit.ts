/** A time that may pass, set anew for each step that is waited for. */
export class Limit {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reject!: (error: unknown) => void;
  /** Rejects when the time has passed. */
  readonly passed: Promise<never> = new Promise((_, reject) => (this.#reject = reject));
  /** Whether it has. */
  over = false;

  constructor() {
    this.passed.catch(() => undefined);
  }

  /** Replaces what was waited for. */
  set(milliseconds: number, error: () => unknown): void {
    this.lift();
    this.#timer = setTimeout(() => {
      this.over = true;
      this.#reject(error());
    }, milliseconds);
  }

  /** Nothing is waited for. */
  lift(): void {
    clearTimeout(this.#timer);
  }
}
