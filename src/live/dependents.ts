import type { LiveRead, TableChanges } from "../engine/engine.ts";

/** What depends on tables. */
export interface Dependent {
  readonly interest: ReturnType<LiveRead<unknown>["interest"]>;
}

/** All that depends on a table: what concerns only rows of some values of a column is found by these. */
export class Dependents<T extends Dependent> {
  readonly #table: string;
  readonly #all = new Set<T>();
  /** By columns, and by the marks of their values. */
  readonly #keyed = new Map<string, Map<string, Set<T>>>();
  readonly #rest = new Set<T>();

  constructor(table: string) {
    this.#table = table;
  }

  get size(): number {
    return this.#all.size;
  }

  add(one: T): void {
    this.#all.add(one);
    const key = one.interest.key(this.#table);
    if (key === undefined) return void this.#rest.add(one);
    const byMark = setIn(this.#keyed, key.column, () => new Map<string, Set<T>>());
    for (const mark of key.marks) setIn(byMark, mark, () => new Set<T>()).add(one);
  }

  delete(one: T): void {
    if (!this.#all.delete(one) || this.#rest.delete(one)) return;
    const { column, marks } = one.interest.key(this.#table)!;
    const byMark = this.#keyed.get(column)!;
    for (const mark of marks) {
      const set = byMark.get(mark)!;
      set.delete(one);
      if (set.size === 0) byMark.delete(mark);
    }
  }

  /** Adds those that changes may concern. */
  collect(changes: TableChanges, found: Set<T>): void {
    if (changes === "*") for (const one of this.#all) found.add(one);
    else
      for (const change of changes)
        for (const some of this.#candidates(change))
          for (const one of some)
            if (!found.has(one) && one.interest.concerns(this.#table, change)) found.add(one);
  }

  *#candidates({ held }: Exclude<TableChanges, "*">[number]): Iterable<Iterable<T>> {
    yield this.#rest;
    for (const [column, byMark] of this.#keyed) {
      const marks = held().get(column);
      if (marks === undefined) yield* byMark.values();
      else for (const mark of marks) yield byMark.get(mark) ?? [];
    }
  }
}

function setIn<Key, T>(map: Map<Key, T>, key: Key, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
