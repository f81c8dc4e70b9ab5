import { Column, is, Param, SQL, type SQLWrapper, StringChunk } from "drizzle-orm";
import type { Decoder } from "./decoder.ts";

/** What is made of a piece of SQL, by what the piece is. */
export interface Visitor<Answer> {
  /** Text of its own. */
  text(text: string): Answer;
  sql(query: SQL): Answer;
  column(column: Column): Answer;
  /** A value that is bound; `undefined` where a piece is missing. */
  value(value: unknown): Answer;
  list(items: readonly unknown[]): Answer;
  /** What is rarer: a name, a table, a view, a field of one, a placeholder, a query that is built. */
  other(piece: object): Answer;
}

/** The pieces of SQL. */
export const piecesOf = (query: SQL): readonly unknown[] => query.queryChunks;

/** Shows a piece of SQL to a visitor. */
export function visit<Answer>(piece: unknown, visitor: Visitor<Answer>): Answer {
  if (typeof piece !== "object" || piece === null) return visitor.value(piece);
  if (piece instanceof StringChunk) return visitor.text(piece.value.join(""));
  if (piece instanceof SQL) return visitor.sql(piece);
  if (piece instanceof Column) return visitor.column(piece);
  return visitRarer(piece, visitor);
}

/** What is rarer, or a piece of another copy of Drizzle, which `is` knows too and slowly. */
function visitRarer<Answer>(piece: object, visitor: Visitor<Answer>): Answer {
  if (is(piece, Param) || piece instanceof Date || piece instanceof Uint8Array) return visitor.value(piece);
  if (is(piece, StringChunk)) return visitor.text(piece.value.join(""));
  if (is(piece, SQL)) return visitor.sql(piece);
  if (is(piece, Column)) return visitor.column(piece);
  return Array.isArray(piece) ? visitor.list(piece) : visitor.other(piece);
}

/** The text of a piece of SQL that is nothing else. */
export const textOfPiece = (piece: unknown): string | undefined =>
  is(piece, StringChunk) ? piece.value.join("") : undefined;

/** The texts of SQL's own pieces, `undefined` for each that is no text. */
export const textsOf = (query: SQL): readonly (string | undefined)[] => piecesOf(query).map(textOfPiece);

/** Whether something can be asked for its SQL: a query that is built, but also a table, a column, a name. */
export const isWrapper = (value: unknown): value is SQLWrapper =>
  typeof value === "object" && value !== null && typeof (value as Partial<SQLWrapper>).getSQL === "function";

/** SQL that Drizzle takes for a query that is built: whole, and with the names it was written with. */
export const sealed = (inner: SQL): SQLWrapper => ({ getSQL: () => inner });

/** What an author said of all values of a piece of SQL. */
interface Said {
  /** Makes of them what he wants. */
  readonly decoder: Decoder;
  /** Whether they stand in the text. */
  readonly shouldInlineParams: boolean;
}

/** Drizzle keeps it to itself, so that its types do not show it. */
export const saidOf = (query: SQL): Said => query as unknown as Said;

/** The members by which Drizzle tells what a value in SQL is. */
export const ASKED_OF_VALUES: readonly string[] = ["getSQL", "queryChunks", "shouldOmitSQLParens"];
