import { aliasedTable, type Table } from "drizzle-orm";

/** What SQL calls a row as it was, and as it is once it is changed: names that nobody gives a table. */
export const BEFORE = "~before";
export const AFTER = "~after";

/** A table under the two names that a changed row goes by. */
export interface Changed {
  readonly before: Table;
  readonly after: Table;
}

const known = new WeakMap<Table, Changed>();

export function changedBy(table: Table): Changed {
  let changed = known.get(table);
  if (changed === undefined) {
    changed = { before: aliasedTable(table, BEFORE), after: aliasedTable(table, AFTER) };
    known.set(table, changed);
  }
  return changed;
}
