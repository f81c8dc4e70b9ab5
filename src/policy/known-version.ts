import type { ColumnInfo } from "../schema/schema.ts";
import type { Policy } from "./policy.ts";

/** The version of a rule's rows, where it lets it out on every row: who may not read it has no way to name it. */
export function knownVersion({
  facts,
  readable,
  masks,
}: Pick<Policy, "facts" | "readable" | "masks">): ColumnInfo | undefined {
  const column = facts?.version;
  return column !== undefined && readable.has(column.name) && !masks.has(column) ? column : undefined;
}
