import { getTableUniqueName, type Table } from "drizzle-orm";
import { within } from "../clock.ts";
import { ASK_SIZES, ASK_TRIGGERS, ASK_ZONES, askViewTypes, type Text } from "../compile/compile.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { nameOf, qualified } from "../drizzle/drizzle.ts";
import { insist } from "./insist.ts";
import type { Sizes } from "../plan/plan.ts";
import type { namesOfViews, TableInfo, ViewTypes } from "../schema/schema.ts";

/** Asks the database something about itself. */
export async function ask(
  dialect: Dialect,
  { text, values }: Text,
  timeout: number,
): Promise<readonly ArrayLike<unknown>[]> {
  try {
    return await insist(dialect, timeout, (left) => {
      const found = dialect.read((database) => dialect.query(database, text, values));
      return dialect.remote ? within(left, found) : found;
    });
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
  const found = await ask(dialect, askViewTypes(views), timeout);
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
  readonly #timeout: number;
  #asked: Promise<ReadonlySet<string>> | undefined;
  #found: ReadonlySet<string> | undefined;

  /** The database may take so many milliseconds to answer. */
  constructor(dialect: Dialect, timeout: number) {
    this.#dialect = dialect;
    this.#timeout = timeout;
  }

  /** Whether a table has some: at once, but for the first time. */
  has({ table }: TableInfo): boolean | Promise<boolean> {
    const name = this.#known(getTableUniqueName(table));
    return this.#found?.has(name) ?? (this.#asked ??= this.#ask()).then((found) => found.has(name));
  }

  async #ask(): Promise<ReadonlySet<string>> {
    try {
      const [row] = await ask(this.#dialect, ASK_TRIGGERS[this.#dialect.speaks], this.#timeout);
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

/** Knows the places whose time a server of PostgreSQL knows: it is asked once, when somebody first names one. */
export class TimeZones {
  readonly #dialect: Dialect;
  readonly #timeout: number;
  #asked: Promise<ReadonlySet<string>> | undefined;
  #found: ReadonlySet<string> | undefined;

  /** The database may take so many milliseconds to answer. */
  constructor(dialect: Dialect, timeout: number) {
    this.#dialect = dialect;
    this.#timeout = timeout;
  }

  /** Whether a place is among them: at once, but for the first time. */
  has(name: string): boolean | Promise<boolean> {
    return this.#found?.has(name) ?? (this.#asked ??= this.#ask()).then((found) => found.has(name));
  }

  async #ask(): Promise<ReadonlySet<string>> {
    try {
      const [row] = await ask(this.#dialect, ASK_ZONES, this.#timeout);
      return (this.#found = new Set(JSON.parse(row![0] as string) as readonly string[]));
    } catch (error) {
      this.#asked = undefined;
      throw error;
    }
  }
}

/** How long sizes are taken to be what they were, in milliseconds. */
const FRESH = 60_000;
/** The rows of what the database does not know the size of. */
const UNKNOWN = 100_000;

/**
 * Knows about how many rows tables hold. Only who asks first waits for it: what was known a minute ago counts while it is
 * asked again.
 */
export class TableSizes implements Sizes {
  readonly known = true;
  readonly #dialect: Dialect;
  readonly #timeout: number;
  /** By Drizzle's own tables, for the schema may be read anew. */
  readonly #names: ReadonlyMap<Table, string>;
  readonly #sizes = new Map<string, number>();
  #askAt = 0;
  #asked: Promise<void> | undefined;
  /** Grows whenever sizes were asked for anew, so that what was computed with them can be told from what holds. */
  age = 0;

  /** The database may take so many milliseconds to answer. */
  constructor(dialect: Dialect, tables: Iterable<TableInfo>, timeout: number) {
    this.#dialect = dialect;
    this.#timeout = timeout;
    this.#names = new Map(Array.from(tables, ({ table }) => [table, qualified(nameOf(table))]));
  }

  /** The rows of a table, roughly. */
  rows({ table }: TableInfo): number {
    return this.age === 0 ? 0 : (this.#sizes.get(this.#names.get(table)!) ?? UNKNOWN);
  }

  /** Who has most rows of a table may have them all. */
  group(table: TableInfo): number {
    return this.rows(table);
  }

  /** Over when they are known for the first time; `undefined` where they are. */
  unknown(): Promise<void> | undefined {
    if (this.age > 0) return undefined;
    this.refresh(performance.now());
    return this.#asked;
  }

  /** Has them asked for again where that is due at this time of `performance.now()`. */
  refresh(now: number): void {
    if (now < this.#askAt) return;
    this.#askAt = Infinity;
    this.#asked = this.#ask().finally(() => (this.#askAt = performance.now() + FRESH));
  }

  async #ask(): Promise<void> {
    for (const question of ASK_SIZES[this.#dialect.speaks]([...this.#names.values()]))
      try {
        for (const row of await ask(this.#dialect, question, this.#timeout))
          this.#sizes.set(String(row[0]), Number(row[1] ?? 0));
      } catch {} // it is not there, or has no numbers; whoever reads it hears why
    this.age++;
  }
}
