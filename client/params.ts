import { stringify } from "../src/rjson/stringify.ts";
import type { Flags } from "./options.ts";
import { mapMembers, member, wire } from "./wire.ts";

/** A question as it is sent, whatever it asks; its types were checked where it was written. */
export interface SentQuestion extends Flags {
  readonly findFirst?: boolean | undefined;
  readonly select?: object | undefined;
}

/** The parameters beside the selector, in the order of the URL. A scope is there or not; a wish may be refused too. */
export const PARAMETERS: Readonly<Record<keyof Omit<SentQuestion, "select">, "scope" | "wish">> = {
  mine: "scope",
  guest: "scope",
  "mine|guest": "scope",
  findFirst: "wish",
  countTotal: "wish",
};

/** The parameters of a question that changes no rows that exist. */
export const readParams = (question?: SentQuestion): URLSearchParams => params(question, false);

/** The parameters of a question that changes rows: here a filter that went missing is an error, not every row. */
export const changeParams = (question?: SentQuestion): URLSearchParams => params(question, true);

function params(question: SentQuestion = {}, changes: boolean): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, kind] of Object.entries(PARAMETERS)) {
    const asked = question[name as keyof typeof PARAMETERS];
    // A resource may have a wish of its own here, so `false` is said too.
    if (kind === "scope" ? asked === true : asked !== undefined) search.set(name, asked ? "" : "F");
  }
  if (question.select !== undefined)
    search.set("select", stringify(wireSelector(question.select, "select", changes)));
  return search;
}

// INVARIANT: inside a filter nothing is dropped. `{ id: undefined }` is a mistake of the caller, and without the
// condition it would read, change or delete rows that were not meant.
function wireSelector(selector: object, path: string, changes: boolean): object {
  if (changes && "where" in selector) wire(selector.where, member(path, "where"), true);
  return mapMembers(selector, false, (part, key) => {
    const here = member(path, key);
    if (key === "with" && isObject(part))
      return mapMembers(part, false, (wish, name) => wireRelation(wish, member(here, name)));
    return wire(part, here, key === "where");
  });
}

const wireRelation = (wish: unknown, path: string): unknown =>
  isObject(wish) ? wireSelector(wish, path, false) : wire(wish, path);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
