import type { StreamQuestion } from "../../src/live/contract.ts";
import { ClientError, refused, unreadable } from "../error.ts";
import { eventsOf, type Heard } from "./events.ts";
import { patched } from "./patch.ts";
import { type LiveQuestion, tell } from "./question.ts";
import { shared } from "./shared.ts";
import { onReturn } from "./return.ts";

/** Asks for a stream. */
export type Connect = (questions: readonly StreamQuestion[], signal: AbortSignal) => Promise<Response>;

/** Parses what an event says. */
export type Read = (text: string) => unknown;

/** Who asks for more in so many milliseconds asks for all of it at once. */
const SETTLE = 10;
/** A stream that says nothing for so long is dead, in milliseconds: the server gives signs of life every 8 s. */
const SILENCE = 20_000;
/** The same, where the page has just come back. */
const DOUBT = 10_000;
const SHORTEST = 500;
const LONGEST = 30_000;
/** No timer takes more than 24 days, and nobody means so long. */
const FARTHEST = 3_600_000;

/** What is known of the answer of a question on one stream. */
type Known = Map<string, Pick<LiveQuestion, "id"> & { readonly data: unknown }>;

/** One stream for some questions: it comes back where it breaks, and is followed by another where the questions change. */
export class Channel {
  readonly #connect: Connect;
  readonly #read: Read;
  readonly #asked = new Map<string, LiveQuestion>();
  /** The stream that is heard. */
  #current: AbortController | undefined;
  /** The one that is to follow it, while it is not open yet. */
  #next: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the server has said how long to wait. */
  #told = false;
  #failures = 0;
  #heardAt = 0;
  #forget: (() => void) | undefined;

  constructor(connect: Connect, read: Read) {
    this.#connect = connect;
    this.#read = read;
  }

  get size(): number {
    return this.#asked.size;
  }

  add(question: LiveQuestion): void {
    this.#asked.set(question.key, question);
    this.#forget ??= onReturn((online) => this.#return(online));
    if (this.#timer === undefined) this.#wait(SETTLE);
  }

  remove({ key }: LiveQuestion): void {
    if (!this.#asked.delete(key)) return;
    // Who asks for nothing has nothing to wait for.
    if (this.size === 0 || this.#timer === undefined) this.#wait(SETTLE);
  }

  #wait(milliseconds: number, told = false): void {
    clearTimeout(this.#timer);
    this.#told = told;
    this.#timer = setTimeout(() => this.#open(), Math.min(milliseconds, FARTHEST));
  }

  /** The page is seen, or online, again. */
  #return(online: boolean): void {
    const isWaiting = this.#timer !== undefined;
    const isDoubtful = online || Date.now() - this.#heardAt > DOUBT;
    if (isWaiting ? !this.#told : isDoubtful && this.#next === undefined) this.#open();
  }

  /** Opens a stream for what is asked now; the one before it is heard until then. */
  #open(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next?.abort();
    this.#next = undefined;
    if (this.size > 0) return void this.#run((this.#next = new AbortController()));
    this.#current?.abort();
    this.#current = undefined;
    this.#forget?.();
    this.#forget = undefined;
  }

  async #run(stream: AbortController): Promise<void> {
    const asked = [...this.#asked.values()];
    let silence: ReturnType<typeof setTimeout> | undefined;
    const alive = (): void => {
      this.#heardAt = Date.now();
      clearTimeout(silence);
      silence = setTimeout(() => stream.abort(), SILENCE);
    };
    alive();
    // What sends requests, and is the author's, may not care for the signal.
    const dead = new Promise<undefined>((resolve) =>
      stream.signal.addEventListener("abort", () => resolve(undefined)),
    );
    const back = await Promise.race([this.#hear(stream, asked, alive), dead]).catch((error: unknown) => {
      if (stream === this.#next && error instanceof ClientError && isFinal(error))
        for (const question of asked) this.#end(question, error);
      return undefined;
    });
    clearTimeout(silence);
    stream.abort();
    this.#over(stream, back);
  }

  /** A stream has ended, or none has come of it. */
  #over(stream: AbortController, back: number | undefined): void {
    if (stream === this.#current) {
      this.#current = undefined;
      for (const question of this.#asked.values())
        if (question.state.status === "live") tell(question, { status: "disconnected" });
    } else if (stream === this.#next) this.#next = undefined;
    else return; // another has taken its place
    if (this.size > 0 && this.#next === undefined && this.#timer === undefined)
      this.#wait(Math.max(SHORTEST, back ?? this.#pause()), back !== undefined);
  }

  /** How long to wait where nobody says it: anything up to a bound that doubles, so that not all come back at once. */
  #pause(): number {
    const bound = Math.min(LONGEST, 2 * SHORTEST * 2 ** this.#failures++);
    return SHORTEST + Math.random() * (bound - SHORTEST);
  }

  /** Takes what a stream says, to its end. Gives how long to wait then, where the server has said it. */
  async #hear(
    stream: AbortController,
    asked: readonly LiveQuestion[],
    alive: () => void,
  ): Promise<number | undefined> {
    const known: Known = new Map(asked.map(({ key, id, state }) => [key, { id, data: state.data }]));
    const questions = asked.map(({ key, url, id }) => ({ key, url, ...(id !== undefined && { last: id }) }));
    const response = await this.#connect(questions, stream.signal);
    const failure = await failureOf(response);
    if (failure !== undefined) {
      if (isFinal(failure)) throw failure;
      return waitIn(response.headers);
    }
    if (stream !== this.#next) return undefined;
    this.#current?.abort();
    this.#current = stream;
    this.#next = undefined;
    let back: number | undefined;
    for await (const heard of eventsOf(response.body!, alive)) {
      if (stream !== this.#current) break;
      back = Number(heard.retry) || back;
      if (heard.data !== undefined) this.#take(heard, known);
    }
    return back;
  }

  #take({ event, id, data: text = "" }: Heard, known: Known): void {
    const { key, data } = this.#read(text) as { readonly key: string; readonly data: unknown };
    const question = this.#asked.get(key);
    const before = known.get(key);
    if (question === undefined || before === undefined) return;
    if (event === "end") return this.#end(question, refused({ status: 0 }, data));
    // A patch that does not fit breaks the stream, and all of the answer is asked for.
    question.id = undefined;
    const now =
      event === "patch"
        ? patched(before.data, data as never)
        : event === "same"
          ? before.data
          : shared(question.state.data, data);
    question.id = id;
    known.set(key, { id, data: now });
    this.#failures = 0;
    tell(question, { data: now, status: "live" });
  }

  #end(question: LiveQuestion, error: ClientError): void {
    this.#asked.delete(question.key);
    if (this.size === 0) this.#open();
    tell(question, { status: "ended", error });
  }
}

/** Why a response is no stream. */
async function failureOf(response: Response): Promise<ClientError | undefined> {
  const { ok, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") === true;
  if (ok && isStream && response.body !== null) return undefined;
  const body: unknown = await response.json().catch(() => undefined);
  return ok ? unreadable(response, undefined) : refused(response, body);
}

/** Whether a failure is the same when one asks again. */
const isFinal = ({ status, code }: ClientError): boolean =>
  status === 0 ? code !== "network" && code !== "timeout" : status < 500 && status !== 408 && status !== 429;

/** How long a server wants one to wait, in milliseconds. */
function waitIn(headers: Headers): number | undefined {
  const told = headers.get("retry-after") ?? "";
  const wait = /^\d+$/.test(told) ? Number(told) * 1_000 : Date.parse(told) - Date.now();
  return wait >= 0 ? wait : undefined;
}
