import { invalidValue, type QueryError } from "../../error.ts";

/** A refusal of what only the fast reader answers, for a question that is left to the portable one. */
export const notPortable = (what: string): QueryError =>
  invalidValue(`${what} cannot be answered here`, "select", "this database's reader does not know how");
