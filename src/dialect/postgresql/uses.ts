import { LONGEST } from "../../cache.ts";

/** How often a statement is met before it is worth keeping prepared. */
const WORTH = 3;
/** What the texts that are counted may have in characters. */
const MAX_COUNTED = 1_048_576;

/** What the texts of prepared statements may have in characters; a server takes up to thirty times the bytes for one. */
export const MAX_PREPARED = 262_144;

/** Counts the statements that come again. */
export class Uses {
  #uses = new Map<string, number>();
  #characters = 0;

  /** Whether a statement has now come often enough; a long one never has. */
  worth(text: string): boolean {
    if (text.length > LONGEST) return false;
    const known = this.#uses.get(text);
    const uses = (known ?? 0) + 1;
    if (uses >= WORTH) {
      this.#characters -= text.length;
      return this.#uses.delete(text);
    }
    if (this.#uses.size >= 1000 || this.#characters > MAX_COUNTED) {
      this.#uses = new Map();
      this.#characters = 0;
    }
    this.#uses.set(text, uses);
    if (known === undefined) this.#characters += text.length;
    return false;
  }
}
