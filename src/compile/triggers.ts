import { getTableUniqueName } from "drizzle-orm";
import type { Dialect } from "../dialect/dialect.ts";
import type { TableInfo } from "../schema/schema.ts";

/** The tables with triggers. */
const SQLITE =
  "select json_group_array(json_array('', tbl_name, 1)) from sqlite_master where type = 'trigger'";
/** The same with rules, which also change what is written, and tables whose parts have either. */
const POSTGRESQL = `with recursive "t"("id") as (
  select tgrelid from pg_trigger where not tgisinternal and tgenabled <> 'D'
  union select ev_class from pg_rewrite where ev_type <> '1'
  union select inhparent from pg_inherits join "t" on inhrelid = "id")
select coalesce(json_agg(json_build_array(nspname, relname, pg_table_is_visible("id"))), '[]')::text
from "t" join pg_class c on c.oid = "id" join pg_namespace n on n.oid = relnamespace`;

/** Knows which tables have triggers: the database is asked once, when that is first of interest. */
export class Triggers {
  readonly #dialect: Dialect;
  #asked: Promise<ReadonlySet<string>> | undefined;
  #found: ReadonlySet<string> | undefined;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Whether a table has some: at once, but for the first time. */
  has({ table }: TableInfo): boolean | Promise<boolean> {
    const name = this.#known(getTableUniqueName(table));
    return this.#found?.has(name) ?? (this.#asked ??= this.#ask()).then((found) => found.has(name));
  }

  async #ask(): Promise<ReadonlySet<string>> {
    const { speaks } = this.#dialect;
    const text = speaks === "sqlite" ? SQLITE : POSTGRESQL;
    try {
      const [row] = await this.#dialect.read((database) => this.#dialect.query(database, text, []));
      const tables = JSON.parse(row![0] as string) as readonly [string, string, boolean | number][];
      // What is found without its schema's name, Drizzle counts to `public`.
      const names = tables.map(([schema, name, visible]) => [
        `${schema}.${name}`,
        ...(visible ? [`public.${name}`] : []),
      ]);
      return (this.#found = new Set(names.flat().map((name) => this.#known(name))));
    } catch (error) {
      this.#asked = undefined;
      throw this.#dialect.failure(error, "read") ?? error;
    }
  }

  /** SQLite's names are the same in either case. */
  #known(name: string): string {
    return this.#dialect.speaks === "sqlite" ? name.toLowerCase() : name;
  }
}
