import type { Context } from "../author/author.ts";
import { isHooked, type Task, type Telling, type Triggers } from "../execute/execute.ts";
import type { Lineage, Tables } from "../schema/schema.ts";

/** Who hears what changes. Tables go by their names in the database. */
export interface Listener {
  /** Some of a route's own requests have changed tables, and it is committed; `rode` where a notice rode with it. */
  changed(tables: Tables, rode?: boolean): void;
  /** The statement that tells of a change from within its transaction; absent where nothing rides in it. */
  readonly ride?: ((tables: Tables) => Notice | undefined) | undefined;
}

/** A statement that tells of a change. */
export interface Notice {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Tells a listener which tables a route's own writes change. */
export class WriteTelling implements Telling {
  readonly ride: Telling["ride"];
  readonly #lineage: () => Lineage;
  readonly #triggers: Triggers;
  readonly #listener: Listener;
  /** What authors say that they change in a transaction, until it is committed. */
  readonly #declared = new WeakMap<Context, Tables>();

  /** The schema may be read anew. */
  constructor(lineage: () => Lineage, triggers: Triggers, listener: Listener) {
    this.#lineage = lineage;
    this.#triggers = triggers;
    this.#listener = listener;
    const { ride } = listener;
    if (ride !== undefined)
      this.ride = (tasks) => {
        const tables = this.#touchedBy(tasks);
        const notice = isNone(tables) ? undefined : ride.call(listener, tables);
        return notice && { kind: "text", ...notice };
      };
  }

  kept(tasks: Iterable<Task<unknown>>): void {
    const tables = this.#touchedBy(tasks);
    if (!isNone(tables)) this.#listener.changed(tables, this.ride !== undefined);
  }

  unsure(): void {
    this.#listener.changed("*");
  }

  /**
   * Hears which tables an author says that he has changed: of a transaction that is told when it is committed. Names none
   * where he has changed nothing that the engine does not know.
   *
   * @throws TypeError for what is no table.
   */
  declare(from: Context, names: readonly string[]): void {
    const tables = names.length === 0 ? NONE : this.#lineage().named(names);
    if (from.tx === undefined) {
      if (!isNone(tables)) this.#listener.changed(this.#following(tables));
      return;
    }
    const known = this.#declared.get(from) ?? NONE;
    const said = tables === "*" || known === "*" ? "*" : new Set([...known, ...tables]);
    this.#declared.set(from, said);
  }

  /**
   * Hears which tables were changed past the engine; any of them, where none is named.
   *
   * @throws TypeError for what is no table.
   */
  changed(names: readonly string[]): void {
    this.#listener.changed(this.#following(this.#lineage().named(names)));
  }

  #touchedBy(tasks: Iterable<Task<unknown>>): Tables {
    const found = new Set<string>();
    for (const task of tasks) {
      const { work, context } = task;
      const hooked = isHooked(task);
      const tables =
        work.kind === "write" ? this.#lineage().changing(this.#lineage().nameOf(work.table)) : NONE;
      const declared = hooked ? (this.#declared.get(context) ?? "*") : NONE;
      if (declared === "*" || (work.kind === "write" && this.#isTriggered(work.table))) return "*";
      for (const name of [...tables, ...declared]) found.add(name);
    }
    return found;
  }

  #following(tables: Tables): Tables {
    if (tables === "*") return tables;
    return new Set([...tables].flatMap((name) => [...this.#lineage().changing(name)]));
  }

  /** What triggers write nobody knows; nor whether there are some, as long as the database has not said. */
  #isTriggered(table: Parameters<Triggers["has"]>[0]): boolean {
    const has = this.#triggers.has(table);
    if (!(has instanceof Promise)) return has;
    has.catch(() => undefined);
    return true;
  }
}

const NONE: ReadonlySet<string> = new Set();

const isNone = (tables: Tables): boolean => tables !== "*" && tables.size === 0;
