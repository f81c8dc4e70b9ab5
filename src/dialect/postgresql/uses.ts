/** How often a statement is met before it is worth keeping prepared. */
const WORTH = 3;

/** Counts the statements that come again. */
export class Uses {
  #uses = new Map<string, number>();

  /** Whether a statement has now come often enough. */
  worth(text: string): boolean {
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses >= WORTH) return this.#uses.delete(text);
    if (this.#uses.size >= 1000) this.#uses = new Map();
    this.#uses.set(text, uses);
    return false;
  }
}
