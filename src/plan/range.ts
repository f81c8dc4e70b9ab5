import { limitExceeded } from "../error.ts";
import type { Limits } from "../policy/policy.ts";

/** The limit in force: the client's within the maximum, else the maximum itself. */
export function effectiveLimit(wish: number | undefined, limits: Limits, path: string): number {
  if (wish === undefined) return limits.maxLimit;
  if (wish <= limits.maxLimit) return wish;
  if (limits.onSurpassMaxLimit === "Limit") return limits.maxLimit;
  throw limitExceeded(`limit ${wish} exceeds ${limits.maxLimit}`, path);
}

/** The rows to skip; more than the maximum are refused, because a smaller number would answer other rows. */
export function effectiveOffset(wish: number | undefined, { maxOffset }: Limits, path: string): number {
  if (wish === undefined || wish <= maxOffset) return wish ?? 0;
  throw limitExceeded(`offset ${wish} exceeds ${maxOffset}`, path, "filter by the last row's key instead");
}
