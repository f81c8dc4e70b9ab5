import type { Path } from "./access.ts";
import type { At } from "./filter.ts";
import { isPlain } from "./notation.ts";
import { outlineOf, type Range, rangeOf } from "./outline.ts";
import type { Asked } from "./request.ts";

/** Why the route did not do what it was asked, as it says it. */
export interface RefusedAnswer {
  readonly status: number;
  readonly code: string;
  readonly error: string;
  readonly path?: string;
  readonly hint?: string;
  readonly issues?: readonly Issue[];
}

/** One thing that is wrong with a body. */
export interface Issue {
  readonly message: string;
  readonly path?: string;
}

/** The refusal that an answer is; `undefined` for one that is none. */
export function refusedIn({
  status,
  body,
}: {
  readonly status: number;
  readonly body: unknown;
}): RefusedAnswer | undefined {
  if (status < 400) return undefined;
  if (!isPlain(body)) return { status, code: "http-error", error: `the answer is ${status}` };
  // A problem of RFC 9457 says the same under other names.
  const error = textOf(body["error"]) ?? textOf(body["detail"]) ?? textOf(body["title"]);
  const [path, hint] = [textOf(body["path"]), textOf(body["hint"])];
  const issues = issuesIn(body["issues"]);
  return {
    status,
    code: textOf(body["code"]) ?? "http-error",
    error: error ?? `the answer is ${status}`,
    ...(path !== undefined && { path }),
    ...(hint !== undefined && { hint }),
    ...(issues.length > 0 && { issues }),
  };
}

const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const issuesIn = (issues: unknown): readonly Issue[] =>
  (Array.isArray(issues) ? issues : []).filter(isPlain).map((issue): Issue => {
    const path = textOf(issue["path"]);
    return { message: textOf(issue["message"]) ?? "it is wrong", ...(path !== undefined && { path }) };
  });

/** What of a question a refusal is about. */
export type Blamed =
  /** A part of a place: its key (`where`, `limit`), and where in it; empty is the place itself. */
  | { readonly of: "tree"; readonly path: Path; readonly key: string; readonly at: At }
  | { readonly of: "parameter"; readonly name: string }
  /** A field of the body: the row where there are several, and what leads to it. */
  | { readonly of: "body"; readonly at: At }
  /** The whole: who asks, or what. */
  | { readonly of: "question" };

/** Which part of a question a path of the server names. */
export function blamedBy(question: Asked, { code, path }: Pick<RefusedAnswer, "code" | "path">): Blamed {
  if (path === undefined || path === "")
    return code === "invalid-body" ? { of: "body", at: [] } : { of: "question" };
  const root = question.aggregate === undefined ? "select" : "aggregate";
  if (path === root || path.startsWith(`${root}.`)) {
    const steps = stepsOf(question[root], path.slice(root.length + 1), false);
    return placeOf(steps);
  }
  if (Object.hasOwn(question.parameters, path) || path === "select" || path === "aggregate")
    return { of: "parameter", name: path };
  const first = path.split(".")[0]!;
  if (Object.hasOwn(question.parameters, first)) return { of: "parameter", name: first };
  if (question.body !== undefined) return { of: "body", at: stepsOf(question.body, path, true) };
  return { of: "parameter", name: path };
}

/** The place among relations, the part of it, and where in that. */
function placeOf(steps: At): Blamed {
  const path: string[] = [];
  let rest = steps;
  while (rest[0] === "with" && rest.length > 1) {
    path.push(String(rest[1]));
    rest = rest.slice(2);
  }
  const [key = "", ...at] = rest;
  return { of: "tree", path, key: String(key), at };
}

/**
 * The steps that a path of the server takes through a value: names are joined by dots, and may have dots themselves. Long
 * names are shortened there, and `lax` takes names of which nothing is there, as of a field that is missing.
 */
function stepsOf(value: unknown, path: string, lax: boolean): At {
  if (path === "") return [];
  if (Array.isArray(value)) {
    const [first = "", ...rest] = path.split(".");
    const index = Number(first);
    if (Number.isInteger(index)) return [index, ...stepsOf(value[index], rest.join("."), lax)];
  }
  const known = isPlain(value) ? Object.keys(value) : [];
  const name = known
    .filter((key) => leads(key, path))
    .toSorted((a, b) => b.length - a.length)
    .at(0);
  if (name !== undefined && isPlain(value))
    return [name, ...stepsOf(value[name], path.slice(writtenLength(name, path) + 1), lax)];
  return lax ? [path] : path.split(".");
}

const leads = (key: string, path: string): boolean => writtenLength(key, path) > 0;

/** What the server writes of a long name, and how long that is. */
const LONGEST = 64;
const CUT = 61;

/** How many characters of a path a key takes, as the server writes it; 0 where it does not begin with it. */
function writtenLength(key: string, path: string): number {
  const written = key.length > LONGEST ? `${key.slice(0, CUT)}...` : key;
  return written !== "" && (path === written || path.startsWith(`${written}.`)) ? written.length : 0;
}

/** The names in backticks of a sentence: what an unknown column is called, where the path ends at its place. */
const quotedIn = (sentence: string): readonly string[] =>
  sentence.split("`").filter((_, index) => index % 2 === 1);

/** Where in the RJSON of a question a refusal is about; `undefined` where it is about something else. */
export function rangeIn(text: string, question: Asked, refused: RefusedAnswer): Range | undefined {
  const blamed = blamedBy(question, refused);
  const root = outlineOf(text);
  if (blamed.of !== "tree" || root === undefined) return undefined;
  const above: At = blamed.path.flatMap((name) => ["with", name]);
  const at = blamed.key === "" ? above : [...above, blamed.key, ...blamed.at];
  const range = rangeOf(root, at);
  const named = quotedIn(refused.error).flatMap((name) => namedIn(text, range, name));
  return named[0] ?? range;
}

/** Where a name stands inside a range, as a word of its own. */
function namedIn(text: string, { from, to }: Range, name: string): readonly Range[] {
  if (name === "") return [];
  for (let at = text.indexOf(name, from); at >= 0 && at < to; at = text.indexOf(name, at + 1)) {
    const [before = "", behind = ""] = [text[at - 1], text[at + name.length]];
    if (!isWordUnit(before) && !isWordUnit(behind)) return [{ from: at, to: at + name.length }];
  }
  return [];
}

const isWordUnit = (unit: string): boolean => /^\w$/.test(unit);

/** What is said of one field of a body's row, by its name; `row` of several. */
export function issuesOf(
  question: Asked,
  refused: RefusedAnswer,
  name: string,
  row?: number,
): readonly string[] {
  const said = refused.issues ?? [
    { message: refused.error, ...(refused.path !== undefined && { path: refused.path }) },
  ];
  return said
    .filter(({ path }) => {
      if (path === undefined) return false;
      const blamed = blamedBy(question, { code: "invalid-body", path });
      const at = blamed.of === "body" ? blamed.at : [];
      const own = typeof at[0] === "number" ? at.slice(1) : at;
      return own[0] === name && (row === undefined || at[0] === row || typeof at[0] !== "number");
    })
    .map(({ message }) => message);
}
