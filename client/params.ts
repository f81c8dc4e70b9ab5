import { notation } from "./notation.ts";
import type { PageFlags } from "./options.ts";
import { mapMembers, member, unsendable, wire } from "./wire.ts";

/** A question as it is sent, whatever it asks; its types were checked where it was written. */
export interface SentQuestion extends PageFlags {
  readonly findFirst?: boolean | undefined;
  readonly select?: object | undefined;
  readonly aggregate?: object | undefined;
  readonly onConflict?: object | undefined;
  readonly params?: object | undefined;
  readonly ifVersion?: unknown;
}

/** What is no flag. */
type Beside = "select" | "aggregate" | "onConflict" | "params" | "ifVersion";

/** The parameters beside the selector, in the order of the URL. A scope is there or not; a wish may be refused too. */
export const PARAMETERS: Readonly<Record<keyof Omit<SentQuestion, Beside>, "scope" | "wish">> = {
  mine: "scope",
  guest: "scope",
  "mine|guest": "scope",
  findFirst: "wish",
  countTotal: "wish",
  can: "wish",
  cursor: "wish",
  countFiltered: "wish",
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
  for (const [name, value] of Object.entries(question.params ?? {}))
    if (value !== undefined) search.set(name, parameter(value, member("params", name)));
  for (const name of ["select", "aggregate", "onConflict"] as const) {
    const tree = question[name];
    if (tree !== undefined) search.set(name, notation(wireSelector(tree, name, changes)));
  }
  return search;
}

/** A declared parameter, as the URL has it: a text, and no more. */
function parameter(value: unknown, path: string): string {
  const sent = wire(value, path);
  if (typeof sent === "object") throw unsendable("an object", path, "write a text");
  return `${sent as string | number | boolean}`;
}

// INVARIANT: inside a filter nothing is dropped. `{ id: undefined }` is a mistake of the caller, and without the
// condition it would read, change or delete rows that were not meant.
export function wireSelector(selector: object, path: string, changes: boolean): object {
  if (changes && "where" in selector) wire(selector.where, member(path, "where"), true);
  return mapMembers(selector, false, (part, key) => {
    const here = member(path, key);
    if ((key === "with" || key === "count") && isObject(part))
      return mapMembers(part, false, (wish, name) => wireRelation(wish, member(here, name)));
    return wire(part, here, key === "where" || key === "having");
  });
}

const wireRelation = (wish: unknown, path: string): unknown =>
  isObject(wish) ? wireSelector(wish, path, false) : wire(wish, path);

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
