/** Whether a value is a map of JSON. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A value with a merge patch applied (RFC 7396): members that are null go, maps are merged, all else is replaced. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  // A map, so that no name is more than a name.
  const members = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [name, part] of Object.entries(patch))
    if (part === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), part));
  return Object.fromEntries(members);
}
