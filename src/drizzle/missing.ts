import {
  Column,
  is,
  Name,
  Param,
  Placeholder,
  SQL,
  type SQLWrapper,
  StringChunk,
  Subquery,
  Table,
  View,
} from "drizzle-orm";
import { PgRelationalQuery } from "drizzle-orm/pg-core/query-builders/query";
import { SQLiteRelationalQuery } from "drizzle-orm/sqlite-core/query-builders/query";
import { isWrapper, piecesOf, saidOf, textOfPiece } from "./sql.ts";

/** An author's SQL as it is used. */
export interface Complete {
  readonly query: SQL;
  /** Whether it may hold a query of its own. */
  readonly nests: boolean;
}

/**
 * SQL in which what a session does not have is null: Drizzle drops a piece that is `undefined`, so that
 * `level <= ${clearance} + 1` would become `level <= + 1`, and hands a value that is `undefined` to its column.
 */
export function withoutMissing(query: SQL): Complete {
  const completer = new Completer();
  return { query: completer.complete(query), nests: completer.nests };
}

/** A query that is built already; Drizzle must go on taking it for one, or it renames the columns in it. */
export class Nested {
  readonly #query: SQL;
  readonly #bare: boolean;
  /** Whether it is one of `db.query`, which calls tables by names of its own. */
  readonly relational: boolean;

  constructor(query: SQL, origin: Wrapper) {
    this.#query = query;
    this.#bare = origin.shouldOmitSQLParens?.() === true;
    this.relational = is(origin, PgRelationalQuery) || is(origin, SQLiteRelationalQuery);
  }

  getSQL(): SQL {
    return this.#query;
  }

  shouldOmitSQLParens(): boolean {
    return this.#bare;
  }
}

type Wrapper = SQLWrapper & { shouldOmitSQLParens?(): boolean };

const NULL = new SQL([new StringChunk("(null)")]);

/**
 * Walks by itself: every request with a row filter passes here, and all but a few find nothing to change, so that nothing
 * is made for a piece that stays.
 */
class Completer {
  nests = false;

  complete(query: SQL): SQL {
    const given = piecesOf(query);
    let chunks: unknown[] | undefined;
    let frame: boolean | undefined;
    for (let index = 0; index < given.length; index++) {
      const chunk = given[index];
      if (chunk === undefined && (frame ??= isFrame(given))) continue;
      const whole = chunk === undefined ? NULL : this.#chunk(chunk);
      if (whole !== chunk) (chunks ??= [...given])[index] = whole;
    }
    return chunks === undefined ? query : copyOf(query, chunks);
  }

  #chunk(chunk: unknown): unknown {
    if (typeof chunk !== "object" || chunk === null) return chunk;
    if (chunk instanceof StringChunk) return this.#text(chunk);
    if (chunk instanceof Column) return chunk;
    if (chunk instanceof SQL) return this.complete(chunk);
    if (chunk instanceof Param) return given(chunk);
    return this.#other(chunk);
  }

  /** What is rarer; `is` knows pieces of another copy of Drizzle too, and is slow for what a piece is not. */
  #other(chunk: object): unknown {
    if (is(chunk, StringChunk)) return this.#text(chunk);
    if (is(chunk, SQL)) return this.complete(chunk);
    if (is(chunk, Param)) return given(chunk);
    if (Array.isArray(chunk)) return this.#list(chunk);
    if (NAMES.some((kind) => is(chunk, kind))) return chunk;
    if (!is(chunk, Subquery) && !isWrapper(chunk)) return chunk;
    this.nests = true;
    return is(chunk, Subquery) ? this.#subquery(chunk) : new Nested(this.complete(chunk.getSQL()), chunk);
  }

  #text(chunk: StringChunk): StringChunk {
    if (!this.nests) this.nests = chunk.value.some(selects);
    return chunk;
  }

  #list(list: readonly unknown[]): readonly unknown[] {
    const whole = list.map((item) => (item === undefined ? NULL : this.#chunk(item)));
    return whole.some((item, index) => item !== list[index]) ? whole : list;
  }

  #subquery(subquery: Subquery): Subquery {
    const { sql, selectedFields, alias, isWith } = subquery._;
    const whole = this.complete(sql);
    return whole === sql ? subquery : new Subquery(whole, selectedFields as never, alias, isWith);
  }
}

/** What stands for a name and is no query, although each can be asked for its SQL. */
const NAMES = [Column, Table, View, Name, Placeholder, SQL.Aliased] as const;
/** Those that say nothing of a row. */
const SILENT = [Column, Table, View, Name, Placeholder, Subquery] as const;

/** Whether what can be asked for its SQL says yes or no of a row: a column does only where its values are that. */
export const isCondition = (piece: SQLWrapper): boolean =>
  is(piece, Column) ? piece.dataType === "boolean" : !SILENT.some((kind) => is(piece, kind));

/** Most pieces of text are too short to hold the word. */
const selects = (text: string): boolean => text.length >= 6 && /select|values/i.test(text);

/** A value that is there: null for one that is missing, in a list too. */
function given(param: Param): Param {
  const { value, encoder } = param;
  if (value === undefined) return new Param(null);
  return Array.isArray(value) && lacks(value) ? new Param(filled(value), encoder) : param;
}

const lacks = (list: readonly unknown[]): boolean =>
  list.some((item) => item === undefined || (Array.isArray(item) && lacks(item)));

const filled = (list: readonly unknown[]): readonly unknown[] =>
  list.map((item) => (Array.isArray(item) ? filled(item) : (item ?? null)));

/** The same SQL of other pieces, with what its author said of its values. */
function copyOf(query: SQL, chunks: readonly unknown[]): SQL {
  const copy = new SQL(chunks as SQL["queryChunks"]);
  const { decoder, shouldInlineParams } = saidOf(query);
  return Object.assign(copy, { decoder, shouldInlineParams });
}

/**
 * Whether SQL is one of the templates Drizzle builds queries by, where a clause that nobody asked for is `undefined`:
 * told by the texts between its pieces.
 */
function isFrame(chunks: readonly unknown[]): boolean {
  const texts = chunks.filter((_, index) => index % 2 === 0).map(textOfPiece);
  if (texts.includes(undefined)) return false;
  const shape = texts.join("|");
  if (shape === SET_OPERATION) return SET_OPERATOR.test(firstText(chunks[3]));
  if (shape === ALIASED) return is(chunks[3], Name) && is(chunks[5], Name);
  return FRAMES.some((frame) => frame.test(shape));
}

/** A select, a join of a table and of anything else, a count, and the list of a relation. */
const FRAMES: readonly RegExp[] = [
  /^\|select\| \| from \|{8,9}$/,
  /^\| join(?: |\| )\|{2}(?:\|{2})?$/,
  /^\(select count\(\*\) from \|{3}\)$/,
  /^coalesce\(json_agg\(\|{2}\), '\[\]'::json\)$/,
];
const SET_OPERATION = "||||||";
const SET_OPERATOR = /^(?:union|intersect|except) (?:all )?$/;
const ALIASED = "|| |";

const firstText = (piece: unknown): string =>
  (is(piece, SQL) ? textOfPiece(piecesOf(piece)[0]) : undefined) ?? "";
