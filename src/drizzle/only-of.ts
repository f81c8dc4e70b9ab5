import { type Column, is, Param, SQL, type Table } from "drizzle-orm";
import { piecesOf, textOfPiece, visit, type Visitor } from "./sql.ts";

/** Text that names no column: operators, numbers, texts, casts, calls of functions, and the words between conditions. */
const NAMELESS =
  /^(?:[\s()<>=!,|+\-*/%@\d.]|'[^']*'|::[a-z_]\w*(?:\[\])*|\b(?!select\b|exists\b|from\b|values\b)[a-z_]\w*\s*(?=\()|\b(?:and|or|not|is|null|in|between|true|false|case|when|then|else|end)\b)*$/i;

/** Whether SQL names columns of one table and nothing else. */
export const speaksOnlyOf = (query: SQL, { table }: { readonly table: Table }): boolean =>
  new OnlyOf(table).sql(query);

/** Answers whether a piece of SQL speaks of one table only. */
class OnlyOf implements Visitor<boolean> {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  sql(query: SQL): boolean {
    return piecesOf(query).every((piece) => visit(piece, this));
  }

  text(text: string): boolean {
    return NAMELESS.test(text);
  }

  column({ table }: Column): boolean {
    return table === this.#table;
  }

  value(): boolean {
    return true;
  }

  list(items: readonly unknown[]): boolean {
    return items.every((item) => typeof item !== "object" || item === null || is(item, Param));
  }

  other(): boolean {
    return false;
  }
}

/** Whether some text of SQL is as wanted; what stands in queries, lists and names is none of it. */
export const someText = (query: SQL, wanted: (text: string) => boolean): boolean =>
  piecesOf(query).some((piece) => {
    if (is(piece, SQL)) return someText(piece, wanted);
    const text = textOfPiece(piece);
    return text !== undefined && wanted(text);
  });
