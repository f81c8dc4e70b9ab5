import { at, invalidValue } from "../error.ts";
import { MAX_DEPTH } from "../nesting.ts";

/** Whether a text reaches the database as it is: drivers cut it at NUL, and UTF-8 has no lone surrogates. */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

/** Refuses what JSON cannot say, and what a database's JSON cannot hold. */
export function assertJson(value: unknown, path: string, depth = 0): void {
  if (depth > MAX_DEPTH) throw invalidValue(`expected a JSON value at most ${MAX_DEPTH} levels deep`, path);
  switch (typeof value) {
    case "string":
      if (isStorable(value)) return;
      break;
    case "boolean":
      return;
    case "number":
      if (Number.isFinite(value)) return;
      break;
    case "object":
      if (value === null) return;
      for (const [key, member] of Object.entries(value)) {
        if (!isStorable(key)) throw invalidValue("expected keys without NUL and lone surrogates", path);
        assertJson(member, at(path, key), depth + 1);
      }
      return;
  }
  throw invalidValue("expected a JSON value", path);
}
