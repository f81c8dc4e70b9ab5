import { limitExceeded } from "../error.ts";
import type { Limits } from "../policy/policy.ts";

/** The limit in force: the client's within the maximum, else the maximum itself. */
export function effectiveLimit(wish: number | undefined, limits: Limits, path: string): number {
  if (wish === undefined) return limits.maxLimit;
  if (wish <= limits.maxLimit) return wish;
  if (limits.onSurpassMaxLimit === "Limit") return limits.maxLimit;
  throw limitExceeded(`limit ${wish} exceeds ${limits.maxLimit}`, path);
}
