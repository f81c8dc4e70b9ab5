import { invalidValue, tooComplex } from "../error.ts";

/** Words to look for: rows that satisfy one of these alternatives. Where there is none, none do. */
export interface Words {
  readonly alternatives: readonly Alternative[];
}

/** Words and phrases that a row has, all of them, and others of which it has none. */
export interface Alternative {
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

/** The most characters of a search. */
const MAX_CHARACTERS = 1_000;

/**
 * Reads what a person types into a search box: words, `"a phrase"`, `-excluded`, `or` between words. Everything else is
 * text, and no text is an error, but one that is too long.
 */
export function readWords(value: unknown, path: string): Words {
  if (typeof value !== "string")
    throw invalidValue(
      "`search` takes a text",
      path,
      `write search:'${typeof value === "number" ? value : "two words"}'`,
    );
  if (value.length > MAX_CHARACTERS)
    throw tooComplex(
      `a search of ${value.length} characters exceeds ${MAX_CHARACTERS}`,
      path,
      "look for fewer words",
    );
  return { alternatives: alternativesOf(termsOf(value)) };
}

/** How many words and phrases there are. */
export const sizeOf = ({ alternatives }: Words): number =>
  alternatives.reduce((sum, { wanted, unwanted }) => sum + wanted.length + unwanted.length, 0);

/** A word or a phrase as it was written. */
interface Term {
  readonly text: string;
  readonly excluded: boolean;
  /** Whether it is the word `or` without quotes. */
  readonly or: boolean;
}

/** A phrase in quotes, the last of which may be missing, or a word, with what stands before it. */
const TERM = /(-*)"([^"]*)"?|(-*)([^\s"]+)/gu;

/** What is no character of a text that somebody reads; databases end texts at some of them. */
const CONTROL = /[\p{Cc}\p{Cs}]/gu;

/** What words are made of; the rest stands between them. */
const WORD = /[\p{L}\p{N}\p{Co}]/u;

function termsOf(text: string): readonly Term[] {
  const found = text.replaceAll(CONTROL, " ").matchAll(TERM);
  return Array.from(found, ([, before, phrase, dashes, word]): Term => {
    const excluded = (before ?? dashes) !== "";
    return { text: phrase ?? word!, excluded, or: !excluded && word?.toLowerCase() === "or" };
  }).filter((term) => WORD.test(term.text));
}

function alternativesOf(terms: readonly Term[]): readonly Alternative[] {
  const groups: Term[][] = [[]];
  let parts = false;
  for (const [index, term] of terms.entries()) {
    // It parts what stands on both of its sides; at an end, or behind another, it is a word.
    parts = term.or && index > 0 && index < terms.length - 1 && !parts;
    if (parts) groups.push([]);
    else groups.at(-1)!.push(term);
  }
  return groups.filter((group) => group.length > 0).map(alternativeOf);
}

const alternativeOf = (terms: readonly Term[]): Alternative => ({
  wanted: textsOf(terms, false),
  unwanted: textsOf(terms, true),
});

const textsOf = (terms: readonly Term[], excluded: boolean): readonly string[] =>
  terms.filter((term) => term.excluded === excluded).map(({ text }) => text);
