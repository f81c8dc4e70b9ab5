import { Buffer } from "node:buffer";
import type { ReadNode } from "../../plan/plan.ts";

/** PostgreSQL cuts longer names off, and then two are one. */
const MAX_NAME = 63;

/** Whether the names that Drizzle's relational query makes of relations would be cut off. */
export function areTooLong(node: ReadNode, name: string = node.secured.table.name): boolean {
  if (Buffer.byteLength(name) > MAX_NAME) return true;
  return [...node.relations].some(([relation, child]) => areTooLong(child.node, `${name}_${relation}`));
}
