import { is, SQL } from "drizzle-orm";
import { at, invalidBody, QueryError } from "../error.ts";
import type { Meeting } from "../plan/plan.ts";
import type { Policy } from "../policy/policy.ts";
import { type Body, readBodyRows, type Row } from "./body.ts";
import type { Context } from "./context.ts";
import type { Later } from "../clock.ts";

/** What becomes of a row that is met. */
export interface MetChange {
  readonly row: Row;
  /** The columns that its client gives values to, as far as the validator let them through. */
  readonly columns: ReadonlySet<string>;
}

/**
 * The parts of the rows of a body that change those they meet, as they were sent. What is no row has none, and is refused
 * where rows are read.
 *
 * @throws QueryError `invalid-body` where a row lacks a column that is to be changed.
 */
export function partsForMet({ value }: Body, { target, update }: Meeting): readonly Row[] {
  const keys = new Set(target.map(({ name }) => name));
  const partOf = (sent: unknown, path: string): Row => {
    if (typeof sent !== "object" || sent === null) return {};
    return typeof update === "string" ? without(keys, sent as Row) : only(update, sent as Row, path);
  };
  return Array.isArray(value)
    ? value.map((row: unknown, index) => partOf(row, String(index)))
    : [partOf(value, "")];
}

/** A row without the key by which it meets others. A member of any name is copied, `__proto__` too, which is refused later. */
function without(keys: ReadonlySet<string>, row: Row): Row {
  const part: Row = {};
  for (const name of Object.keys(row)) {
    if (name === "__proto__")
      return Object.fromEntries(Object.entries(row).filter(([key]) => !keys.has(key)));
    if (!keys.has(name)) part[name] = row[name];
  }
  return part;
}

function only(update: readonly string[], row: Row, path: string): Row {
  return Object.fromEntries(
    update.map((name) => {
      if (!Object.hasOwn(row, name) || row[name] === undefined)
        throw invalidBody(`\`${name}\` is to be changed, and was not sent`, at(path, name));
      return [name, row[name]];
    }),
  );
}

/**
 * Reads what such a part changes, as a PATCH of its own. What is changed in the same columns as `last` shares them with it.
 *
 * @throws QueryError as {@link readBodyRows} does, at the `path` of its row.
 */
export function readMetChange(
  policy: Policy,
  body: Body,
  path: string,
  context: Context,
  last?: MetChange,
): Later<MetChange> {
  const columns = new Set<string>();
  const finish = (row: Row | Row[]): MetChange => {
    if (Object.keys(row).length === 0 && policy.hooks.beforeQuery === undefined)
      throw invalidBody("there is nothing to change in a row that is met");
    const same = last !== undefined && areSame(columns, last.columns);
    return { row: row as Row, columns: same ? last.columns : columns };
  };
  const refuse = (error: unknown): never => {
    throw error instanceof QueryError && path !== "" ? error.under(path) : error;
  };
  try {
    const row = readBodyRows(policy, body, false, context, columns);
    return row instanceof Promise ? row.then(finish).catch(refuse) : finish(row);
  } catch (error) {
    return refuse(error);
  }
}

/** What two changes must have in common to be made by one statement; `undefined` for one that is made alone. */
export function likenessOf({ row, columns }: MetChange, { table }: Policy): string | undefined {
  const { primaryKey } = table;
  const alone =
    primaryKey.length === 0 ||
    primaryKey.some(({ name, column }) => Object.hasOwn(row, name) || column.onUpdateFn !== undefined) ||
    holdsSQL(row);
  return alone ? undefined : JSON.stringify([Object.keys(row).toSorted(), [...columns].toSorted()]);
}

/** Whether a change is like another, which is not made alone: told at once, where their columns come in one order. */
export function isLike({ row, columns }: MetChange, other: MetChange): boolean {
  const [names, others] = [Object.keys(row), Object.keys(other.row)];
  if (names.length !== others.length || holdsSQL(row)) return false;
  for (let index = 0; index < names.length; index++) if (names[index] !== others[index]) return false;
  return areSame(columns, other.columns);
}

function areSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  if (some === others) return true;
  if (some.size !== others.size) return false;
  for (const name of some) if (!others.has(name)) return false;
  return true;
}

function holdsSQL(row: Row): boolean {
  for (const name of Object.keys(row)) if (typeof row[name] === "object" && is(row[name], SQL)) return true;
  return false;
}

/**
 * Asks of new rows for a value of each column of the key by which rows meet, once nobody changes them any more.
 *
 * @throws QueryError `invalid-body`.
 */
export function requireKeys(rows: readonly Row[], { target }: Meeting, isList: boolean): void {
  for (const [index, row] of rows.entries())
    for (const { name } of target)
      if (row[name] === undefined || row[name] === null)
        throw invalidBody(`\`${name}\` is required: rows meet by it`, at(isList ? String(index) : "", name));
}
