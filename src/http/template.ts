import { Blank, type Given } from "../request/request.ts";

/** A query string with blanks for values, and what stood there. */
export interface Outline {
  readonly text: string;
  readonly values: readonly Given[];
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
  const text = search.replace(
    MEMBER,
    (member, key: string, number: string | undefined, _quote: string | undefined, string: string) => {
      if (OF_RANGES.has(key.slice(1))) return member;
      const isText = number === undefined;
      values.push(isText ? string : Number(number));
      return `${key}'${MARK}${isText ? TEXT : NUMBER}${values.length - 1}'`;
    },
  );
  return values.length === 0 ? undefined : { text, values };
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
