import { tooComplex } from "../error.ts";
import type { Limits } from "../policy/policy.ts";

/** What all patterns of a request may hold together: matching costs their length times that of the texts. */
const MAX_PATTERN = 256;
const MAX_WILDCARDS = 16;
/** A short pattern is looked for in every row as well. */
const LEAST = 16;

/** Counts what a request asks for over its whole tree, and refuses what is too much before any SQL is made. */
export class Budget {
  readonly #limits: Limits;
  #conditions = 0;
  #characters = 0;
  #wildcards = 0;
  #cost = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** One more condition in a filter. */
  addCondition(path: string): void {
    if (++this.#conditions > this.#limits.maxConditions) {
      throw tooComplex(`more than ${this.#limits.maxConditions} conditions`, path);
    }
  }

  /** A list of a filter. */
  checkList(length: number, path: string): void {
    if (length > this.#limits.maxList)
      throw tooComplex(`a list of ${length} items exceeds ${this.#limits.maxList}`, path);
  }

  /** A text looked for inside others. */
  addText(text: string, path: string): void {
    this.#characters += Math.max(text.length, LEAST);
    if (this.#characters > MAX_PATTERN)
      throw tooComplex(`patterns of more than ${MAX_PATTERN} characters together`, path);
  }

  /** A pattern with wildcards. */
  addPattern(pattern: string, path: string): void {
    this.addText(pattern, path);
    this.#wildcards += pattern.split("%").length - 1;
    if (this.#wildcards > MAX_WILDCARDS)
      throw tooComplex(`more than ${MAX_WILDCARDS} \`%\` in patterns together`, path);
  }

  /** The rows one node could add: the product of the limits down to it. */
  addRows(rows: number, path: string): void {
    this.#cost += rows;
    if (this.#cost > this.#limits.maxCost) {
      throw tooComplex(
        `this could return more than ${this.#limits.maxCost} rows`,
        path,
        "ask for less with `limit`",
      );
    }
  }
}

/** What a lifted limit counts as in a cost. */
export const LIFTED_LIMIT = 1_000;
