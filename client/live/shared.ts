import { mapMembers } from "../wire.ts";

/** A document in which what is as it was before is the same object: members, and rows wherever they stand now. */
export function shared(before: unknown, now: unknown): unknown {
  if (JSON.stringify(before) === JSON.stringify(now)) return before;
  if (Array.isArray(before) && Array.isArray(now)) {
    const rows = new Map(before.map((row: unknown) => [JSON.stringify(row), row]));
    return now.map((row: unknown) => rows.get(JSON.stringify(row)) ?? row);
  }
  if (!isMap(before) || !isMap(now)) return now;
  return mapMembers(now, true, (value, name) =>
    Object.hasOwn(before, name) ? shared(before[name], value) : value,
  );
}

/** What was parsed as anything else, as a number with all its digits, has no members to share. */
const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
