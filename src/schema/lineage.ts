import { is, type SQL, type Table, View } from "drizzle-orm";
import {
  configOf,
  type Label,
  MentioningText,
  nameOfView,
  originalNameOf,
  queryOfView,
  sourcesOf,
} from "../drizzle/drizzle.ts";
import { type Catalog, type TableInfo, unwrap } from "./catalog.ts";

/** Tables by their names in the database; `"*"` for any of them. */
export type Tables = ReadonlySet<string> | "*";

/** Which tables SQL looks at, and which change with others. Tables go by their names in the database here. */
export class Lineage {
  readonly #sqlite: boolean;
  /** By the names of the schema. */
  readonly #named = new Map<string, string>();
  readonly #tables = new Set<string>();
  readonly #views = new Map<string, SQL | undefined>();
  /** What changes with rows of a table that are changed or deleted, because it refers to them. */
  readonly #followers = new Map<string, Set<string>>();

  constructor(given: Record<string, unknown>, catalog: Catalog) {
    const schema = unwrap(given);
    this.#sqlite = [...catalog.values()].some(({ database }) => database === "sqlite");
    for (const [name, info] of catalog) {
      const own = this.nameOf(info);
      this.#named.set(name, own);
      if (info.kind === "table") this.#tables.add(own);
    }
    for (const view of Object.values(schema))
      if (is(view, View)) this.#views.set(this.#spell(nameOfView(view)), queryOfView(view));
    for (const { table, kind } of catalog.values()) if (kind === "table") this.#follow(table);
  }

  /** What a table, or a view, is called. */
  nameOf({ table }: Pick<TableInfo, "table">): string {
    return this.#nameOf(table);
  }

  /**
   * The tables that somebody names, as the schema or the database calls them; all of them where he names none.
   *
   * @throws TypeError for a name that is neither's.
   */
  named(names: readonly string[]): Tables {
    if (names.length === 0) return "*";
    const found = new Set<string>();
    for (const name of names) {
      const own = this.#named.get(name) ?? (this.#sqlite ? name.toLowerCase() : name);
      if (!this.#tables.has(own) && !this.#views.has(own))
        throw new TypeError(`\`${name}\` is no table of the schema`);
      found.add(own);
    }
    return found;
  }

  /** The tables that change where rows of one do: itself, and those whose rows refer to it and follow it. */
  changing(name: string): ReadonlySet<string> {
    const found = new Set([name]);
    for (const table of found) for (const follower of this.#followers.get(table) ?? []) found.add(follower);
    return found;
  }

  /** The tables that a table is: a view is those that it looks at. */
  behind(name: string): Tables {
    return this.#add(name, new Set(), new Set());
  }

  /** The tables that a condition, or a value, looks at. */
  in(query: SQL): Tables {
    return this.#read(query, new Set(), new Set());
  }

  #read(query: SQL, found: Set<string>, passed: Set<string>): Tables {
    const text = new MentioningText(query, this.#sqlite);
    const names = [
      ...text.mentions,
      ...sourcesOf(text).sources.filter(({ name }) => name !== undefined),
    ] as (Label & { readonly name: string })[];
    for (const name of names) if (this.#add(this.#join(name), found, passed) === "*") return "*";
    return found;
  }

  /** A name that is not known is of a view, or of a table that the schema does not have: nobody knows what it looks at. */
  #add(name: string, found: Set<string>, passed: Set<string>): Tables {
    if (this.#tables.has(name)) return found.add(name);
    if (passed.has(name)) return found;
    passed.add(name);
    const query = this.#views.get(name);
    return query === undefined ? "*" : this.#read(query, found, passed);
  }

  #follow(table: Table): void {
    const own = this.#nameOf(table);
    for (const key of configOf(table)?.foreignKeys ?? [])
      if ([key.onDelete, key.onUpdate].some((action) => FOLLOWS.has(action ?? ""))) {
        const other = this.#nameOf(key.reference().foreignTable);
        const followers = this.#followers.get(other) ?? new Set();
        this.#followers.set(other, followers.add(own));
      }
  }

  #nameOf(table: Table): string {
    return this.#spell(originalNameOf(table));
  }

  #spell({ name, schema }: { readonly name: string; readonly schema: string | undefined }): string {
    const folded = this.#sqlite ? name.toLowerCase() : name;
    return this.#join({
      name: folded,
      schema: schema === (this.#sqlite ? "main" : "public") ? undefined : schema,
    });
  }

  #join({ name, schema }: { readonly name: string; readonly schema: string | undefined }): string {
    return schema === undefined ? name : `${schema}.${name}`;
  }
}

/** What changes rows that refer to others. */
const FOLLOWS: ReadonlySet<string> = new Set(["cascade", "set null", "set default"]);
