import { type Column, is, type SQL, type Table, View } from "drizzle-orm";
import {
  callsOthers,
  comparedIn,
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

/** What becomes of rows: they go, or cells of these columns change. Columns go by their names in the database. */
export type Effect = "gone" | ReadonlySet<string>;

/** What SQL looks at. */
export interface Looks {
  readonly tables: Tables;
  /** Those of whose rows it looks at any; of others at the row that it is asked about. */
  readonly free: Tables;
  /** Whether it calls functions, of which nobody knows what they look at. */
  readonly calls: boolean;
  /** The columns, where it does nothing but compare them with values. */
  readonly columns: readonly Column[] | undefined;
}

/** Rows that refer to others, and what becomes of them with these. */
interface Follower {
  readonly info: TableInfo;
  readonly columns: ReadonlySet<string>;
  readonly others: ReadonlySet<string>;
  readonly onDelete: string;
  readonly onUpdate: string;
}

/** Which tables SQL looks at, and which change with others. Tables go by their names in the database here. */
export class Lineage {
  readonly #sqlite: boolean;
  /** By the names of the schema. */
  readonly #named = new Map<string, string>();
  readonly #tables = new Set<string>();
  readonly #views = new Map<string, SQL | undefined>();
  /** What changes with rows of a table that are changed or deleted, because it refers to them. */
  readonly #followers = new Map<string, Follower[]>();
  /** The columns that the database makes of others, of each table. */
  readonly #computed = new Map<string, Set<string>>();

  constructor(given: Record<string, unknown>, catalog: Catalog) {
    const schema = unwrap(given);
    this.#sqlite = [...catalog.values()].some(({ database }) => database === "sqlite");
    for (const [name, info] of catalog) {
      const own = this.nameOf(info);
      this.#named.set(name, own);
      if (info.kind === "table") this.#declare(own, info);
    }
    for (const view of Object.values(schema))
      if (is(view, View)) this.#views.set(this.#spell(nameOfView(view)), queryOfView(view));
    for (const info of catalog.values()) if (info.kind === "table") this.#follow(info);
  }

  /** A schema may declare a table twice, and say of its columns at one place only which are computed. */
  #declare(name: string, { columns }: TableInfo): void {
    this.#tables.add(name);
    const computed = this.#computed.get(name) ?? new Set();
    this.#computed.set(name, computed);
    for (const { column, computed: isComputed } of columns.values())
      if (isComputed) computed.add(column.name);
  }

  /** The columns of a table of which cells may change with any other. Columns go by their names in the database. */
  computed(name: string): ReadonlySet<string> {
    return this.#computed.get(name) ?? NONE;
  }

  /** What a table, or a view, is called. */
  nameOf({ table }: { readonly table: Table }): string {
    return this.#spell(originalNameOf(table));
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

  /**
   * What becomes of rows that refer to those of a table, of which this is known. Of no effects at all nothing is known, and
   * rows may have gone, and any of their columns changed.
   */
  following(name: string, effect?: Effect): readonly Followed[] {
    const found: Followed[] = [];
    const passed = new Set<string>();
    const follow = (table: string, known: Effect | undefined): void => {
      for (const follower of this.#followers.get(table) ?? []) {
        const own = this.nameOf(follower.info);
        for (const then of effectsOn(follower, known)) {
          const step = JSON.stringify([own, then === "gone" ? then : [...then]]);
          if (passed.has(step)) continue;
          passed.add(step);
          found.push({ info: follower.info, name: own, effect: then });
          follow(own, then);
        }
      }
    };
    follow(name, effect);
    return found;
  }

  /** The tables that a table is: a view is those that it looks at. */
  behind(name: string): Tables {
    return this.#add(name, new Set(), new Set());
  }

  /** What a condition, or a value, looks at. */
  in(query: SQL): Looks {
    const text = new MentioningText(query, this.#sqlite);
    const { sources } = sourcesOf(text);
    const tables = this.#read([...text.mentions, ...sources]);
    return { tables, free: this.#read(sources), calls: callsOthers(text), columns: comparedIn(query) };
  }

  #read(labels: readonly Label[], found = new Set<string>(), passed = new Set<string>()): Tables {
    for (const { name, schema } of labels)
      if (name !== undefined && this.#add(this.#join({ name, schema }), found, passed) === "*") return "*";
    return found;
  }

  /** A name that is not known is of a view, or of a table that the schema does not have: nobody knows what it looks at. */
  #add(name: string, found: Set<string>, passed: Set<string>): Tables {
    if (this.#tables.has(name)) return found.add(name);
    if (passed.has(name)) return found;
    passed.add(name);
    const query = this.#views.get(name);
    if (query === undefined) return "*";
    const text = new MentioningText(query, this.#sqlite);
    return this.#read([...text.mentions, ...sourcesOf(text).sources], found, passed);
  }

  #follow(info: TableInfo): void {
    for (const key of configOf(info.table)?.foreignKeys ?? []) {
      const { onDelete = "", onUpdate = "" } = key;
      const { columns, foreignColumns, foreignTable } = key.reference();
      const other = this.nameOf({ table: foreignTable });
      const followers = this.#followers.get(other) ?? [];
      const follower = {
        info,
        columns: new Set([...namesOf(columns), ...this.computed(this.nameOf(info))]),
        others: namesOf(foreignColumns),
        onDelete,
        onUpdate,
      };
      this.#followers.set(other, [...followers, follower]);
    }
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

/** Rows that refer to others, and what becomes of them with these. */
export interface Followed {
  readonly info: TableInfo;
  readonly name: string;
  readonly effect: Effect;
}

const NONE: ReadonlySet<string> = new Set();

const namesOf = (columns: readonly Column[]): ReadonlySet<string> => new Set(columns.map(({ name }) => name));

/** What becomes of rows when that becomes of those that they refer to. */
function effectsOn(
  { columns, others, onDelete, onUpdate }: Follower,
  effect: Effect | undefined,
): readonly Effect[] {
  const found: Effect[] = [];
  const isGone = effect === undefined || effect === "gone";
  if (isGone && onDelete === "cascade") found.push("gone");
  const isChanged =
    effect === undefined || (effect !== "gone" && [...others].some((name) => effect.has(name)));
  if ((isGone && UNTIES.has(onDelete)) || (isChanged && (onUpdate === "cascade" || UNTIES.has(onUpdate))))
    found.push(columns);
  return found;
}

/** What takes the place of a reference to rows that are no longer there. */
const UNTIES: ReadonlySet<string> = new Set(["set null", "set default"]);
