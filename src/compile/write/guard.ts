import type { Speech } from "../sql/speech.ts";

/**
 * What a server says of a row that does not pass, where its statement has to undo itself. No statement has it in its text,
 * but in two halves, so that whoever tells of one that failed does not say so.
 */
const HALVES = ["the new row does not", " pass its rule"] as const;

/** Whether a statement that fails in the middle is one that a server undoes, and says why. */
export const canGuard = ({ database }: Speech): boolean => database === "postgresql";

/** One where a condition holds. Where it does not, what is read as a number is none, which ends the statement. */
export const guarded = (condition: string): string =>
  `(case when ${condition} then '1' else '${HALVES[0]}' || '${HALVES[1]}' end)::integer`;

/** Thrown in place of a statement that would not undo itself: nothing was done. */
export class Unguarded extends Error {}

/** Errors wrap each other; one that wraps itself comes to an end here. */
const MAX_DEPTH = 6;

/** Whether a write that stands alone was not made, so that it may be made in a transaction, which says what refuses it. */
export function isUndone(error: unknown): boolean {
  if (error instanceof Unguarded) return true;
  let inner = error as { readonly message?: unknown; readonly cause?: unknown } | undefined;
  for (let depth = 0; depth < MAX_DEPTH && typeof inner?.cause === "object" && inner.cause !== null; depth++)
    inner = inner.cause;
  return String(inner?.message).includes(HALVES.join(""));
}
