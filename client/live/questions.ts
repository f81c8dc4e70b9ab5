import type { LiveState } from "../api/live.ts";
import type { ClientError } from "../error.ts";
import { Channel, type Connect, type Read } from "./channel.ts";
import { type LiveQuestion, tell } from "./question.ts";

/** How many questions a stream takes. */
const MOST = 50;
/** Who leaves and comes back within so many milliseconds has not left, as components of React do in strict mode. */
const LINGER = 10;

/** What becomes of one answer, for whoever shows it. */
export interface Store {
  /** What is known of it now: the same object until that is something else. */
  readonly get: () => LiveState<unknown>;
  /** What is known before anything was heard: what a page shows that a server has rendered. */
  readonly first: () => LiveState<unknown>;
  /** Has it kept true until what it gives is called. */
  readonly subscribe: (listener: () => void) => () => void;
}

/** The questions of one client, each of which is asked once, however many ask it. */
export class Questions {
  readonly #connect: Connect;
  readonly #read: Read;
  readonly #asked = new Map<string, LiveQuestion>();
  readonly #channels: Channel[] = [];
  #made = 0;

  constructor(connect: Connect, read: Read = JSON.parse) {
    this.#connect = connect;
    this.#read = read;
  }

  /** The answer of a question that has a name and is asked of what `locate` gives, which may throw. */
  store(name: string, locate: () => string, initial: unknown): Store {
    const fresh: LiveState<unknown> = { data: initial, status: "connecting", error: undefined };
    let own: LiveQuestion | undefined;
    return {
      first: () => fresh,
      get: () => (own ?? this.#asked.get(name))?.state ?? fresh,
      subscribe: (listener) => {
        const question = (own = this.#asked.get(name) ?? this.#ask(name, locate, own, fresh));
        if (question.state.data === undefined && initial !== undefined) tell(question, { data: initial });
        // Who listens twice is told twice.
        const hear = (): void => listener();
        question.listeners.add(hear);
        return () => {
          question.listeners.delete(hear);
          setTimeout(() => question.listeners.size === 0 && this.#forget(name, question), LINGER);
        };
      },
    };
  }

  /** Asks a question; `before` is the same as it was asked before, whose answer may be true still. */
  #ask(
    name: string,
    locate: () => string,
    before: LiveQuestion | undefined,
    fresh: LiveState<unknown>,
  ): LiveQuestion {
    const key = (++this.#made).toString(36);
    const isOver = before === undefined || before.state.status === "ended";
    const question: LiveQuestion = {
      key,
      url: "",
      listeners: new Set(),
      id: isOver ? undefined : before.id,
      state: isOver ? fresh : { ...before.state, status: "connecting" },
      // Whoever asks next asks anew.
      ended: () => this.#asked.get(name) === question && this.#asked.delete(name),
    };
    try {
      question.url = locate();
    } catch (error) {
      question.state = { ...question.state, status: "ended", error: error as ClientError };
      return question;
    }
    this.#asked.set(name, question);
    this.#channel().add(question);
    return question;
  }

  /** The first stream that has room. */
  #channel(): Channel {
    let channel = this.#channels.find(({ size }) => size < MOST);
    if (channel === undefined) this.#channels.push((channel = new Channel(this.#connect, this.#read)));
    return channel;
  }

  #forget(name: string, question: LiveQuestion): void {
    if (this.#asked.get(name) === question) this.#asked.delete(name);
    for (const channel of this.#channels) channel.remove(question);
  }
}
