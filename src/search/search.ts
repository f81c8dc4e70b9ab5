/** The index by which words are found in texts: what it is called, how it is made, and how a database is asked by it. */

import { sql, type SQL } from "drizzle-orm";
import type { Words } from "../request/request.ts";
import type { DatabaseKind } from "../schema/schema.ts";
import type { SearchIndex, SearchSyntax } from "./contract.ts";
import { POSTGRESQL } from "./postgresql.ts";
import { SQLITE } from "./sqlite.ts";

export { type ColumnName, indexName, type SearchIndex } from "./contract.ts";
export { SEARCH_TRIGGERS } from "./sqlite.ts";
export { wrongIndex } from "./wrong.ts";

const SYNTAXES: Readonly<Record<DatabaseKind, SearchSyntax>> = { sqlite: SQLITE, postgresql: POSTGRESQL };

/** How the database of an index is asked for words. */
export const searchSyntaxOf = ({ table }: Pick<SearchIndex, "table">): SearchSyntax =>
  SYNTAXES[table.database];

/** Whether a row, which goes by the name of its table, has the words. */
export const foundSQL = (index: SearchIndex, words: Words, tied: boolean): SQL =>
  words.alternatives.length === 0 ? sql`1 = 0` : searchSyntaxOf(index).found(index, words, tied);

/** How well the words fit a row: a whole number from 0. */
export const rankSQL = (index: SearchIndex, words: Words): SQL =>
  words.alternatives.length === 0 ? sql`cast(0 as integer)` : searchSyntaxOf(index).rank(index, words);
