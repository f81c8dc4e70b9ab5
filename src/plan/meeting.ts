import { at, invalidValue, unknownColumn } from "../error.ts";
import { keysOf, meetingColumns, meetingKeys, type Policy, type RowKey } from "../policy/policy.ts";
import { type ConflictWish, ON_CONFLICT } from "../request/request.ts";
import type { ColumnInfo } from "../schema/schema.ts";

/** How new rows meet rows that exist, and what becomes of these. */
export interface Meeting {
  /** The columns of the key that both have the same values in, in the order of their index. */
  readonly target: RowKey;
  /** The columns that are changed: these, those that a row was sent with, or none. */
  readonly update: ConflictWish["update"];
}

/**
 * Reads by which key rows meet, under the rule of new rows, and which columns are changed, under that of changes.
 *
 * @throws QueryError `unknown-column` for a column that is not the client's, `invalid-value` for what is no key.
 */
export function readMeeting(
  { target, update }: ConflictWish,
  policy: Policy,
  kind: "insert" | "update" | "delete",
): Meeting {
  if (kind === "insert") return { target: readTarget(target, policy), update };
  for (const name of typeof update === "string" ? [] : update)
    if (!policy.writable.has(name))
      throw unknownColumn(name, at(at(ON_CONFLICT, "update"), name), policy.writable.keys());
  return { target: keyOf(target, policy.table.columns.values(), policy)!, update };
}

function readTarget(names: readonly string[], policy: Policy): RowKey {
  const path = at(ON_CONFLICT, "target");
  const known = meetingColumns(policy);
  const wrong = names.find((name) => !known.has(name));
  if (wrong !== undefined) throw unknownColumn(wrong, at(path, wrong), known.keys());
  const key = keyOf(names, known.values(), policy);
  if (key !== undefined) return key;
  const [example] = meetingKeys(policy);
  throw invalidValue(
    "rows meet by a key: the primary key, or columns that are unique together",
    path,
    example && `write target:~T(${example.map(({ name }) => name).join()})~`,
  );
}

/** The key of just these columns, in whichever order they are named. */
const keyOf = (
  names: readonly string[],
  columns: Iterable<ColumnInfo>,
  { table }: Policy,
): RowKey | undefined =>
  keysOf(table, columns).find(
    (key) => key.length === names.length && key.every(({ name }) => names.includes(name)),
  );
