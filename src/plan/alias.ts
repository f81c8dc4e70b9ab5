import { invalidValue, quote } from "../error.ts";
import type { NodePolicy } from "../policy/policy.ts";

/** A name that a client may give: what the engine says of rows itself begins with `$`, or is `_count`. */
const NAME = /^(?!_count$)[\p{L}_][\p{L}\p{N}_-]{0,63}$/u;

/**
 * Refuses what is no name that a client may give.
 *
 * @throws QueryError `invalid-value`.
 */
export function refuseNoName(name: string, path: string): void {
  if (NAME.test(name)) return;
  throw invalidValue(
    `${quote(name)} is no name for a relation`,
    path,
    "use up to 64 letters, digits, `_` and `-`, a letter first",
  );
}

/**
 * Refuses a name that a client gives a member of rows, where it is none or means something else there already.
 *
 * @throws QueryError `invalid-value`.
 */
export function refuseName(name: string, { readable, extras }: NodePolicy, path: string): void {
  refuseNoName(name, path);
  if (readable.has(name) || extras.has(name))
    throw invalidValue(`${quote(name)} is something else here`, path, "choose another name");
}
