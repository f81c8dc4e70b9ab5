import { at, invalidBody, patchConflict, tooLarge, unknownColumn } from "../error.ts";
import type { Policy } from "../policy/policy.ts";
import { type ColumnInfo, readLongNumbers } from "../schema/schema.ts";
import type { Row } from "./body.ts";
import { isMap } from "./merge.ts";
import type { ApplyPatch, PatchOperation, Revision } from "./patch.ts";
import { depthOf, find, MAX_DEPTH, type Pointer, readPointer, sameJson, sizeOf } from "./pointer.ts";

/** So many operations may stand in one patch. */
const MAX_OPERATIONS = 100;

/** What each operation takes beside its path. */
const TAKES: Readonly<Record<string, "value" | "from" | "nothing">> = {
  add: "value",
  replace: "value",
  test: "value",
  move: "from",
  copy: "from",
  remove: "nothing",
};

/** An operation that was read: where it stands, and where it leads. */
interface Step {
  readonly operation: PatchOperation;
  readonly path: Pointer;
  readonly from: Pointer | undefined;
  readonly place: string;
}

/**
 * Reads a JSON Patch (RFC 6902). The first step of each path is a column: one that is written to must be writable, and one
 * whose value is looked at readable.
 *
 * @throws QueryError `invalid-body` or `unknown-column`.
 */
export function readJsonPatch(policy: Policy, value: unknown, apply: ApplyPatch): Revision {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidBody("expected a list of operations that is not empty");
  if (value.length > MAX_OPERATIONS) throw invalidBody(`${value.length} operations exceed ${MAX_OPERATIONS}`);
  const steps = value.map((operation: unknown, index) => readStep(policy, operation, String(index)));
  const written = new Set(steps.flatMap(writes));
  const read = new Set<ColumnInfo>();
  for (const step of steps)
    for (const [name, place] of looksAt(step)) read.add(readableOf(policy, name, place));
  if (written.size === 0) throw invalidBody("nothing to change");
  const { maxBodySize } = policy.limits;
  return {
    columns: [...written],
    reads: [...read],
    ofOne: true,
    apply: (row) => changed(row, steps, [...written], apply, maxBodySize),
  };
}

function readStep(policy: Policy, operation: unknown, place: string): Step {
  if (!isMap(operation)) throw invalidBody("expected an operation", place);
  const { op } = operation;
  const takes = typeof op === "string" && Object.hasOwn(TAKES, op) ? TAKES[op]! : undefined;
  if (takes === undefined)
    throw invalidBody(`\`op\` is one of ${Object.keys(TAKES).join(", ")}`, at(place, "op"));
  const path = readPointer(operation["path"], at(place, "path"));
  const from = takes === "from" ? readPointer(operation["from"], at(place, "from")) : undefined;
  if (takes === "value" && !Object.hasOwn(operation, "value"))
    throw invalidBody("`value` is required", at(place, "value"));
  const column = op === "test" ? undefined : writableOf(policy, path[0]!, at(place, "path"));
  if (op === "move") writableOf(policy, from![0]!, at(place, "from"));
  const known = column ?? policy.readable.get(path[0]!);
  return {
    operation: {
      op: op as string,
      path: operation["path"] as string,
      ...(from !== undefined && { from: operation["from"] as string }),
      ...(takes === "value" && { value: readLongNumbers(known, operation["value"], at(place, "value")) }),
    },
    path,
    from,
    place,
  };
}

function writableOf({ writable }: Policy, name: string, place: string): ColumnInfo {
  const column = writable.get(name);
  if (column === undefined) throw unknownColumn(name, place, writable.keys());
  return column;
}

function readableOf({ readable }: Policy, name: string, place: string): ColumnInfo {
  const column = readable.get(name);
  if (column === undefined) throw unknownColumn(name, place, readable.keys());
  return column;
}

/** The columns that an operation writes to. */
function writes({ operation: { op }, path, from }: Step): readonly string[] {
  if (op === "test") return [];
  return op === "move" ? [path[0]!, from![0]!] : [path[0]!];
}

/** The columns whose values an operation looks at, each with where it is named: a part of a value is one of what it was. */
function looksAt({ operation: { op }, path, from, place }: Step): readonly (readonly [string, string])[] {
  const looks = op === "test" || path.length > 1 ? [[path[0]!, at(place, "path")] as const] : [];
  return from === undefined ? looks : [...looks, [from[0]!, at(place, "from")]];
}

/** What a row is changed to: of each column that is written its value, or none. */
function changed(
  row: Row,
  steps: readonly Step[],
  written: readonly string[],
  apply: ApplyPatch,
  most: number,
): Row {
  const document: Row = Object.fromEntries(written.map((name) => [name, null]));
  Object.assign(document, row);
  let grown = 0;
  for (const { operation, path, from, place } of steps) {
    const { op } = operation;
    const { value, parent } = find(document, path);
    const source = from === undefined ? undefined : find(document, from);
    if (op === "test" && (value === undefined || !sameJson(value.found, operation.value)))
      throw patchConflict("the value is another one", at(place, "path"));
    if (op === "test") continue;
    if (source !== undefined && source.value === undefined)
      throw patchConflict("there is nothing at this path", at(place, "from"));
    if (parent === undefined || (value === undefined && (op === "remove" || op === "replace")))
      throw patchConflict("there is nothing at this path", at(place, "path"));
    const added = source === undefined ? operation.value : source.value!.found;
    if (hasProto(added))
      throw invalidBody("`__proto__` is no name here", at(place, from === undefined ? "value" : "from"));
    if (op !== "remove" && depthOf(added) + path.length - 1 > MAX_DEPTH)
      throw invalidBody(`this would nest more than ${MAX_DEPTH} levels deep`, at(place, "path"));
    grown += op === "copy" || op === "add" ? sizeOf(added) : 0;
    if (grown > most) throw tooLarge(most).under(place);
    // What is written is changed by later operations, and the patch may be applied again.
    if (!apply(document, { ...operation, ...("value" in operation && { value: copyOf(added) }) }))
      throw patchConflict("this cannot be done here", at(place, "path"));
  }
  return Object.fromEntries(written.map((name) => [name, document[name] ?? null]));
}

/** A copy of JSON, in which a number keeps its digits. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]))
    : value;
}

/** Whether JSON has a member of a name that libraries lose. */
const hasProto = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.some(hasProto)
    : isMap(value) && (Object.hasOwn(value, "__proto__") || Object.values(value).some(hasProto));
