import type { Context } from "../author/author.ts";
import { isHooked, type Riding, type Task, type Telling, type Triggers } from "../execute/execute.ts";
import type { Lineage, TableInfo, Tables } from "../schema/schema.ts";
import { type Change, type Changes, changeOf, effectOf, following, isWrite } from "./change.ts";

/** Who hears what changes. Tables go by their names in the database. */
export interface Listener {
  /** Some of a route's own requests have changed this, and it is committed; `rode` where a notice rode with it. */
  changed(changes: Changes, rode?: boolean): void;
  /** The statement that tells of a change from within its transaction; absent where nothing rides in it. */
  readonly ride?: ((tables: Tables) => Notice | undefined) | undefined;
}

/** A statement that tells of a change. */
export type Notice = Omit<Riding, "kind">;

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
        const changes = this.#changesBy(tasks);
        const notice = isNone(changes) ? undefined : ride.call(listener, touchedBy(changes));
        return notice && { kind: "text", ...notice };
      };
  }

  kept(tasks: Iterable<Task<unknown>>): void {
    const changes = this.#changesBy(tasks);
    if (!isNone(changes)) this.#listener.changed(changes, this.ride !== undefined);
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
      if (!isNone(tables)) this.#listener.changed(this.#named(tables));
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
    this.#listener.changed(this.#named(this.#lineage().named(names)));
  }

  #changesBy(tasks: Iterable<Task<unknown>>): Changes {
    const found = new Found();
    for (const task of tasks) {
      const declared = isHooked(task) ? (this.#declared.get(task.context) ?? "*") : NONE;
      if (declared === "*" || (isWrite(task) && !this.#write(task, found))) return "*";
      for (const name of declared) found.add(name, "*");
    }
    return found.changes;
  }

  /** What a write changes, with what follows from it; false where any table may have changed. */
  #write(task: Parameters<typeof changeOf>[0], found: Found): boolean {
    const { table, write } = task.work;
    const lineage = this.#lineage();
    const name = lineage.nameOf(table);
    const { triggers = this.#hasTriggers(table) } = write.plan.policy;
    if (triggers) return false;
    // Those of which an author says that they write nowhere else may change the row itself.
    const effect = effectOf(task.work, task.rows, lineage.computed(name));
    const isTold = write.plan.policy.triggers !== false || !this.#hasTriggers(table);
    found.add(name, isTold ? changeOf(task, effect) : "*");
    const followed = effect === undefined ? [] : lineage.following(name, effect);
    for (const { name: follower, effect: then } of followed) found.add(follower, following(then));
    return !followed.some(({ info }) => this.#hasTriggers(info));
  }

  /** Tables of which an author says that they changed, and he says no more. */
  #named(tables: Tables): Changes {
    if (tables === "*") return tables;
    const found = new Found();
    for (const name of tables) {
      found.add(name, "*");
      for (const { name: follower, effect } of this.#lineage().following(name))
        found.add(follower, following(effect));
    }
    return found.changes;
  }

  /** What triggers write nobody knows; nor whether there are some, as long as the database has not said. */
  #hasTriggers(table: TableInfo): boolean {
    const has = this.#triggers.has(table);
    if (!(has instanceof Promise)) return has;
    has.catch(() => undefined);
    return true;
  }
}

/** Changes, by their tables. */
class Found {
  readonly changes = new Map<string, Change[] | "*">();

  add(name: string, change: Change | "*"): void {
    const known = this.changes.get(name) ?? [];
    this.changes.set(name, change === "*" || known === "*" ? "*" : [...known, change]);
  }
}

const NONE: ReadonlySet<string> = new Set();

const isNone = (changes: Tables | Changes): boolean => changes !== "*" && changes.size === 0;

const touchedBy = (changes: Changes): Tables => (changes === "*" ? changes : new Set(changes.keys()));
