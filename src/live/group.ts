import { Buffer } from "node:buffer";
import type { LiveRead } from "../engine/engine.ts";
import { HttpError, tooLargeAnswer } from "../error.ts";
import { isResponse } from "../response.ts";
import { State } from "./state.ts";

/** One who is told of an answer. */
export interface Member {
  /** Whose share it is asked in. */
  readonly caller: string;
  /** There is another state. */
  changed(): void;
  /** It can be asked no longer. */
  refused(error: HttpError): void;
}

/** An answer as JSON, or what an author's formatter answered in its place. */
export type Answered = { readonly json: string } | Response;

/** A question that is ready to be asked again and again. */
export type Question = LiveRead<Answered>;

/** Thrown where a formatter answers a `Response`, of which no changes can be told. */
class Responded extends HttpError {
  constructor() {
    super("this is answered by a response of its own, which is not kept true", 406);
  }
}

/** What groups are made with. */
export interface Ground {
  readonly maxLiveAnswer: number;
  /** Counts the changes there have been. */
  readonly clock: { generation: number };
  /** The id of an answer, for those who share it. */
  readonly idOf: (share: string, json: string) => string;
  /** Hears that a group was asked. */
  readonly asked: (group: Group) => void;
}

/** Nobody whose leaving would end what is done for others. */
const FOR_ALL = new AbortController().signal;

/** Those who ask the same under rules that answer the same: they are asked for once. */
export class Group {
  readonly share: string;
  /** As it was made ready last. */
  question: Question;
  readonly interest: ReturnType<Question["interest"]>;
  readonly members: Set<Member> = new Set();
  state: State | undefined;
  /** When it was asked last, by `performance.now()`. */
  startedAt: number = Number.NEGATIVE_INFINITY;
  /** Since when it waits to be asked again. */
  waitsSince: number | undefined;
  readonly #ground: Ground;
  /** The change it was told of last, and the last one that it was asked after. */
  #raised = 0;
  #asked = 0;
  #running: Promise<State> | undefined;
  #next: Promise<State> | undefined;

  constructor(share: string, question: Question, ground: Ground) {
    this.share = share;
    this.question = question;
    this.interest = question.interest();
    this.#ground = ground;
  }

  /** Whether something has changed since it was asked. */
  get isDue(): boolean {
    return this.#raised > this.#asked;
  }

  /** Something has changed that it depends on. */
  raise(): void {
    this.#raised = this.#ground.clock.generation;
    this.waitsSince ??= performance.now();
  }

  /**
   * Asks, after this was called; those who call while it is being asked share the next time.
   *
   * @throws HttpError as a GET.
   */
  fresh(caller: string): Promise<State> {
    if (this.#running === undefined) return this.#begin(caller);
    return (this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin(caller);
      }));
  }

  #begin(caller: string): Promise<State> {
    const running = this.#ask(caller).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return (this.#running = running);
  }

  async #ask(caller: string): Promise<State> {
    const { clock, maxLiveAnswer, idOf, asked: heard } = this.#ground;
    const asked = this.#asked;
    this.#asked = clock.generation;
    this.waitsSince = undefined;
    this.startedAt = performance.now();
    try {
      const answer = await this.question.ask({ caller, signal: FOR_ALL });
      heard(this);
      if (isResponse(answer)) throw new Responded();
      const { json } = answer;
      if (json.length * 3 > maxLiveAnswer && Buffer.byteLength(json) > maxLiveAnswer)
        throw tooLargeAnswer(maxLiveAnswer);
      if (this.state?.json === json) return this.state;
      this.state = new State(json, idOf(this.share, json));
    } catch (error) {
      this.#asked = Math.min(this.#asked, asked);
      throw error;
    }
    for (const member of this.members) member.changed();
    return this.state;
  }

  /** Another of its members each time. */
  next(): Member | undefined {
    const [member] = this.members;
    if (member !== undefined && this.members.size > 1) {
      this.members.delete(member);
      this.members.add(member);
    }
    return member;
  }
}
