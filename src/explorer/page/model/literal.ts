import { Digits, exact } from "./digits.ts";
import { Misread } from "./request.ts";

/** How wide a line of code may be. */
const WIDTH = 72;

/** A value as JavaScript writes it; what no double keeps is a text there. */
export function literal(value: unknown, indent = ""): string {
  if (typeof value === "string" || value instanceof Digits) return JSON.stringify(String(value));
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : `${value as number}`;
  const line = oneLine(value);
  if (indent.length + line.length <= WIDTH) return line;
  const deeper = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => literal(item, deeper))
    : Object.entries(value).map(([name, item]) => `${nameOf(name)}: ${literal(item, deeper)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${items.map((item) => `${deeper}${item},\n`).join("")}${indent}${close}`;
}

function oneLine(value: object): string {
  const short = (item: unknown): string =>
    typeof item === "object" && item !== null && !(item instanceof Digits) ? oneLine(item) : literal(item);
  if (Array.isArray(value)) return `[${value.map(short).join(", ")}]`;
  const members = Object.entries(value).map(([name, item]) => `${nameOf(name)}: ${short(item)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

const isNameStart = (unit: string): boolean => /^[A-Za-z_$]$/.test(unit);
const isNameUnit = (unit: string): boolean => /^[A-Za-z0-9_$]$/.test(unit);

const nameOf = (name: string): string =>
  /^[A-Za-z_$][\w$]{0,63}$/.test(name) && name !== "__proto__" ? name : JSON.stringify(name);

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
]);

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  0: "\0",
};

/** How deep literals may nest. */
const DEEPEST = 64;

/** Reads literals of JavaScript: nothing of it is ever run. Whatever it cannot read is a `Misread` with its place. */
export class LiteralReader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The unit at the place; empty at the end. */
  get unit(): string {
    return this.#text[this.at] ?? "";
  }

  /** Skips spaces and comments. */
  space(): void {
    for (;;) {
      while (this.unit !== "" && this.unit.trim() === "") this.at++;
      if (this.#text.startsWith("//", this.at)) this.#skipTo("\n");
      else if (this.#text.startsWith("/*", this.at)) this.#skipTo("*/");
      else return;
    }
  }

  #skipTo(end: string): void {
    const found = this.#text.indexOf(end, this.at + 2);
    this.at = found < 0 ? this.#text.length : found + end.length;
  }

  /** Takes a piece of text that may stand here; says whether it did. */
  take(piece: string): boolean {
    this.space();
    if (!this.#text.startsWith(piece, this.at)) return false;
    this.at += piece.length;
    return true;
  }

  /** @throws Misread where it does not stand here. */
  demand(piece: string): void {
    if (!this.take(piece)) throw this.misread(`expected \`${piece}\``);
  }

  /** A name, as of a variable; empty where none stands. */
  name(): string {
    this.space();
    const start = this.at;
    if (isNameStart(this.unit)) while (isNameUnit(this.unit)) this.at++;
    return this.#text.slice(start, this.at);
  }

  misread(message: string, hint?: string, at = this.at): Misread {
    return new Misread(message, at, hint);
  }

  /** @throws Misread for what is no literal. */
  value(depth = 0): unknown {
    this.space();
    if (depth > DEEPEST) throw this.misread("it nests too deep");
    const { unit } = this;
    if (unit === "{") return this.#map(depth);
    if (unit === "[") return this.#list(depth);
    if (unit === '"' || unit === "'" || unit === "`") return this.#string();
    if ((unit >= "0" && unit <= "9") || unit === "-" || unit === "+" || unit === ".") return this.#number();
    const start = this.at;
    const name = this.name();
    if (WORDS.has(name)) return WORDS.get(name);
    const hint = "only literals are read: nothing is run";
    throw this.misread(name === "" ? "expected a value" : `\`${name}\` is no literal`, hint, start);
  }

  #map(depth: number): object {
    const map: Record<string, unknown> = {};
    this.demand("{");
    while (!this.take("}")) {
      const start = this.at;
      const key = this.#key();
      if (key === "__proto__" || Object.hasOwn(map, key))
        throw this.misread(
          `\`${key}\` cannot stand here${key === "__proto__" ? "" : " twice"}`,
          undefined,
          start,
        );
      this.demand(":");
      map[key] = this.value(depth + 1);
      this.#asConst();
      if (!this.take(",") && this.unit !== "}") throw this.misread("expected `,` or `}`");
    }
    return map;
  }

  #key(): string {
    this.space();
    const { unit } = this;
    if (unit === '"' || unit === "'" || unit === "`") return this.#string();
    if (unit >= "0" && unit <= "9") return String(this.#number());
    const name = this.name();
    if (name === "") throw this.misread("expected a key", "computed keys and spreads are not read");
    return name;
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    this.demand("[");
    while (!this.take("]")) {
      list.push(this.value(depth + 1));
      this.#asConst();
      if (!this.take(",") && this.unit !== "]") throw this.misread("expected `,` or `]`");
    }
    return list;
  }

  #asConst(): void {
    const start = this.at;
    if (this.name() !== "as" || this.name() !== "const") this.at = start;
    this.space();
  }

  #number(): number | string {
    const start = this.at;
    const sign = this.unit === "-" ? "-" : "";
    if (this.unit === "-" || this.unit === "+") this.at++;
    if (this.unit === "I") {
      if (this.name() === "Infinity") return sign === "-" ? -Infinity : Infinity;
      throw this.misread("expected a number", undefined, start);
    }
    let digits = "";
    for (; isNameUnit(this.unit) || this.unit === "." || this.#isExponentSign(); this.at++)
      if (this.unit !== "_") digits += this.unit;
    const written = digits.endsWith("n") ? digits.slice(0, -1) : digits;
    if (written === "" || written === "." || Number.isNaN(Number(written)))
      throw this.misread("expected a number", undefined, start);
    return exact(sign + written);
  }

  #isExponentSign(): boolean {
    return (this.unit === "-" || this.unit === "+") && this.#text[this.at - 1]?.toLowerCase() === "e";
  }

  #string(): string {
    const start = this.at;
    const quote = this.unit;
    let text = "";
    for (this.at++; this.unit !== quote;) {
      const { unit } = this;
      if (unit === "" || (unit === "\n" && quote !== "`"))
        throw this.misread("a text that does not end", undefined, start);
      if (quote === "`" && unit === "$" && this.#text[this.at + 1] === "{")
        throw this.misread("a template with values is no literal", "write the value itself");
      this.at++;
      text += unit === "\\" ? this.#escape() : unit;
    }
    this.at++;
    return text;
  }

  #escape(): string {
    const unit = this.unit;
    this.at++;
    if (unit === "u" || unit === "x") return this.#code(unit === "x" ? 2 : 4);
    if (unit === "\n") return "";
    return ESCAPES[unit] ?? unit;
  }

  #code(length: number): string {
    const braced = length === 4 && this.unit === "{";
    const end = braced ? this.#text.indexOf("}", this.at) : this.at + length;
    const digits = this.#text.slice(this.at + (braced ? 1 : 0), end);
    const code = /^[\da-f]{1,6}$/i.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(code <= 0x10ffff) || (!braced && digits.length < length))
      throw this.misread("no code of a character");
    this.at = braced ? end + 1 : end;
    return braced ? String.fromCodePoint(code) : String.fromCharCode(code);
  }
}
