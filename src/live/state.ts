import { parseJSON, writeDigits } from "../digits.ts";
import { difference, type Identity } from "./difference.ts";
import type { EventText } from "./event.ts";

/** An answer as it is at a time, which all share who are told it. It never changes. */
export class State {
  readonly json: string;
  /** Stands for it, so that a client which comes back need not be told it again. */
  readonly id: string;
  /** What tells of it to those who know another. */
  readonly #changes = new WeakMap<State, EventText>();

  constructor(json: string, id: string) {
    this.json = json;
    this.id = id;
  }

  /** Tells of it whole. */
  get whole(): EventText {
    return { event: "answer", id: this.id, data: this.json };
  }

  /** Tells of it to one who knows another: by what has changed, unless that takes longer. */
  since(before: State, identity: Identity): EventText {
    let event = this.#changes.get(before);
    if (event === undefined) this.#changes.set(before, (event = this.#since(before, identity)));
    return event;
  }

  #since(before: State, identity: Identity): EventText {
    const data = writeDigits(difference(parseJSON(before.json), parseJSON(this.json), identity));
    return data.length < this.json.length ? { event: "patch", id: this.id, data } : this.whole;
  }
}
