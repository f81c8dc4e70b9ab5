import { getOperators, is, SQL } from "drizzle-orm";
import { isThenable } from "../clock.ts";
import { isWrapper, withoutMissing } from "../drizzle/drizzle.ts";
import { internalError } from "../error.ts";
import type { Mention } from "../plan/plan.ts";
import { type AuthorFunction, captured, type Policy } from "../policy/policy.ts";
import type { TableInfo } from "../schema/schema.ts";
import { Admitted } from "./admitted.ts";
import type { Context } from "./context.ts";

/** The rows that exist for a caller. */
export type Rows = SQL | "all" | "none";

const operators = Object.freeze(getOperators());

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
    const answer: unknown = filter(context, table.table, operators);
    if (!isThenable(answer)) return readRows(answer, table, path);
    return Promise.resolve(answer).then((rows) => readRows(rows, table, path));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Asks the row filters of all mentions of a plan. */
export function admitAll(mentions: readonly Mention[], context: Context): Admitted | Promise<Admitted> {
  const rows = mentions.map(({ secured: { policy, table } }) =>
    admit(policy.using, table, context, `${policy.path}.where`),
  );
  // Most filters answer at once; then nobody waits.
  return rows.some((one) => one instanceof Promise)
    ? Promise.all(rows.map(async (one) => one)).then((all) => new Admitted(all))
    : new Admitted(rows as readonly Rows[]);
}

/** What a row that is left must satisfy: the rule's `check`, which is its `where` unless it says otherwise. */
export function admitCheck(
  { check, using, table, path }: Policy,
  rows: Rows,
  context: Context,
): Rows | Promise<Rows> {
  return check === using ? rows : admit(check, table, context, `${path}.check`);
}

/** What it must satisfy once all rows are written. */
export const admitEnsure = ({ ensure, table, path }: Policy, context: Context): Rows | Promise<Rows> =>
  admit(ensure, table, context, `${path}.ensure`);

function readRows(answer: unknown, table: TableInfo, path: string): Rows {
  if (answer === true) return "all";
  if (answer === false || answer === null || answer === undefined) return "none";
  if (is(answer, SQL)) return readCondition(answer, table, path);
  if (isWrapper(answer)) return readCondition(answer.getSQL(), table, path);
  throw internalError(new TypeError(`${path}: a row filter answers SQL, true, false or nothing`));
}

/** @throws QueryError for a condition that would speak of other rows than its author meant. */
function readCondition(condition: SQL, table: TableInfo, path: string): SQL {
  const { query, nests } = withoutMissing(condition);
  const mistake = nests ? captured(query, table) : undefined;
  if (mistake !== undefined) throw internalError(new TypeError(`${path}: ${mistake}`));
  return query;
}
