import type { Speech } from "../sql/speech.ts";

/**
 * What a server says of a row that does not pass, where its statement has to undo itself. No statement has it in its text,
 * but in two halves, so that whoever tells of one that failed does not say so.
 */
const HALVES = ["the new row does not", " pass its rule"] as const;

/** What SQLite says, which has no words of ours to say: there is no such number without its sign. */
const OVERFLOW = "integer overflow";

/**
 * One where a condition holds. Where it does not, what is asked for is no number, which ends the statement: a database
 * undoes one that fails in the middle.
 */
export const guarded = (condition: string, { database }: Pick<Speech, "database">): string =>
  database === "sqlite"
    ? `case when ${condition} then 1 else abs(-9223372036854775807 - 1) end`
    : `(case when ${condition} then '1' else '${HALVES[0]}' || '${HALVES[1]}' end)::integer`;

/** Thrown in place of a statement that would not undo itself: nothing was done. */
export class Unguarded extends Error {}

/** Errors wrap each other; one that wraps itself comes to an end here. */
const MAX_DEPTH = 6;

/**
 * Whether a write that stands alone was not made, so that it may be made in a transaction, which says what refuses it. What
 * else overflows in it is met there again.
 */
export function isUndone(error: unknown): boolean {
  if (error instanceof Unguarded) return true;
  let inner = error as { readonly message?: unknown; readonly cause?: unknown } | undefined;
  for (let depth = 0; depth < MAX_DEPTH && typeof inner?.cause === "object" && inner.cause !== null; depth++)
    inner = inner.cause;
  const said = String(inner?.message);
  return said.includes(HALVES.join("")) || said.includes(OVERFLOW);
}
