/** Where the upper halves of sums begin; no sum of fewer than 2^31 whole numbers of 64 bits is further from 0. */
const MIDDLE = 2n ** 62n;
const HALF = 32n;
const LOW = 2n ** HALF - 1n;
const HIGH_DIGITS = 19;
const LOW_DIGITS = 10;

/**
 * A sum of whole numbers as SQLite computes it, a text whose order is theirs: the upper half, counted from the middle, then
 * the lower one of 32 bits.
 *
 * @example sumKey(-1n) // "4611686018427387903" + "4294967295"
 */
export function sumKey(sum: bigint): string {
  const high = (sum >> HALF) + MIDDLE;
  if (high < 0n) return ""; // less than any
  if (high > 2n * MIDDLE) return "~"; // greater than any
  return String(high).padStart(HIGH_DIGITS, "0") + String(sum & LOW).padStart(LOW_DIGITS, "0");
}

/** The sum that a key is of. */
export const sumOf = (key: string): bigint =>
  ((BigInt(key.slice(0, HIGH_DIGITS)) - MIDDLE) << HALF) + BigInt(key.slice(HIGH_DIGITS));
