import { QueryError, shareUsedUp } from "../error.ts";
import type { Settings } from "./options.ts";
import { Stream } from "./stream.ts";
import type { Asked, Floor } from "./subscription.ts";

/** How often streams are looked after, in milliseconds. */
const TICK = 1_000;

/** All streams of a route, and their bounds. */
export class Streams {
  readonly #settings: Settings;
  readonly #floor: Floor;
  /** Those that are open, and whose they are. */
  readonly #open = new Map<Stream, string>();
  readonly #byCaller = new Map<string, number>();
  /** Told when the first comes, and when the last has gone. */
  readonly #some: (some: boolean) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(settings: Settings, floor: Floor, some: (some: boolean) => void) {
    this.#settings = settings;
    this.#floor = floor;
    this.#some = some;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Opens a stream of one question.
   *
   * @throws HttpError as a GET, and `busy` for one stream more than there may be.
   */
  async one(asked: Asked): Promise<ReadableStream<Uint8Array>> {
    this.#assertRoom();
    const stream = new Stream([asked], this.#floor, (ended) => this.#leave(ended));
    const [subscription] = stream.subscriptions;
    try {
      await subscription!.open(() => this.#enter(stream, subscription!.caller));
    } catch (error) {
      stream.close();
      throw error;
    }
    return stream.body;
  }

  /**
   * Opens a stream of several questions, each of which stands or ends for itself.
   *
   * @throws QueryError `busy` for one stream more than there may be.
   */
  several(caller: string, asked: readonly Asked[]): ReadableStream<Uint8Array> {
    this.#assertRoom();
    const stream = new Stream(asked, this.#floor, (ended) => this.#leave(ended));
    this.#enter(stream, caller);
    for (const one of stream.subscriptions) one.check();
    return stream.body;
  }

  /** Asks those of a caller anew who they are; all where none is named. */
  recheck(caller: string | undefined): void {
    for (const { subscriptions } of this.#open.keys())
      for (const one of subscriptions) if (caller === undefined || one.caller === caller) one.recheck();
  }

  /** Ends all, and lets in no other. */
  close(): void {
    this.#closed = true;
    for (const stream of this.#open.keys()) stream.finish();
  }

  #assertRoom(): void {
    if (this.#closed || this.#open.size >= this.#settings.maxStreams) throw full();
  }

  #enter(stream: Stream, caller: string): void {
    this.#assertRoom();
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= this.#settings.maxStreamsPerCaller) throw shareUsedUp();
    this.#byCaller.set(caller, own + 1);
    this.#open.set(stream, caller);
    if (this.#open.size > 1) return;
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#some(true);
  }

  #leave(stream: Stream): void {
    const caller = this.#open.get(stream);
    if (caller === undefined) return;
    this.#open.delete(stream);
    const own = this.#byCaller.get(caller)! - 1;
    if (own === 0) this.#byCaller.delete(caller);
    else this.#byCaller.set(caller, own);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#some(false);
  }

  #tick(): void {
    const { maxAge, recheck, stallTimeout } = this.#settings;
    const now = performance.now();
    for (const stream of this.#open.keys())
      if (now - stream.openedAt >= maxAge || stream.unread(now) >= stallTimeout) stream.finish();
      else {
        stream.beat(now);
        for (const one of stream.subscriptions) if (now - one.checkedAt >= recheck) one.check();
      }
  }
}

const full = (): QueryError =>
  new QueryError("busy", "there are too many streams", {
    hint: "come again in a while",
    headers: { "Retry-After": "5" },
  });
