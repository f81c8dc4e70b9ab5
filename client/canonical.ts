import { wire } from "./wire.ts";

/** A question as part of a key: the same for the same question, however its parts were ordered. */
export function canonical(question: object): object {
  return sorted(question, false, (part, name) => {
    if (!isObject(part)) return leaf(part);
    // Here alone the order of names is part of the question.
    if (name === "orderBy") return Object.entries(part).filter(([, direction]) => direction !== undefined);
    if (name === "with" || name === "count")
      return sorted(part, false, (wish) => (isObject(wish) ? canonical(wish) : leaf(wish)));
    return plain(part, name === "where" || name === "having");
  });
}

/** INVARIANT: in a filter nothing is dropped, or a question with a condition that went missing had another's key. */
function plain(value: unknown, complete: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, complete));
  const simple = isObject(value) && Object.getPrototypeOf(value) === Object.prototype;
  return simple ? sorted(value, complete, (item) => plain(item, complete)) : leaf(value);
}

function sorted(value: object, complete: boolean, map: (item: unknown, key: string) => unknown): object {
  const members = Object.entries(value).filter(([, item]) => complete || item !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, item]) => [key, map(item, key)]));
}

/** A value as JSON carries it. What cannot be sent is the query's failure when it runs, not the key's. */
function leaf(value: unknown): unknown {
  try {
    return wire(value, "", true);
  } catch {
    return { unsendable: String(value) };
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
