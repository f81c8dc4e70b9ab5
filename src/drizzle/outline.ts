import { is, Name, Placeholder, SQL } from "drizzle-orm";
import { quoted } from "./names.ts";
import { isWrapper, piecesOf, visit, type Visitor } from "./sql.ts";

/** An expression's text: ` ? ` for what is a column or bound, ` (select) ` for a query that stands in parentheses of its own. */
export function outlineOf(expression: SQL): string {
  let text = "";
  for (const piece of piecesOf(expression)) text += visit(piece, OUTLINE);
  return text;
}

const OUTLINE: Visitor<string> = {
  text: (text) => text,
  sql: outlineOf,
  column: () => " ? ",
  value: () => " ? ",
  list: () => " ? ",
  other(piece) {
    if (is(piece, SQL.Aliased)) return outlineOf(piece.sql);
    if (is(piece, Name)) return quoted(piece.value);
    return is(piece, Placeholder) || !isWrapper(piece) ? " ? " : " (select) ";
  },
};
