import { getTableUniqueName } from "drizzle-orm";
import { within } from "../clock.ts";
import { ASK_TRIGGERS, askViewTypes, type Text } from "../compile/compile.ts";
import type { Dialect } from "../dialect/dialect.ts";
import type { namesOfViews, TableInfo, ViewTypes } from "../schema/schema.ts";

/** Asks the database something about itself. */
async function ask(dialect: Dialect, { text, values }: Text): Promise<readonly ArrayLike<unknown>[]> {
  try {
    return await dialect.read((database) => dialect.query(database, text, values));
  } catch (error) {
    throw dialect.failure(error, "read") ?? error;
  }
}

/** The types of the columns of the views that are there, asked for so many milliseconds. */
export async function typesOfViews(
  dialect: Dialect,
  views: ReturnType<typeof namesOfViews>,
  timeout: number,
): Promise<ViewTypes> {
  const found = await within(timeout, ask(dialect, askViewTypes(views)));
  const types = new Map<string, Map<string, string>>();
  for (const { 0: own, 1: column, 2: type } of found as readonly ArrayLike<string>[]) {
    const columns = types.get(own!) ?? new Map<string, string>();
    types.set(own!, columns.set(column!, type!));
  }
  return types;
}

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
    try {
      const [row] = await ask(this.#dialect, ASK_TRIGGERS[this.#dialect.speaks]);
      const tables = JSON.parse(row![0] as string) as readonly [string, string, boolean | number][];
      // What is found without its schema's name, Drizzle counts to `public`.
      const names = tables.map(([schema, name, visible]) => [
        `${schema}.${name}`,
        ...(visible ? [`public.${name}`] : []),
      ]);
      return (this.#found = new Set(names.flat().map((name) => this.#known(name))));
    } catch (error) {
      this.#asked = undefined;
      throw error;
    }
  }

  /** SQLite's names are the same in either case. */
  #known(name: string): string {
    return this.#dialect.speaks === "sqlite" ? name.toLowerCase() : name;
  }
}
