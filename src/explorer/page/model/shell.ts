import { Misread } from "./request.ts";

/** A word of a shell's line. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

/** Whether a word means the same with quotes and without. */
const isHarmless = (text: string): boolean => /^[\w.:/@%+,=-]{1,2000}$/.test(text);

/** A text as one word of any POSIX shell, whatever it holds. */
export const quoteWord = (text: string): string =>
  isHarmless(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Reads one command of a shell as its words. Nothing is run, and what a shell would look up is refused.
 *
 * @throws Misread.
 */
export function wordsOf(line: string): readonly Word[] {
  const reader = new WordReader(line);
  const words: Word[] = [];
  for (let word = reader.word(); word !== undefined; word = reader.word()) words.push(word);
  return words;
}

const BLANKS: ReadonlySet<string> = new Set([" ", "\t", "\n", "\r"]);
/** What would begin another command, or send something elsewhere. */
const OPERATORS: ReadonlySet<string> = new Set(["|", "&", ";", "<", ">", "(", ")"]);
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

class WordReader {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  get #unit(): string {
    return this.#line[this.#at] ?? "";
  }

  word(): Word | undefined {
    while (BLANKS.has(this.#unit) || this.#continues()) this.#at += this.#unit === "\\" ? 2 : 1;
    if (this.#unit === "") return undefined;
    const at = this.#at;
    let text = "";
    while (this.#unit !== "" && !BLANKS.has(this.#unit)) text += this.#part();
    return { text, at };
  }

  /** Whether the line goes on behind its end. */
  #continues(): boolean {
    return this.#unit === "\\" && this.#line[this.#at + 1] === "\n";
  }

  #part(): string {
    const start = this.#at;
    const unit = this.#unit;
    this.#at++;
    if (unit === "'") return this.#until("'", start);
    if (unit === '"') return this.#double(start);
    if (unit === "$" && this.#unit === "'") {
      this.#at++;
      return this.#escaped(start);
    }
    if (unit === "\\") return this.#next(start);
    if (unit === "$" || unit === "`") throw unread(start);
    if (OPERATORS.has(unit))
      throw new Misread(`\`${unit}\` ends the command`, start, "write one command, and quote its URL");
    return unit;
  }

  #next(start: number): string {
    const unit = this.#unit;
    if (unit === "") throw new Misread("the line goes on", start);
    this.#at++;
    return unit === "\n" ? "" : unit;
  }

  #until(quote: string, start: number): string {
    const end = this.#line.indexOf(quote, this.#at);
    if (end < 0) throw new Misread("a quote that does not end", start);
    const text = this.#line.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #double(start: number): string {
    let text = "";
    for (;;) {
      const unit = this.#next(start);
      if (unit === '"') return text;
      if (unit === "$" || unit === "`") throw unread(this.#at - 1);
      if (unit !== "\\") text += unit;
      else if ('"\\$`'.includes(this.#unit)) text += this.#next(start);
      else if (this.#unit === "\n") this.#at++;
      else text += "\\";
    }
  }

  /** What bash and zsh write for texts with control characters. */
  #escaped(start: number): string {
    let text = "";
    for (;;) {
      const unit = this.#next(start);
      if (unit === "'") return text;
      if (unit !== "\\") {
        text += unit;
        continue;
      }
      const code = this.#next(start);
      const length = code === "u" ? 4 : code === "x" ? 2 : 0;
      const digits = this.#line.slice(this.#at, this.#at + length);
      if (length > 0 && digits.length === length && /^[\da-f]{2,4}$/i.test(digits)) {
        text += String.fromCharCode(Number.parseInt(digits, 16));
        this.#at += length;
      } else text += ESCAPES[code] ?? code;
    }
  }
}

const unread = (at: number): Misread =>
  new Misread("a shell would put something else here", at, "write the value itself, in single quotes");
