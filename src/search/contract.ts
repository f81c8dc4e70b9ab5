import type { SQL } from "drizzle-orm";
import { nameOf, type QualifiedName } from "../drizzle/drizzle.ts";
import type { Words } from "../request/request.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";

/** Columns in whose texts words are looked for, together: all that a fact `search` says of a table. */
export interface SearchIndex {
  readonly table: TableInfo;
  /** In their author's order: words in an earlier one weigh more. */
  readonly columns: readonly ColumnInfo[];
  /** The language whose forms of a word are one; absent where every form is a word of its own. */
  readonly language: string | undefined;
}

/** How a database is asked for words. What is said of a row is told from the row alone, whatever else its table holds. */
export interface SearchSyntax {
  /**
   * Whether a row, which goes by the name of its table, has the words; never unknown. `tied` where rows are found by what
   * ties them to a row elsewhere, and not by their words.
   */
  readonly found: (index: SearchIndex, words: Words, tied: boolean) => SQL;
  /** How well they fit it: a whole number from 0. */
  readonly rank: (index: SearchIndex, words: Words) => SQL;
  /** The statements that make the index anew, whatever was there before. */
  readonly statements: (index: SearchIndex, name: ColumnName) => readonly string[];
  /** Asks what the index is made of: one row, or none where it is missing. */
  readonly ask: (index: SearchIndex) => { readonly text: string; readonly values: readonly unknown[] };
  /** What that answers of an index which is as it should be. */
  readonly made: (index: SearchIndex, name: ColumnName) => string;
}

/** What a column is called in the database. */
export type ColumnName = (column: ColumnInfo) => string;

/** What the index of a table is called. */
export function indexName({ table }: Pick<SearchIndex, "table">): QualifiedName {
  const { name, schema } = nameOf(table.table);
  return { name: `${name}_search`, schema };
}

/** What words in each column weigh, the first of them most; those behind the last as it does. */
export const WEIGHTS: readonly number[] = [100, 40, 20, 10];

/** The weight, or whatever else goes by it, of a column by its place. */
export const weighed = <T>(weights: readonly T[], place: number): T =>
  weights[Math.min(place, weights.length - 1)]!;
