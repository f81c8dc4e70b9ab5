import type { Operation } from "../../src/live/contract.ts";

type Place = Record<string, unknown> | unknown[];

/**
 * A document after changes to it. What they leave alone is the same object as before, and the document itself stays as it
 * was.
 *
 * @throws Error where a change does not fit, as where it is not this document that it was made for.
 * @example patched({ posts: [{ id: 1 }] }, [{ op: "add", path: "/posts/1", value: { id: 2 } }])
 */
export function patched(document: unknown, operations: readonly Operation[]): unknown {
  // The document stands in a list, so that its root has a place too.
  const root = [document];
  const own = new Set<unknown>([root]);
  for (const operation of operations) {
    const { op, path } = operation;
    if (op === "move") change(root, own, "add", path, change(root, own, "remove", operation.from));
    else change(root, own, op, path, op === "remove" ? undefined : operation.value);
  }
  return root[0];
}

/** Changes one place, in copies of all that stand above it: one for all changes. Gives what stood there. */
function change(root: unknown[], own: Set<unknown>, op: string, path: string, value?: unknown): unknown {
  const names = `/0${path}`
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = names.pop()!;
  let place: Place = root;
  for (const name of names) {
    const key = within(place, name);
    if (!own.has(place[key])) own.add((place[key] = copyOf(place[key])));
    place = place[key];
  }
  return put(place, op, last, value);
}

/** Another object of the same members; what has none is itself, and nothing can be put into it. */
const copyOf = (value: unknown): never =>
  (Array.isArray(value) ? [...value] : Object(value) === value ? { ...(value as object) } : value) as never;

function put(place: Place, op: string, name: string, value: unknown): unknown {
  const key = within(place, name, op === "add");
  const before: unknown = place[key];
  const isGone = op === "remove";
  if (Array.isArray(place)) place.splice(key, op === "add" ? 0 : 1, ...(isGone ? [] : [value]));
  else if (isGone) delete place[key];
  else place[key] = value;
  return before;
}

/** The name of a member that is there, or may come to be. */
function within(place: Place, name: string, adds = false): never {
  const isList = Array.isArray(place);
  const isThere = isList
    ? `${Number(name) >>> 0}` === name && +name < place.length + +adds
    : Object(place) === place && (adds || Object.hasOwn(place, name));
  // INVARIANT: nothing but members is ever read or set, and no prototype.
  if (!isThere || name === "__proto__") throw new Error("a patch does not fit");
  // A place in a list is a number, and no member is: both name what they are of.
  return (isList ? +name : name) as never;
}
