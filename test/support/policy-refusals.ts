// What the words of the oracle say of a refusal.

/** Refusals that rows give cause for, or that a hook could still prevent; all others are told before the transaction. */
const BY_ROWS = [
  "check",
  "it does not belong here",
  "the key is taken",
  "the key is taken, and more",
  "transition",
  "no row has a version",
  "another version",
  "the same key twice",
  "it meets what is not the caller's",
];
/** Whether it is one of those. */
export const isByRows = (why: string): boolean =>
  BY_ROWS.includes(why) || /(?:is missing|on this row)$|^nothing can be added|^a sum/.test(why);

/** The status of a refusal. */
export function statusesOf(why: string): readonly number[] {
  // A question that nobody could read is refused before it is asked who asks it.
  if (why === "no rule" || why === "nothing is let out") return [400, 401, 403, 405];
  if (why === "findFirst") return [403, 400];
  if (why === "the key is taken") return [409];
  if (why === "the key is taken, and more") return [403, 409];
  if (why === "it meets what is not the caller's") return [409, 403];
  // The sum is judged with the row that it is part of.
  if (/^nothing can be added|^a sum/.test(why)) return [400, 403];
  if (why === "no row has a version" || why === "another version") return [412, 403]; // of several reasons any
  const isForbidden = [
    "check",
    "transition",
    "it does not belong here",
    "nothing is let out",
    "no rule of changes",
  ].includes(why);
  return isForbidden || why.endsWith("on this row") ? [403] : [400];
}
