import type { ComponentChildren } from "preact";
import { endOf, endOfQuoted, isDigit, isLetter, isNameUnit } from "../scan.ts";

const WORDS: ReadonlySet<string> = new Set(
  (
    "select from where and or not order by limit offset group having join left inner on as asc desc insert into values " +
    "update set delete returning with exists case when then else end is null in like between union all coalesce distinct"
  ).split(" "),
);

interface SQLTextProps {
  readonly text: string;
  /** The values of the statement, or their types, in the order of their places. */
  readonly values: readonly unknown[];
}

/** A statement, its words told apart, and what stands in each place of a value. */
export function SQLText({ text, values }: SQLTextProps) {
  const pieces: ComponentChildren[] = [];
  let plain = 0;
  let place = 0;
  const put = (from: number, to: number, piece: ComponentChildren): void => {
    pieces.push(text.slice(plain, from), piece);
    plain = to;
  };
  for (let at = 0; at < text.length;) {
    const unit = text[at]!;
    const end = endAt(text, at);
    const piece = text.slice(at, end);
    if (unit === "'") put(at, end, <span class="text">{piece}</span>);
    else if (unit === "?" || (unit === "$" && end > at + 1)) {
      const index = piece.length > 1 ? Number(piece.slice(1)) - 1 : place++;
      put(at, end, <Value at={index} value={values[index]} />);
    } else if (WORDS.has(piece.toLowerCase())) put(at, end, <span class="word">{piece}</span>);
    at = end;
  }
  return (
    <pre class="sql" role="group" aria-label="SQL" tabIndex={0}>
      {[...pieces, text.slice(plain)]}
    </pre>
  );
}

function endAt(text: string, at: number): number {
  const unit = text[at]!;
  if (unit === "'" || unit === '"') return endOfQuoted(text, at, false);
  if (unit === "?" || unit === "$") return endOf(text, at + 1, isDigit);
  return isLetter(unit) ? endOf(text, at, isNameUnit) : at + 1;
}

function Value({ at, value }: { readonly at: number; readonly value: unknown }) {
  return (
    <span class="value" title={`value ${at + 1}`}>
      {value === undefined ? `?${at + 1}` : typeof value === "string" ? value : JSON.stringify(value)}
    </span>
  );
}
