import { type AnyColumn, getOperators, is, SQL } from "drizzle-orm";
import { internalError } from "../error.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";

/** The rows that exist for a caller. */
export type Rows = SQL | "all" | "none";

const operators = Object.freeze(getOperators());

/** Asks an author's row filter; a filter that answers nothing admits nothing, no filter at all admits every row. */
export function admit(
  filter: AuthorFunction | undefined,
  table: TableInfo,
  context: unknown,
): Rows | Promise<Rows> {
  if (filter === undefined) return "all";
  const answer: unknown = filter(context, table.table, operators);
  return isPromise(answer) ? answer.then((value) => readRows(value)) : readRows(answer);
}

function readRows(answer: unknown): Rows {
  if (answer === true) return "all";
  if (answer === false || answer === null || answer === undefined) return "none";
  if (is(answer, SQL)) return answer;
  if (isWrapper(answer)) return answer.getSQL();
  throw internalError(new TypeError("a row filter answers SQL, true, false or nothing"));
}

function isPromise(value: unknown): value is Promise<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

function isWrapper(value: unknown): value is { getSQL(): SQL } {
  return (
    typeof value === "object" && value !== null && typeof (value as Partial<AnyColumn>).getSQL === "function"
  );
}
