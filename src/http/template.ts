import { Blank, type Given } from "../request/request.ts";

/** A query string with blanks for values, and what stood there. */
export interface Outline {
  readonly text: string;
  readonly values: readonly Given[];
  readonly stencil: Stencil;
}

/** Stands before the number of a blank, in a text of its own; no URL that is outlined holds it. */
const MARK = "\u0001";

/** What stands in a blank is read by its kind, so questions of other kinds fill other templates. */
const TEXT = "t";
const NUMBER = "n";

/**
 * The member of a map and its value, where that is a number that no double loses, or a text of which nothing is escaped.
 */
const MEMBER = /([(,][A-Za-z_][\w.]*:)(?:(-?(?:0|[1-9]\d{0,14}))|('|%27)([\w .:@~/-]*)\3)(?=[,)])/g;

/** What counts rows is no value that they are compared with; a column of such a name keeps its value, too. */
const OF_RANGES: ReadonlySet<string> = new Set(["limit:", "offset:"]);

/** Longer questions are read as they are. */
const LONGEST = 4_096;

/** Leaves the values of a question blank; `undefined` where none stands alone. */
export function outline(search: string): Outline | undefined {
  if (search.length > LONGEST || search.includes(MARK) || search.includes("%01")) return undefined;
  const values: Given[] = [];
  const pieces: string[] = [];
  let done = 0;
  const text = search.replace(
    MEMBER,
    (
      member,
      key: string,
      number: string | undefined,
      quote: string | undefined,
      string: string,
      from: number,
    ) => {
      if (OF_RANGES.has(key.slice(1))) return member;
      const isText = number === undefined;
      values.push(isText ? string : Number(number));
      const begins = from + key.length + (quote ?? "").length;
      pieces.push(search.slice(done, begins));
      done = begins + (isText ? string : number).length;
      return `${key}'${MARK}${isText ? TEXT : NUMBER}${values.length - 1}'`;
    },
  );
  if (values.length === 0) return undefined;
  return { text, values, stencil: new Stencil([...pieces, search.slice(done)], values) };
}

/** The characters that a text may have which is left blank, by their codes, and a number: as `MEMBER` has them, says a test. */
const OF_TEXTS = /[\w .:@~/-]/;
const ofTexts = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(OF_TEXTS.test(String.fromCharCode(code))),
);
const ofNumbers = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[\d-]/.test(String.fromCharCode(code))),
);
const WHOLE = /^-?(?:0|[1-9]\d{0,14})$/;

/**
 * What a question is around its values. Others that differ by these alone are told by comparing texts, which costs less
 * than to look for values, and than a hash; their outline is the same, since no value holds what begins or ends one.
 */
export class Stencil {
  readonly #pieces: readonly string[];
  readonly #characters: readonly Uint8Array[];

  /** `pieces`: what stands before each value, and behind the last. */
  constructor(pieces: readonly string[], values: readonly Given[]) {
    this.#pieces = pieces;
    this.#characters = values.map((value) => (typeof value === "string" ? ofTexts : ofNumbers));
  }

  /** What another question has for values; `undefined` where it differs by more. */
  valuesOf(search: string): readonly Given[] | undefined {
    const pieces = this.#pieces;
    if (!search.startsWith(pieces[0]!) || !search.endsWith(pieces.at(-1)!) || search.length > LONGEST)
      return undefined;
    const values: Given[] = [];
    let from = pieces[0]!.length;
    for (let index = 1; index < pieces.length; index++) {
      const characters = this.#characters[index - 1]!;
      let end = from;
      while (characters[search.charCodeAt(end)] === 1) end++;
      const value = search.slice(from, end);
      if (characters === ofNumbers && !WHOLE.test(value)) return undefined;
      values.push(characters === ofNumbers ? Number(value) : value);
      if (!search.startsWith(pieces[index]!, end)) return undefined;
      from = end + pieces[index]!.length;
    }
    return from === search.length ? values : undefined;
  }
}

/** Puts blanks where the outline of a question has them: in its filter, and the cursor of its page. */
export class Blanks {
  /** The blank that is the cursor. */
  cursor: number | undefined;
  /** How many the filter holds. */
  inFilter = 0;
  readonly #values: readonly Given[];

  constructor(values: readonly Given[]) {
    this.#values = values;
  }

  /** Whether all were found. */
  get complete(): boolean {
    return this.inFilter + (this.cursor === undefined ? 0 : 1) === this.#values.length;
  }

  /** A selector as it was parsed, with blanks in it. */
  placeIn = (selector: unknown): unknown =>
    eachMember(selector, (key, part) =>
      key === "after" || key === "before" ? this.#ofPage(part) : this.#within(key, part),
    );

  /** What a relation's selector has of filters, or of relations of its own. */
  #within(key: string, part: unknown): unknown {
    if (key === "where") return this.#filter(part);
    if (key !== "with" && key !== "count") return part;
    return eachMember(part, (_, wish) => eachMember(wish, (inner, value) => this.#within(inner, value)));
  }

  #filter(part: unknown): unknown {
    const place = placeOf(part);
    if (place !== undefined) {
      this.inFilter++;
      return new Blank(place, this.#values[place]!);
    }
    if (Array.isArray(part)) return part.map((item) => this.#filter(item));
    return eachMember(part, (_, value) => this.#filter(value));
  }

  #ofPage(part: unknown): unknown {
    const place = placeOf(part);
    if (place === undefined) return part;
    this.cursor = place;
    return this.#values[place];
  }
}

/** A map with other values; what is none, a number with all its digits for one, stays as it is. */
function eachMember(map: unknown, change: (key: string, value: unknown) => unknown): unknown {
  if (typeof map !== "object" || map === null || Object.getPrototypeOf(map) !== Object.prototype) return map;
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(key, value)]));
}

const placeOf = (part: unknown): number | undefined =>
  typeof part === "string" && part.startsWith(MARK)
    ? Number(part.slice(MARK.length + TEXT.length))
    : undefined;
