import type { Changes } from "../engine/engine.ts";
import { Dependents } from "./dependents.ts";
import { Group, type Ground, type Question } from "./group.ts";
import type { Schedule } from "./schedule.ts";

/** All answers that are kept true, by what they depend on. */
export class Groups {
  readonly #ground: Ground;
  readonly #schedule: Schedule;
  readonly #shared = new Map<string, Group>();
  readonly #byTable = new Map<string, Dependents<Group>>();
  /** Those of which nobody knows on what they depend. */
  readonly #ofAny = new Set<Group>();

  constructor(ground: Ground, schedule: Schedule) {
    this.#ground = ground;
    this.#schedule = schedule;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** The group of those for whom a question is the same. */
  of(share: string, question: Question): Group {
    let group = this.#shared.get(share);
    if (group === undefined) {
      this.#shared.set(share, (group = new Group(share, question, this.#ground)));
      for (const set of this.#setsOf(group)) set.add(group);
    }
    return group;
  }

  /** A member has left; an answer that nobody wants is asked no more. */
  left(group: Group): void {
    if (group.members.size > 0 || this.#shared.get(group.share) !== group) return;
    this.#shared.delete(group.share);
    this.#schedule.forget(group);
    for (const set of this.#setsOf(group)) set.delete(group);
    const { tables } = group.interest;
    if (tables !== "*")
      for (const name of tables) if (this.#byTable.get(name)?.size === 0) this.#byTable.delete(name);
  }

  /** Rows of tables have changed; those are asked again whose answers that may concern. */
  changed(changes: Changes): void {
    this.#ground.clock.generation++;
    for (const group of this.#concernedBy(changes)) {
      group.raise();
      this.#schedule.want(group);
    }
  }

  #concernedBy(changes: Changes): Iterable<Group> {
    if (changes === "*") return this.#shared.values();
    const found = new Set(this.#ofAny);
    for (const [name, of] of changes) this.#byTable.get(name)?.collect(of, found);
    return found;
  }

  #setsOf({
    interest: { tables },
  }: Group): readonly { add(group: Group): unknown; delete(group: Group): unknown }[] {
    if (tables === "*") return [this.#ofAny];
    return [...tables].map((name) => {
      let of = this.#byTable.get(name);
      if (of === undefined) this.#byTable.set(name, (of = new Dependents(name)));
      return of;
    });
  }
}
