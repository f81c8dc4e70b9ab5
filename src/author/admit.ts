import { getOperators, is, type Operators, SQL, sql } from "drizzle-orm";
import { isThenable } from "../clock.ts";
import { changedBy, isCondition, isWrapper, withoutMissing } from "../drizzle/drizzle.ts";
import { internalError } from "../error.ts";
import { type AuthorFunction, captured, capturedInChange } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import type { Context } from "./context.ts";

/** The rows that exist for a caller. */
export type Rows = SQL | "all" | "none";

export const operators: Readonly<Operators> = Object.freeze(getOperators());

/**
 * Asks an author's row filter, which stands at a path of the access-control file; a filter that answers nothing admits
 * nothing, no filter at all admits every row. It never throws: of several filters one would leave the promises of the
 * others behind, and one that is rejected unheard may end the process.
 */
export function admit(
  filter: AuthorFunction | undefined,
  table: TableInfo,
  context: Context,
  path: string,
): Rows | Promise<Rows> {
  if (filter === undefined) return "all";
  try {
    return rowsOf(filter(context, table.table, operators), inRule, table, path);
  } catch (error) {
    return Promise.reject(error);
  }
}

const inRule: Mistaken = (condition, nests, table) => (nests ? captured(condition, table) : undefined);

/** The same of a change: its author is handed the table twice, for rows as they were and as they are stored. */
export function admitTransition(
  transition: AuthorFunction,
  table: TableInfo,
  context: Context,
  path: string,
): Rows | Promise<Rows> {
  const { before, after } = changedBy(table.table);
  try {
    return rowsOf(transition(context, before, after, operators), inChange, table, path);
  } catch (error) {
    return Promise.reject(error);
  }
}

const inChange: Mistaken = (condition, nests, table) => capturedInChange(condition, table, nests);

/** The rows of a filter's answer, once it is there. */
function rowsOf(answer: unknown, mistaken: Mistaken, table: TableInfo, path: string): Rows | Promise<Rows> {
  if (!isThenable(answer)) return readRows(answer, mistaken, table, path);
  return rowsLater(answer, mistaken, table, path);
}

const rowsLater = async (
  answer: PromiseLike<unknown>,
  mistaken: Mistaken,
  table: TableInfo,
  path: string,
): Promise<Rows> => readRows(await answer, mistaken, table, path);

/** What is wrong with a condition on a table, which may hold sub-queries, if something is. */
type Mistaken = (condition: SQL, nests: boolean, table: TableInfo) => string | undefined;

/** The rows that exist by two filters. */
export function both(left: Rows, right: Rows): Rows {
  if (left === "all" || right === "none") return right;
  if (right === "all" || left === "none") return left;
  return sql`(${left}) and (${right})`; // an author may write OR
}

/** The rows that exist by one of two filters at least. */
export function either(left: Rows, right: Rows): Rows {
  if (left === "none" || right === "all") return right;
  if (right === "none" || left === "all") return left;
  return sql`(${left}) or (${right})`;
}

function readRows(answer: unknown, mistaken: Mistaken, table: TableInfo, path: string): Rows {
  if (answer === true) return "all";
  if (answer === false || answer === null || answer === undefined) return "none";
  if (is(answer, SQL)) return readCondition(answer, mistaken, table, path);
  if (isWrapper(answer) && isCondition(answer)) return readCondition(answer.getSQL(), mistaken, table, path);
  throw internalError(new TypeError(`${path}: a row filter answers SQL, true, false or nothing`));
}

/** @throws QueryError for a condition that would speak of other rows than its author meant. */
function readCondition(condition: SQL, mistaken: Mistaken, table: TableInfo, path: string): SQL {
  const { query, nests } = withoutMissing(condition);
  const mistake = mistaken(query, nests, table);
  if (mistake !== undefined) throw internalError(new TypeError(`${path}: ${mistake}`));
  return query;
}
