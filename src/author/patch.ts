import { invalidBody, invalidValue } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { type ColumnInfo, readLongNumbers } from "../schema/schema.ts";
import type { Body, Row } from "./body.ts";
import { readJsonPatch } from "./json-patch.ts";
import { isMap, mergePatch } from "./merge.ts";

/** One operation of JSON Patch (RFC 6902), whose paths were looked at. */
export interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/**
 * Applies one operation to a document, in place, and answers whether that was possible. The engine looks at paths, sizes
 * and `test` itself.
 */
export type ApplyPatch = (document: object, operation: PatchOperation) => boolean;

/** How the body of a PATCH says what becomes of a row, where it is not a row itself. */
export type PatchFormat = "merge" | ApplyPatch;

/** What becomes of a row is known once it is known what it was. */
export interface Revision {
  /** The columns that the client sets. */
  readonly columns: readonly string[];
  /** What must be known of the row, as it is let out to the client. */
  readonly reads: readonly ColumnInfo[];
  /** Whether it is of one row only. */
  readonly ofOne: boolean;
  /** The body that is meant for a row; it must not be changed by that. */
  readonly apply: (row: Row) => Row;
}

/**
 * Reads a body that says of a row what becomes of what it was; `undefined` where it asks for nothing of that.
 *
 * @throws QueryError for what is none, or may not be read or written.
 */
export function readRevision(policy: Policy, body: Body): Revision | undefined {
  const { patch, value } = body;
  if (patch === undefined) return undefined;
  return patch === "merge" ? readMerge(policy, value) : readJsonPatch(policy, value, patch);
}

/** Of a merge patch (RFC 7396): columns that hold JSON are merged with what they hold, others are set. */
function readMerge(policy: Policy, value: unknown): Revision | undefined {
  if (!isMap(value)) throw invalidBody("expected an object");
  const merged = new Map<string, unknown>();
  const reads: ColumnInfo[] = [];
  for (const [name, part] of Object.entries(value)) {
    const column = policy.writable.get(name);
    if (column?.kind !== "json" || !isMap(part)) continue;
    if (!policy.readable.has(name))
      throw invalidValue(
        `nothing can be merged into \`${name}\``,
        name,
        "its value is not yours to read: send all of it as application/json",
      );
    merged.set(name, readLongNumbers(column, part, name));
    reads.push(column);
  }
  if (merged.size === 0) return undefined;
  return {
    columns: Object.keys(value),
    reads,
    ofOne: false,
    apply: (row) => ({
      ...value,
      ...Object.fromEntries([...merged].map(([name, part]) => [name, mergePatch(row[name], part)])),
    }),
  };
}
