/** Text of a value, the same for the same and for no other; what cannot be compared is like nothing else. */
export function spelled(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
    case "undefined":
      return String(value);
    case "object":
      return value === null ? "null" : spelledObject(value);
    default:
      return unlike();
  }
}

function spelledObject(value: object): string {
  if (Array.isArray(value)) return listed("", value);
  if (value instanceof Set) return listed("set", value);
  if (value instanceof Map) return listed("map", value);
  if (value instanceof Uint8Array) return listed("bytes", value);
  if (value instanceof Date) return `date${value.getTime()}`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return unlike();
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${spelled(member)}`);
  return `{${members.join()}}`;
}

const listed = (kind: string, items: Iterable<unknown>): string =>
  `${kind}[${Array.from(items, spelled).join()}]`;

const unlike = (): string => `?${crypto.randomUUID()}`;
