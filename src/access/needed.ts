import type { Policy } from "../policy/policy.ts";
import type { ColumnInfo } from "../schema/schema.ts";

/** Whether a new row has to be sent with a column that may be set: nobody else says what it is. */
export function isNeeded(
  { facts, injectBody, validateBody }: Pick<Policy, "facts" | "injectBody" | "validateBody">,
  { name, column, nullable, generated }: ColumnInfo,
): boolean {
  if (injectBody !== undefined || validateBody !== undefined) return false;
  return !nullable && !column.hasDefault && !generated && facts?.set.has(name) !== true;
}
