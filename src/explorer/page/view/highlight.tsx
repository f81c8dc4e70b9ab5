import type { ComponentChildren } from "preact";
import type { Range } from "../model/outline.ts";
import { endOf, endOfQuoted, isDigit, isLetter, isNameUnit } from "../scan.ts";

interface HighlightProps {
  readonly text: string;
  /** Where a mistake is. */
  readonly wrong: Range | undefined;
}

/** A text of a question, its parts told apart by colour. */
export function Highlight({ text, wrong }: HighlightProps) {
  const pieces: ComponentChildren[] = [];
  for (let at = 0; at < text.length;) {
    const { end, kind } = pieceAt(text, at);
    for (const [start, stop, isWrong] of partsOf(at, end, wrong)) {
      const part = text.slice(start, stop);
      const name = isWrong ? `${kind} wrong` : kind;
      pieces.push(name === "" ? part : <span class={name}>{part}</span>);
    }
    at = end;
  }
  if (wrong !== undefined && wrong.from >= text.length) pieces.push(<span class="wrong"> </span>);
  return <pre aria-hidden="true">{pieces}</pre>;
}

const WORDS: ReadonlySet<string> = new Set(["T", "F", "N", "true", "false", "null", "await"]);
const SIGNS = "~_()[]{},:&?=";

/** Where the piece that begins at a place ends, and what it is. */
function pieceAt(text: string, at: number): { readonly end: number; readonly kind: string } {
  const unit = text[at]!;
  if ("`'\"".includes(unit)) return { end: endOfQuoted(text, at, true), kind: "text" };
  if (SIGNS.includes(unit) && text[at + 1] !== undefined) {
    const isSign = unit !== "_" || "(),".includes(text[at + 1]!) || text[at - 1] === ")";
    if (isSign) return { end: at + 1, kind: "sign" };
  }
  if (isDigit(unit)) return { end: endOf(text, at, (next) => isDigit(next) || next === "."), kind: "number" };
  if (!isLetter(unit)) return { end: at + 1, kind: SIGNS.includes(unit) ? "sign" : "" };
  const end = endOf(text, at, isNameUnit);
  if (text[end] === ":") return { end, kind: "key" };
  return { end, kind: WORDS.has(text.slice(at, end)) ? "word" : "" };
}

/** A stretch of text, cut where a mistake begins and ends. */
function partsOf(from: number, to: number, wrong: Range | undefined) {
  const [start, end] = wrong === undefined ? [to, to] : [Math.max(from, wrong.from), Math.min(to, wrong.to)];
  if (start >= end) return [[from, to, false]] as const;
  const parts = [
    [from, start, false],
    [start, end, true],
    [end, to, false],
  ] as const;
  return parts.filter(([first, last]) => first < last);
}
