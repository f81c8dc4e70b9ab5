import { Questions } from "../../../client/live/questions.ts";
import { METHOD_OF } from "../../request/method.ts";
import { readHeaderLines } from "./model/call.ts";
import { parseJSON } from "./model/digits.ts";
import { type Asked, pathOf, urlOf } from "./model/request.ts";
import type { Store } from "./state.ts";

/** Keeps the answer of one question true, through the stream of the client. */
export class LiveAnswer {
  readonly #store: Store;
  readonly #questions: Questions;
  #leave = (): void => undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#questions = new Questions((questions, signal) => {
      const { place, headers } = store.state;
      const needed = { accept: "text/event-stream", "content-type": "application/json" };
      return fetch(`${place.origin}${place.base}/$live`, {
        method: METHOD_OF.insert,
        headers: { ...readHeaderLines(headers).headers, ...needed },
        body: JSON.stringify(questions),
        mode: "same-origin",
        redirect: "error",
        signal,
      });
    }, parseJSON);
  }

  /** Asks a question in place of the one before. */
  start(asked: Asked): void {
    this.#leave();
    const { place } = this.#store.state;
    const kept = this.#questions.store(pathOf(asked, place), () => urlOf(asked, place), undefined);
    this.#store.set({ live: "connecting" });
    this.#leave = kept.subscribe(() => this.#hear(asked, kept.get()));
    this.#hear(asked, kept.get());
  }

  stop(): void {
    this.#leave();
    this.#leave = () => undefined;
    this.#store.set({ live: "off" });
  }

  #hear(asked: Asked, { data, status, error }: Heard): void {
    const nothing = { asked, body: undefined, milliseconds: 0, bytes: 0 };
    if (status === "ended" && error !== undefined) {
      this.#leave = () => undefined;
      const { code, message, path, hint } = error;
      const refused = {
        status: error.status,
        code,
        error: message,
        ...(path && { path }),
        ...(hint && { hint }),
      };
      return this.#store.set({ live: "off", outcome: { ...nothing, status: error.status, refused } });
    }
    if (data === undefined) return this.#store.set({ live: status });
    const bytes = new Blob([JSON.stringify(data)]).size;
    this.#store.set({
      live: status,
      outcome: { ...nothing, status: 200, body: data, refused: undefined, bytes },
    });
  }
}

type Heard = ReturnType<ReturnType<Questions["store"]>["get"]>;
