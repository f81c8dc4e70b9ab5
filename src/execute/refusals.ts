import type { Refusal } from "../compile/compile.ts";
import {
  checkFailed,
  columnCheckFailed,
  conflict,
  limitExceeded,
  preconditionFailed,
  type QueryError,
  transitionFailed,
} from "../error.ts";

/** What a write is refused with, by what did not hold; some say why, or of which column. */
export const REFUSALS: Readonly<Record<Refusal, (why?: string, column?: string) => QueryError>> = {
  "check-failed": (_, column) => (column === undefined ? checkFailed() : columnCheckFailed(column)),
  "transition-failed": () => transitionFailed(),
  "limit-exceeded": (why = "too many rows") => limitExceeded(why, "select.where"),
  "precondition-failed": () => preconditionFailed(),
  conflict: () => conflict(),
};
