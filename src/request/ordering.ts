import { at, invalidValue } from "../error.ts";

/** One key of a sort. */
export interface Ordering {
  readonly column: string;
  readonly direction: "asc" | "desc";
}

/** `asc`, `desc`, `1` or `-1` as a direction; anything else is none. */
export function readDirection(value: unknown): "asc" | "desc" | undefined {
  if (value === "asc" || value === 1 || value === "1") return "asc";
  if (value === "desc" || value === -1 || value === "-1") return "desc";
  return undefined;
}

/** Reads `orderBy`, a map of columns to directions, in the order it was written. */
export function readOrdering(value: unknown, path: string): readonly Ordering[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue(
      "`orderBy` takes a map of columns to directions",
      path,
      "write orderBy:(createdAt:desc)",
    );
  }
  return Object.entries(value).map(([column, wish]) => {
    const direction = readDirection(wish);
    if (direction === undefined) throw invalidValue("a direction is asc, desc, 1 or -1", at(path, column));
    return { column, direction };
  });
}
