import { invalidBody } from "../error.ts";
import { isMap } from "./merge.ts";

export { MAX_DEPTH } from "../nesting.ts";

/** A JSON Pointer (RFC 6901), step by step; the first is a column. */
export type Pointer = readonly string[];

/** Names by which objects of JavaScript are changed, and not their members. */
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** @throws QueryError `invalid-body` for what leads to no column, and for a step that no document may have. */
export function readPointer(text: unknown, place: string): Pointer {
  if (typeof text !== "string" || !text.startsWith("/") || /~(?![01])/.test(text))
    throw invalidBody("expected a JSON Pointer whose first step is a column, such as `/title`", place);
  const steps = text
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const forbidden = steps.find((step) => FORBIDDEN.has(step));
  if (forbidden !== undefined) throw invalidBody(`\`${forbidden}\` is no name of a member here`, place);
  return steps;
}

/** What is found at a pointer: the value, if there is one, and what it is or would be a member of. */
export interface Found {
  readonly value: { readonly found: unknown } | undefined;
  readonly parent: object | undefined;
}

const NOWHERE: Found = { value: undefined, parent: undefined };

/** Looks for a place in a document, among its own members only. */
export function find(document: object, pointer: Pointer): Found {
  let parent: unknown = document;
  for (const [index, step] of pointer.entries()) {
    const last = index === pointer.length - 1;
    if (typeof parent !== "object" || parent === null) return NOWHERE;
    const there = Array.isArray(parent) ? isIndex(step, parent.length) : Object.hasOwn(parent, step);
    const value = there ? { found: (parent as Record<string, unknown>)[step] } : undefined;
    if (last) {
      const takes = !Array.isArray(parent) || there || step === "-" || step === String(parent.length);
      return { value, parent: takes ? parent : undefined };
    }
    if (value === undefined) return NOWHERE;
    parent = value.found;
  }
  return NOWHERE;
}

const isIndex = (step: string, length: number): boolean =>
  /^(?:0|[1-9]\d{0,9})$/.test(step) && Number(step) < length;

/** Whether two values of JSON are the same, in whatever order members stand. */
export function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameJson(item, right[index]))
    );
  if (!isMap(left) || !isMap(right)) return false;
  const names = Object.keys(left);
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && sameJson(left[name], right[name]))
  );
}

/** How deep a value nests. */
export function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Object.values(value).reduce((most: number, member) => Math.max(most, depthOf(member)), 0);
}

/** How many characters a value has as JSON. */
export const sizeOf = (value: unknown): number => JSON.stringify(value)?.length ?? 0;
