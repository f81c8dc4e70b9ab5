import { Buffer } from "node:buffer";
import { namesOfSchema } from "../../drizzle/drizzle.ts";
import type { ReadNode } from "../../plan/plan.ts";

/** PostgreSQL cuts longer names off, and then two are one. */
const MAX_NAME = 63;

/** Whether the names that Drizzle's relational query makes of relations would be cut off. */
export function areTooLong(node: ReadNode, name: string = node.secured.table.name): boolean {
  if (Buffer.byteLength(name) > MAX_NAME) return true;
  const { name: table } = node.secured.table;
  const naming = namesOfSchema(table);
  return [...node.relations.values()].some(({ relation, nth, node: child }) =>
    areTooLong(child, `${name}_${naming.relation(table, relation.name, nth)}`),
  );
}
