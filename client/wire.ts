import { ClientError } from "./error.ts";

/**
 * A value as JSON carries it: dates as ISO 8601, big integers as digits, bytes as base64. Members that are undefined are
 * left out, unless `complete` says that each of them matters.
 *
 * @example wire({ at: new Date(0), size: 1n, note: undefined }, "") // { at: "1970-01-01T00:00:00.000Z", size: "1" }
 */
export function wire(value: unknown, path: string, complete = false): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "bigint":
      return String(value);
    case "number":
      if (Number.isFinite(value)) return value;
      break;
    case "object":
      return value === null ? null : wireObject(value, path, complete);
  }
  throw unsendable(typeof value === "number" ? String(value) : typeof value, path);
}

function wireObject(value: object, path: string, complete: boolean): unknown {
  if (value instanceof Uint8Array) return base64(value);
  // An invalid date has no text; its toJSON would say null, which is another value.
  if (value instanceof Date && Number.isNaN(value.getTime())) throw unsendable("an invalid date", path);
  if ("toJSON" in value && typeof value.toJSON === "function") return wire(value.toJSON(), path, complete);
  if (Array.isArray(value)) return value.map((item, index) => wire(item, member(path, index), complete));
  return mapMembers(value, complete, (item, key) => wire(item, member(path, key), complete));
}

/** Maps the members of an object, those that are undefined only when asked to. */
export function mapMembers(
  value: object,
  complete: boolean,
  map: (item: unknown, key: string) => unknown,
): object {
  const members = Object.entries(value).filter(([, item]) => complete || item !== undefined);
  return Object.fromEntries(members.map(([key, item]) => [key, map(item, key)]));
}

/** The path of a member: `select` and `where` are `select.where`. */
export const member = (path: string, key: string | number): string =>
  path === "" ? String(key) : `${path}.${key}`;

/** The error of a value that cannot be sent. */
export const unsendable = (
  what: string,
  path: string,
  hint = "leave the key out, or write null",
): ClientError => new ClientError("invalid-value", `${what} cannot be sent`, { path, hint });

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
