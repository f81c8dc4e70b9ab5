import type { At } from "./filter.ts";

/** A piece of RJSON and where it stands; a text that is not complete has as many as there are. */
export interface Piece {
  readonly kind: "map" | "list" | "mapped" | "value";
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
  /** Whether its end was found. */
  readonly closed: boolean;
  readonly members: readonly Member[];
}

/** A member of a map, a name of a mapped map, or an item of a list. */
export interface Member {
  /** What it is found by: its key, or its place in a list. */
  readonly step: string | number;
  readonly keyStart: number;
  readonly keyEnd: number;
  /** Whether a colon follows its key. */
  readonly colon: boolean;
  readonly value: Piece | undefined;
}

/** Reads as much of a text as there is, whatever is wrong with it. */
export const outlineOf = (text: string): Piece | undefined => new Outliner(text).value(0);

const SPACES: ReadonlySet<string> = new Set([" ", "\n", "\r", "\t"]);
const QUOTES: ReadonlySet<string> = new Set(["'", '"', "`"]);
/** What no bare key and no bare value goes beyond. */
const ENDS: ReadonlySet<string> = new Set([",", ":", "(", ")", "~", "'", '"', "`", ...SPACES]);
const DEEPEST = 100;

class Outliner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get #unit(): string {
    return this.#text[this.#at] ?? "";
  }

  #space(): void {
    while (SPACES.has(this.#unit)) this.#at++;
  }

  #take(piece: string): boolean {
    if (!this.#text.startsWith(piece, this.#at)) return false;
    this.#at += piece.length;
    return true;
  }

  /** The value that begins here; `undefined` where none does. */
  value(depth: number): Piece | undefined {
    this.#space();
    const start = this.#at;
    if (depth > DEEPEST) this.#at = this.#text.length;
    if (this.#take("_(")) return this.#list(start, depth);
    if (this.#unit === "(") return this.#map(start, depth);
    if (this.#unit === "~") return this.#mapped(start, depth);
    if (QUOTES.has(this.#unit)) return this.#quoted(start);
    while (this.#unit !== "" && !ENDS.has(this.#unit)) this.#at++;
    return this.#at === start ? undefined : this.#piece("value", start, true);
  }

  #piece(kind: Piece["kind"], start: number, closed: boolean, members: readonly Member[] = []): Piece {
    return { kind, start, end: this.#at, closed, members };
  }

  #quoted(start: number): Piece {
    const closed = this.#skipText();
    return this.#piece("value", start, closed);
  }

  /** Goes behind a quoted text; says whether it ends. */
  #skipText(): boolean {
    const quote = this.#unit;
    for (this.#at++; this.#unit !== quote; this.#at++) {
      const next = this.#text[this.#at + 1];
      if (this.#unit === "\\" && (next === quote || next === "\\")) this.#at++;
      if (this.#unit === "") return false;
    }
    this.#at++;
    return true;
  }

  #list(start: number, depth: number): Piece {
    const members: Member[] = [];
    for (let index = 0; ;) {
      this.#space();
      if (this.#take(")")) return this.#piece("list", start, this.#take("_"), members);
      if (this.#unit === "") return this.#piece("list", start, false, members);
      const at = this.#at;
      const value = this.value(depth + 1);
      if (value !== undefined) members.push({ step: index, keyStart: at, keyEnd: at, colon: true, value });
      this.#space();
      if (this.#take(",")) index++;
      else if (value === undefined && this.#unit !== ")") this.#at++; // what cannot stand here
    }
  }

  #map(start: number, depth: number): Piece {
    const members: Member[] = [];
    this.#at++;
    for (;;) {
      this.#space();
      if (this.#take(")")) return this.#piece("map", start, true, members);
      if (this.#unit === "") return this.#piece("map", start, false, members);
      if (this.#take(",")) continue;
      const before = this.#at;
      const key = this.#key();
      this.#space();
      const colon = this.#take(":");
      const value = colon ? this.value(depth + 1) : undefined;
      members.push({ ...key, colon, value });
      if (this.#at === before) this.#at++; // what cannot stand here
    }
  }

  #mapped(start: number, depth: number): Piece {
    const members: Member[] = [];
    this.#at++;
    this.#space();
    if (this.#take("\\")) this.value(depth + 1);
    else if (this.#unit !== "(") this.value(depth + 1);
    this.#space();
    if (!this.#take("(")) return this.#piece("mapped", start, false, members);
    for (;;) {
      this.#space();
      if (this.#take(")")) return this.#piece("mapped", start, this.#take("~"), members);
      if (this.#unit === "") return this.#piece("mapped", start, false, members);
      if (this.#take(",")) continue;
      const before = this.#at;
      members.push({ ...this.#key(), colon: true, value: undefined });
      if (this.#at === before) this.#at++;
    }
  }

  #key(): Pick<Member, "step" | "keyStart" | "keyEnd"> {
    const keyStart = this.#at;
    if (QUOTES.has(this.#unit)) {
      const closed = this.#skipText();
      const inner = this.#text.slice(keyStart + 1, this.#at - (closed ? 1 : 0));
      return { step: unescaped(inner, this.#text[keyStart]!), keyStart, keyEnd: this.#at };
    }
    while (this.#unit !== "" && !ENDS.has(this.#unit)) this.#at++;
    return { step: this.#text.slice(keyStart, this.#at), keyStart, keyEnd: this.#at };
  }
}

const unescaped = (text: string, quote: string): string =>
  text.includes("\\") ? text.replaceAll(`\\${quote}`, quote).replaceAll("\\\\", "\\") : text;

/** The member that a step leads to; of keys that are written twice the last. */
export const memberAt = ({ members }: Piece, step: string | number): Member | undefined =>
  members.findLast((member) => member.step === step);

/** A range of characters, the end not included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where what a place leads to stands: its value, with its key where it has one; the last there is where it leads on. */
export function rangeOf(root: Piece, at: At): Range {
  let range: Range = { from: root.start, to: root.end };
  let piece: Piece | undefined = root;
  for (const step of at) {
    const member: Member | undefined = piece && memberAt(piece, step);
    if (member === undefined) return range;
    range = { from: member.keyStart, to: member.value?.end ?? member.keyEnd };
    piece = member.value;
  }
  return range;
}

/** Where the caret is in a text. */
export interface Caret {
  /** What leads to the map, list or value that it stands in. */
  readonly at: At;
  readonly position: "key" | "name" | "value";
  /** What is there already, and would be replaced. */
  readonly range: Range;
  /** What of it stands before the caret. */
  readonly typed: string;
  /** The map or list that it stands in. */
  readonly inside: Piece | undefined;
  /** Whether a colon follows. */
  readonly colon: boolean;
}

/** Where a caret is. */
export function caretIn(text: string, caret: number): Caret {
  const root = outlineOf(text);
  let here: Caret = atValue(text, caret, [], root, undefined);
  let piece = root;
  let at: At = [];
  while (piece !== undefined && piece.kind !== "value" && isInside(piece, caret)) {
    const member: Member | undefined = piece.members.findLast(({ keyStart }) => keyStart <= caret);
    if (member !== undefined && isOnKey(piece, member, caret)) return atKey(text, caret, at, piece, member);
    const comma: boolean = member === undefined || text.slice(endOf(member), caret).includes(",");
    if (comma && piece.kind !== "list") return atKey(text, caret, at, piece, undefined);
    const step: string | number = comma ? piece.members.length : member!.step;
    at = [...at, step];
    here = atValue(text, caret, at, comma ? undefined : member!.value, piece);
    piece = comma ? undefined : member!.value;
  }
  return here;
}

const isInside = ({ start, end, closed }: Piece, caret: number): boolean =>
  caret > start && (!closed || caret < end);

const endOf = ({ value, keyEnd }: Member): number => value?.end ?? keyEnd;

const isOnKey = ({ kind }: Piece, { keyStart, keyEnd }: Member, caret: number): boolean =>
  kind !== "list" && caret >= keyStart && caret <= keyEnd;

function atKey(text: string, caret: number, at: At, inside: Piece, member: Member | undefined): Caret {
  const { keyStart = caret, keyEnd = caret, colon = false } = member ?? {};
  return {
    at,
    position: inside.kind === "mapped" ? "name" : "key",
    range: { from: keyStart, to: keyEnd },
    typed: text.slice(keyStart, caret),
    inside,
    colon: colon && inside.kind === "map",
  };
}

function atValue(
  text: string,
  caret: number,
  at: At,
  value: Piece | undefined,
  inside: Piece | undefined,
): Caret {
  const isOn = value !== undefined && value.kind === "value" && caret >= value.start && caret <= value.end;
  const range = isOn ? { from: value.start, to: value.end } : { from: caret, to: caret };
  return { at, position: "value", range, typed: text.slice(range.from, caret), inside, colon: false };
}
