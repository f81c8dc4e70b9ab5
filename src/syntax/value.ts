import { getTableName, type SQL } from "drizzle-orm";
import { decoderOf, isMapped } from "../drizzle/drizzle.ts";
import type { ReadNode } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import type { Syntax } from "./contract.ts";

/** Whether SQL cannot say what the node's values are in JSON, or there are bits to read, so that rows are mapped here. */
export function wantsMapping(node: ReadNode, syntax: Syntax): boolean {
  return (
    node.marks.length > 0 ||
    node.tellsChanges ||
    node.selected.some(({ expression }) => syntax.wantsMapping(expression.column)) ||
    [...node.extras.values()].some(isMapped)
  );
}

/** The value of a computed field as a driver answered it, mapped as its author wishes. */
export function extraValue(value: unknown, extra: SQL.Aliased): unknown {
  return value === null || value === undefined ? null : decoderOf(extra).mapFromDriverValue(value);
}

/** The value of a computed field as it was sent, mapped as its author wishes. */
export function extraReceived(sent: unknown, extra: SQL.Aliased, syntax: Syntax): unknown {
  return typeof sent === "string" ? extraValue(syntax.receivedExtra(sent, isMapped(extra)), extra) : null;
}

/** Hears of a column that holds a value it cannot read. */
export type Unreadable = (column: ColumnInfo, cause: unknown) => void;

/** A stored value, `read` as its column reads it; one that is none of the column's own is null, and is told of. */
export function readCell<Sent>(
  column: ColumnInfo,
  sent: Sent,
  read: (column: ColumnInfo, sent: Sent) => unknown,
  unreadable: Unreadable,
): unknown {
  try {
    return read(column, sent);
  } catch (cause) {
    // What an author's mapping throws is the author's to mend.
    if (isCustom(column)) throw new Error(`the mapping of ${nameOf(column)} failed`, { cause });
    unreadable(column, cause);
    return null;
  }
}

/** Whether an author maps a column's values. */
export const isCustom = ({ kind, element }: ColumnInfo): boolean =>
  kind === "custom" || (element !== undefined && isCustom(element));

/** A column as its author may look for it in the database. */
export const nameOf = ({ column }: ColumnInfo): string => `\`${getTableName(column.table)}.${column.name}\``;
