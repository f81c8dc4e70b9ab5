import { at, invalidValue } from "../error.ts";

/** One key of a sort. */
export interface Ordering {
  /** A column, a path, or what else may be ordered by, as it was written. */
  readonly key: string;
  readonly direction: "asc" | "desc";
  /** Where rows without a value stand; absent where it was not said: first ascending, last descending. */
  readonly nulls?: "first" | "last";
}

/** `asc`, `desc`, `1` or `-1` as a direction; anything else is none. */
function readDirection(value: unknown): "asc" | "desc" | undefined {
  if (value === "asc" || value === 1 || value === "1") return "asc";
  if (value === "desc" || value === -1 || value === "-1") return "desc";
  return undefined;
}

/** What a key is ordered by: a direction, or a map of one and of where nulls stand. Anything else is none. */
export function readSort(value: unknown): Omit<Ordering, "key"> | undefined {
  const direction = readDirection(value);
  if (direction !== undefined) return { direction };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { sort, nulls, ...others } = value as Record<string, unknown>;
  const asked = readDirection(sort);
  if (asked === undefined || Object.keys(others).length > 0) return undefined;
  if (nulls === undefined) return { direction: asked };
  return nulls === "first" || nulls === "last" ? { direction: asked, nulls } : undefined;
}

/** Reads `orderBy`, a map of keys to directions, in the order it was written. */
export function readOrdering(value: unknown, path: string): readonly Ordering[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue(
      "`orderBy` takes a map of columns to directions",
      path,
      "write orderBy:(createdAt:desc)",
    );
  }
  return Object.entries(value).map(([key, wish]) => {
    const sort = readSort(wish);
    if (sort === undefined)
      throw invalidValue(
        "a direction is asc, desc, 1 or -1",
        at(path, key),
        typeof wish === "object" &&
          wish !== null &&
          (Object.hasOwn(wish, "sort") || Object.hasOwn(wish, "nulls"))
          ? "write (sort:desc,nulls:last)"
          : undefined,
      );
    return { key, ...sort };
  });
}
