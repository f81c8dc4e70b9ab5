import { Placeholder } from "drizzle-orm";
import { ASKED_OF_VALUES } from "../drizzle/drizzle.ts";

/** What is thrown where a function wants to know more of a context than what it is called. */
class Unknown extends Error {}

const unknown = (): never => {
  throw new Unknown("nobody knows this value");
};

/** The names that values were asked for by. */
const paths = new WeakMap<object, string>();

/** What Drizzle and the language ask of any object, and no context is asked for by an author. */
const OWN: ReadonlySet<string> = new Set(["then", "toJSON", ...ASKED_OF_VALUES]);

/**
 * A context that stands for anybody's: whatever is read of it is a place in a statement, which goes by its path. What asks
 * for more of a value than to compare it in a statement throws.
 */
export function recording(path = ""): object {
  const inner = new Map<string, object>();
  const value = new Proxy(new Placeholder(path), {
    get(_, name) {
      if (typeof name === "symbol") return name === Symbol.toPrimitive ? unknown : undefined;
      if (OWN.has(name)) return undefined;
      let member = inner.get(name);
      if (member === undefined) inner.set(name, (member = recording(path === "" ? name : `${path}.${name}`)));
      return member;
    },
    has: unknown,
    ownKeys: unknown,
    set: unknown,
  });
  paths.set(value, path);
  return value;
}

/** The path of a value that was read of such a context; `undefined` for every other value. */
export const pathOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null ? paths.get(value) : undefined;
