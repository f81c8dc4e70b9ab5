import { invalidValue, quote, quoteAll } from "../error.ts";
import type { Preferences } from "../request/request.ts";
import { didYouMean } from "../suggest.ts";
import type { HeaderMap } from "./headers.ts";

/** What a client prefers, and what it hears of that: `Preference-Applied`. */
export interface Preferred {
  readonly preferences: Preferences;
  readonly applied: string;
}

/** The headers of an answer to a client that prefers something: they say what of it was done. */
export const telling = (base: HeaderMap, preferred: Preferred | undefined): HeaderMap =>
  preferred === undefined || preferred.applied === ""
    ? base
    : { ...base, "preference-applied": preferred.applied };

const NAME = "Prefer";

/** What a preference is looked at as; names are in small letters, and so are the words that they take. */
type Draft = { -readonly [Member in keyof Preferences]: Preferences[Member] } & { strict: boolean };

/** Reads a value into what is preferred. */
type Reader = (draft: Draft, value: string, name: string) => void;

const oneOf =
  (words: readonly string[], found: (draft: Draft, word: string) => void): Reader =>
  (draft, value, name) => {
    const word = value.toLowerCase();
    if (!words.includes(word))
      throw invalidValue(`\`${name}\` takes ${words.map((known) => `\`${known}\``).join(" or ")}`, NAME);
    found(draft, word);
  };

const counting =
  (member: "most" | "least"): Reader =>
  (draft, value, name) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : undefined;
    if (number === undefined)
      throw invalidValue(`\`${name}\` takes a number of rows`, NAME, `write ${name}=1`);
    draft[member] = number;
  };

/** The preferences that are known. What guards a write is never read halfway: a value that is none is refused. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["tx", oneOf(["commit", "rollback"], (draft, word) => (draft.rollback = word === "rollback"))],
  ["max-affected", counting("most")],
  ["min-affected", counting("least")],
  ["return", oneOf(["representation", "minimal"], (draft, word) => (draft.minimal = word === "minimal"))],
  ["handling", oneOf(["lenient", "strict"], (draft, word) => (draft.strict = word === "strict"))],
]);

/**
 * Reads the preferences of a write (RFC 7240): of several of one name the first counts, parameters say nothing, and what is
 * not known is ignored unless the client says that its wishes are strict.
 *
 * @throws QueryError `invalid-value`.
 */
export function readPreferences(headers: Headers): Preferred | undefined {
  const text = headers.get(NAME);
  if (text === null) return undefined;
  const draft: Draft = { rollback: false, minimal: false, strict: false };
  const named = new Set<string>();
  const unknown: string[] = [];
  const applied: string[] = [];
  for (const [written, value] of preferencesIn(text)) {
    const name = written.toLowerCase();
    if (named.has(name)) continue;
    named.add(name);
    const read = READERS.get(name);
    if (read === undefined) {
      unknown.push(written);
      continue;
    }
    read(draft, value, name);
    applied.push(`${name}=${value.toLowerCase()}`);
  }
  const { strict, ...preferences } = draft;
  if (strict && unknown.length > 0) throw unknownPreference(unknown[0]!);
  return { preferences, applied: applied.join(", ") };
}

const unknownPreference = (name: string): Error =>
  invalidValue(
    `unknown preference ${quote(name)}`,
    NAME,
    didYouMean(name.toLowerCase(), READERS.keys()) ?? `known are ${quoteAll(READERS.keys())}`,
  );

/** A name, with a value or without one; an empty value is none. */
const PREFERENCE =
  /([!#$%&'*+.^_`|~\w-]+)[ \t]*(?:=[ \t]*(?:([!#$%&'*+.^_`|~\w-]+)|"((?:[^"\\]|\\.)*)")?[ \t]*)?/y;
/** What stands between preferences, some of which may be missing, and before a parameter, which may be missing too. */
const NEXT = /[ \t]*(?:,[ \t]*)*/y;
const PARAMETER = /;[ \t]*/y;

/** The preferences of a header, one after the other. */
function* preferencesIn(text: string): Generator<readonly [name: string, value: string]> {
  let index = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = index;
    const found = pattern.exec(text) ?? undefined;
    index += found?.[0].length ?? 0;
    return found;
  };
  take(NEXT);
  while (index < text.length) {
    const found = take(PREFERENCE);
    if (found === undefined) throw unreadable();
    const [, name, token, quoted] = found;
    while (take(PARAMETER) !== undefined) take(PREFERENCE);
    if (index < text.length && text[index] !== ",") throw unreadable();
    take(NEXT);
    yield [name!, token ?? quoted?.replaceAll(/\\(.)/g, "$1") ?? ""];
  }
}

const unreadable = (): Error =>
  invalidValue(`\`${NAME}\` is not a list of preferences`, NAME, "write max-affected=1, return=minimal");
