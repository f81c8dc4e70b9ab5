import { type AnyColumn, getOperators, is, Param, SQL } from "drizzle-orm";
import { internalError } from "../error.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";

/** The rows that exist for a caller. */
export type Rows = SQL | "all" | "none";

const operators = Object.freeze(getOperators());

/**
 * Asks an author's row filter; a filter that answers nothing admits nothing, no filter at all admits every row. It never
 * throws: of several filters one would leave the promises of the others behind, and one that is rejected unheard may end
 * the process.
 */
export function admit(
  filter: AuthorFunction | undefined,
  table: TableInfo,
  context: unknown,
): Rows | Promise<Rows> {
  if (filter === undefined) return "all";
  try {
    const answer: unknown = filter(context, table.table, operators);
    return isPromise(answer) ? Promise.resolve(answer).then(readRows) : readRows(answer);
  } catch (error) {
    return Promise.reject(error);
  }
}

function readRows(answer: unknown): Rows {
  if (answer === true) return "all";
  if (answer === false || answer === null || answer === undefined) return "none";
  if (is(answer, SQL)) return withoutMissing(answer);
  if (isWrapper(answer)) return withoutMissing(answer.getSQL());
  throw internalError(new TypeError("a row filter answers SQL, true, false or nothing"));
}

/** What a session does not have equals nothing: as null, since drivers and columns refuse `undefined`. */
function withoutMissing(query: SQL): SQL {
  if (!misses(query)) return query;
  const chunks = query.queryChunks.map((chunk) => {
    if (is(chunk, Param) && chunk.value === undefined) return new Param(null);
    return is(chunk, SQL) ? withoutMissing(chunk) : chunk;
  });
  return new SQL(chunks);
}

const misses = (query: SQL): boolean =>
  query.queryChunks.some((chunk) =>
    is(chunk, Param) ? chunk.value === undefined : is(chunk, SQL) && misses(chunk),
  );

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"
  );
}

function isWrapper(value: unknown): value is { getSQL(): SQL } {
  return (
    typeof value === "object" && value !== null && typeof (value as Partial<AnyColumn>).getSQL === "function"
  );
}
