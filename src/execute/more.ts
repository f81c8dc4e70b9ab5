import type { Row } from "../author/author.ts";
import { MORE } from "../compile/compile.ts";
import { parseJSON, writeDigits } from "../digits.ts";
import type { ReadNode, ReadPlan } from "../plan/plan.ts";
import { CUT, Unsayable } from "../syntax/syntax.ts";

/** Takes off a list of a row what says that it was cut short: its last element, or the beginning of its name. */
function takeCut(row: Row, name: string): boolean {
  const named = row[CUT + name];
  if (named !== undefined) {
    row[name] = named;
    delete row[CUT + name];
    return true;
  }
  const list = row[name] as unknown[];
  if (list.at(-1) !== CUT) return false;
  list.pop();
  return true;
}

/** Takes the row off a list that was looked for beyond its limit. */
function takeBeyond(list: unknown[], { tellsMore, limit }: ReadNode): boolean {
  if (!tellsMore || list.length <= limit) return false;
  list.pop();
  return true;
}

/** Says on a row which of its lists were cut short. */
function say(row: Row, cut: readonly string[]): void {
  if (cut.length > 0) row[MORE] = cut;
}

/** The lists of a row that may be cut short, by their names. */
const listsOf = ({ relations }: ReadNode): readonly (readonly [string, ReadNode])[] =>
  Array.from(relations, ([name, { node }]) => [name, node] as const).filter(([, { tellsMore }]) => tellsMore);

/** Says on a row which of its lists were cut short, of those that say so themselves. */
export function readCuts(row: Row, node: ReadNode): void {
  if (node.relations.size === 0) return;
  say(
    row,
    listsOf(node).flatMap(([name]) => (takeCut(row, name) ? [name] : [])),
  );
}

/** The same of lists that were asked for one row more. */
export function readBeyond(row: Row, node: ReadNode): void {
  if (node.relations.size === 0) return;
  say(
    row,
    listsOf(node).flatMap(([name, of]) => (takeBeyond(row[name] as unknown[], of) ? [name] : [])),
  );
}

/** Rows of a list as many as it may have, and whether there was one more. */
export function within<Item>(
  found: readonly Item[],
  { tellsMore, limit }: ReadNode,
): { readonly rows: readonly Item[]; readonly more?: true } {
  return tellsMore && found.length > limit ? { rows: found.slice(0, limit), more: true } : { rows: found };
}

/**
 * JSON in which every row says which of its lists were cut short; most were not, and their text is left as it is.
 *
 * @throws Unsayable for a number beyond all numbers, which is no JSON.
 */
export function saidInText(text: string, { root, nodes }: ReadPlan): string {
  refuseEndless(text);
  if (nodes.length === 1 || !text.includes(CUT)) return text;
  const value = parseJSON(text) as Row | readonly Row[] | null;
  for (const row of [value].flat()) sayInside(row, root);
  return writeDigits(value);
}

function sayInside(row: Row | null, node: ReadNode): void {
  if (row === null) return;
  readCuts(row, node);
  for (const [name, { node: child }] of node.relations)
    for (const inner of [row[name]].flat() as (Row | null)[]) sayInside(inner, child);
}

/** How SQLite writes what is beyond all numbers, which an integer or a computed field may be; JSON's readers have none. */
const ENDLESS = "9.0e+999";

/** @throws Unsayable for a text that says so, texts in it aside: the rows are asked for in another form. */
function refuseEndless(text: string): void {
  if (!text.includes(ENDLESS)) return;
  let from = 0;
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', from)) {
    if (text.slice(from, quote).includes(ENDLESS)) throw new Unsayable();
    from = endOfText(text, quote) + 1;
  }
  if (text.slice(from).includes(ENDLESS)) throw new Unsayable();
}

/** Where a text of JSON ends that begins at a place. */
function endOfText(text: string, begin: number): number {
  for (let end = begin + 1; ; end++) {
    if (text[end] === "\\") end++;
    else if (text[end] === '"') return end;
  }
}
