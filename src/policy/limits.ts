import type { LimitOptions } from "./rule.ts";

/** The limits in force; `Infinity` where an author lifted one. */
export interface Limits {
  readonly maxLimit: number;
  readonly maxOffset: number;
  readonly maxDepth: number;
  readonly maxConditions: number;
  readonly maxList: number;
  readonly maxRows: number;
  readonly maxBodySize: number;
  readonly maxCost: number;
  readonly maxWork: number;
  readonly maxAnswerSize: number;
  readonly onSurpassMaxLimit: "Throw" | "Limit";
}

/** libSQL's parser overflows at eight nested relations; six leaves room for what rules add. */
export const DEPTH_CEILING = 6;

/** What holds where nobody said anything. */
export const DEFAULT_LIMITS: Limits = {
  maxLimit: 100,
  // Where no index gives the order, SQLite needs thirty times as long for offset 100,000 as for the first page.
  maxOffset: 10_000,
  maxDepth: 3,
  maxConditions: 100,
  maxList: 1_000,
  maxRows: 1_000,
  maxBodySize: 1_048_576,
  maxCost: 50_000,
  maxWork: 2_500_000,
  maxAnswerSize: 16_777_216,
  onSurpassMaxLimit: "Throw",
};

/** Limits that relations have too. */
export const RELATION_LIMITS = ["maxLimit", "maxOffset", "maxDepth"] as const;
/** Limits of a whole request. */
export const REQUEST_LIMITS = [
  "maxConditions",
  "maxList",
  "maxRows",
  "maxBodySize",
  "maxCost",
  "maxWork",
  "maxAnswerSize",
] as const;
const NUMBERS = [...RELATION_LIMITS, ...REQUEST_LIMITS] as const;

/** Puts one author's wishes over the limits that hold so far: `undefined` inherits, `null` lifts. */
export function applyLimits(base: Limits, wishes: LimitOptions): Limits {
  const limits = { ...base };
  for (const name of NUMBERS) {
    const wish = wishes[name];
    if (wish === null) limits[name] = Number.POSITIVE_INFINITY;
    else if (wish !== undefined) limits[name] = wish;
  }
  limits.maxDepth = Math.min(limits.maxDepth, DEPTH_CEILING);
  limits.onSurpassMaxLimit = wishes.onSurpassMaxLimit ?? base.onSurpassMaxLimit;
  return limits;
}

/** The limits where neither rule nor entry says anything. */
export const limitsOf = (defaults: LimitOptions = {}): Limits => applyLimits(DEFAULT_LIMITS, defaults);

/** What is wrong with an author's limits, one sentence each. */
export function checkLimits(wishes: LimitOptions, path: string): readonly string[] {
  const mistakes: string[] = [];
  for (const name of NUMBERS) {
    const wish = wishes[name];
    if (wish === undefined || wish === null || (Number.isSafeInteger(wish) && wish >= 0)) continue;
    mistakes.push(`${path}.${name}: expected a whole number from 0, or null for no limit`);
  }
  const surpass: unknown = wishes.onSurpassMaxLimit;
  if (surpass !== undefined && surpass !== "Throw" && surpass !== "Limit") {
    mistakes.push(`${path}.onSurpassMaxLimit: expected "Throw" or "Limit"`);
  }
  return mistakes;
}
