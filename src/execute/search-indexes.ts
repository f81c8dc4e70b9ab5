import { askSearchIndex } from "../compile/compile.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { nameIn, namesOf, qualified } from "../drizzle/drizzle.ts";
import type { Search } from "../plan/plan.ts";
import { type ColumnName, indexName, type SearchIndex, searchSyntaxOf } from "../search/search.ts";
import { ask } from "./facts.ts";

/** Knows which indexes of words are there: each is asked for when it is first of use, and until it is found. */
export class SearchIndexes {
  readonly #dialect: Dialect;
  readonly #timeout: number;
  readonly #name: ColumnName;
  /** By Drizzle's own tables, for the schema may be read anew. */
  readonly #found = new WeakSet<object>();

  /** The database may take so many milliseconds to answer. */
  constructor(dialect: Dialect, database: Database, timeout: number) {
    this.#dialect = dialect;
    this.#timeout = timeout;
    const names = namesOf(database);
    this.#name = ({ column }) => nameIn(column, names);
  }

  /**
   * Waits until it is known that all of them are there; `undefined` where it is.
   *
   * @throws Error that says which is missing, and where its statements come from.
   */
  need(searches: readonly Pick<Search, "index">[]): Promise<unknown> | undefined {
    const unknown = searches.filter(({ index }) => !this.#found.has(index.table.table));
    return unknown.length === 0 ? undefined : Promise.all(unknown.map(({ index }) => this.#ask(index)));
  }

  async #ask(index: SearchIndex): Promise<void> {
    const [row] = await ask(this.#dialect, askSearchIndex(index), this.#timeout);
    const wanted = searchSyntaxOf(index).made(index, this.#name);
    if (row?.[0] !== wanted) throw missing(index, wanted, row?.[0] as string | undefined);
    this.#found.add(index.table.table);
  }
}

function missing(index: SearchIndex, wanted: string, found: string | undefined): Error {
  const name = qualified(indexName(index));
  const state = found === undefined ? "is not in the database" : `is of ${found} and not of ${wanted}`;
  const { name: table } = index.table;
  return new Error(
    `the index ${name} of \`tables.${table}.search\` ${state}: run the statements that searchMigration(tables, "${table}", schema) gives`,
  );
}
