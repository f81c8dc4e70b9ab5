import { at, invalidValue } from "../error.ts";

/** Which columns are asked for: everything, nothing, only these, or all but these. */
export type Projection =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "only"; readonly names: ReadonlySet<string>; readonly dropped: ReadonlySet<string> }
  | { readonly kind: "except"; readonly dropped: ReadonlySet<string> };

const ALL: Projection = { kind: "all" };
const NONE: Projection = { kind: "none" };

/** Reads `columns`: `T`, `F`, or a map of names to `T` and `F`. */
export function readProjection(value: unknown, path: string): Projection {
  if (value === true) return ALL;
  if (value === false) return NONE;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidValue("`columns` takes T, F or a map of names", path, "write columns:~T(id,title)~");
  }
  const wanted = new Set<string>();
  const dropped = new Set<string>();
  for (const [name, choice] of Object.entries(value)) {
    if (choice === true) wanted.add(name);
    else if (choice === false) dropped.add(name);
    else throw invalidValue("a column is asked for with T or dropped with F", at(path, name));
  }
  // The plan checks that dropped names exist too, so "only" keeps them.
  if (wanted.size > 0) return { kind: "only", names: wanted, dropped };
  if (dropped.size > 0) return { kind: "except", dropped };
  throw invalidValue(
    "an empty map selects nothing",
    path,
    "write columns:F for no columns, columns:T for all",
  );
}
