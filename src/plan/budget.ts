import { tooComplex } from "../error.ts";
import type { Limits } from "../policy/policy.ts";

/** LIKE's own limits: what a pattern may hold before matching it costs more than it tells. */
const MAX_PATTERN = 1_000;
const MAX_WILDCARDS = 16;

/** Counts what a request asks for over its whole tree, and refuses what is too much before any SQL is made. */
export class Budget {
  readonly #limits: Limits;
  #conditions = 0;
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

  /** A text looked for inside another. */
  checkText(text: string, path: string): void {
    if (text.length > MAX_PATTERN)
      throw tooComplex(`a pattern of ${text.length} characters exceeds ${MAX_PATTERN}`, path);
  }

  /** A pattern with wildcards. */
  checkPattern(pattern: string, path: string): void {
    this.checkText(pattern, path);
    if (pattern.split("%").length - 1 > MAX_WILDCARDS)
      throw tooComplex(`more than ${MAX_WILDCARDS} \`%\` in a pattern`, path);
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
