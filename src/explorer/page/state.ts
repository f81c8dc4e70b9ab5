import type { LiveStatus } from "../../../client/live.ts";
import type { Access } from "./model/access.ts";
import type { Explanation } from "./model/explain.ts";
import type { Form } from "./model/forms.ts";
import type { Matrix } from "./model/matrix.ts";
import type { Asked, Place, Plain, Problem } from "./model/request.ts";
import type { RefusedAnswer } from "./model/refusal.ts";

/** What was answered to a question. */
export interface Outcome {
  readonly asked: Asked;
  readonly status: number;
  readonly body: unknown;
  readonly refused: RefusedAnswer | undefined;
  readonly milliseconds: number;
  readonly bytes: number;
}

/** A text that is being typed, and what is wrong with it. */
export interface Draft {
  readonly text: string;
  readonly problem?: Problem;
}

/** A row that is changed or removed: its key, and all that is seen of it. */
export interface RowAsked {
  readonly by: Plain;
  readonly row: Plain;
}

export type DialogAsked =
  | { readonly kind: "keys" | "caller" | "sure" }
  | ({ readonly kind: "change" | "remove" } & RowAsked);

/** What fills the right side. */
export type Look = "rows" | "json" | "chart" | "why";

/** All the page knows. It is never changed, only followed by another. */
export interface State {
  readonly place: Place;
  readonly page: "question" | "matrix";
  /** What the caller may do; nothing before it is known. */
  readonly access: Access | undefined;
  /** Why that is not known. */
  readonly unavailable: RefusedAnswer | undefined;
  /** As who he asks, as far as the server says so. */
  readonly roles: readonly string[] | undefined;
  /** Whether he may look behind the rules. */
  readonly inspects: boolean;
  readonly asked: Asked | undefined;
  readonly form: Form;
  readonly draft: Draft | undefined;
  readonly outcome: Outcome | undefined;
  readonly running: boolean;
  readonly live: LiveStatus | "off";
  readonly look: Look;
  readonly why: Explanation | RefusedAnswer | undefined;
  readonly matrix: Matrix | RefusedAnswer | undefined;
  readonly dialog: DialogAsked | undefined;
  /** Header lines, for as long as the page is open. */
  readonly headers: string;
  readonly news: string;
}

/** What is known when the page opens. */
export const initial = (place: Place): State => ({
  place,
  page: "question",
  access: undefined,
  unavailable: undefined,
  roles: undefined,
  inspects: false,
  asked: undefined,
  form: "rjson",
  draft: undefined,
  outcome: undefined,
  running: false,
  live: "off",
  look: "rows",
  why: undefined,
  matrix: undefined,
  dialog: undefined,
  headers: "",
  news: "",
});

/** Keeps the state, and tells who shows it that there is another. */
export class Store {
  #state: State;
  readonly #show: (state: State) => void;
  #waiting = false;

  constructor(state: State, show: (state: State) => void) {
    this.#state = state;
    this.#show = show;
  }

  get state(): State {
    return this.#state;
  }

  /** The changes of one turn are shown once. */
  set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      this.#show(this.#state);
    });
  }
}
