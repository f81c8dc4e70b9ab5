import { type EventText, HEARTBEAT, retryAfter, writeEvent } from "./event.ts";
import { type Asked, type Floor, Subscription } from "./subscription.ts";

/** After so long a silence a line is sent that says nothing, in milliseconds. */
const SILENCE = 7_000;
/** When clients are to come back, at least, and so many milliseconds later at most. */
const RETRY = 1_000;
const SPREAD = 4_000;

const encoder = new TextEncoder();
const BEAT = encoder.encode(HEARTBEAT);

/** Events of questions that stand alone, which many are told. */
const texts = new WeakMap<EventText, Uint8Array>();

function bytesOf(event: EventText, key: string | undefined): Uint8Array {
  if (key !== undefined) return encoder.encode(writeEvent(event, key));
  let bytes = texts.get(event);
  if (bytes === undefined) texts.set(event, (bytes = encoder.encode(writeEvent(event))));
  return bytes;
}

/**
 * The events of some questions, one at a time: the next is made when its client has taken the last, of what is true then,
 * so that nothing waits for who does not read.
 */
export class Stream {
  readonly openedAt: number = performance.now();
  readonly subscriptions: readonly Subscription[];
  readonly body: ReadableStream<Uint8Array>;
  readonly #ended: (stream: Stream) => void;
  readonly #pending = new Set<Subscription>();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** Whether its client waits for something. */
  #wanted = false;
  #busy = false;
  #closed = false;
  /** When it was sent something last. */
  #sentAt: number = performance.now();

  constructor(asked: readonly Asked[], floor: Floor, ended: (stream: Stream) => void) {
    this.#ended = ended;
    const wake = (one: Subscription): void => this.#wake(one);
    this.subscriptions = asked.map((one) => new Subscription(one, floor, wake));
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => {
          this.#wanted = true;
          this.#flush();
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
    for (const one of this.subscriptions) this.#pending.add(one);
  }

  /** Sends a sign of life, where nothing else was sent for a while. */
  beat(now: number): void {
    if (!this.#wanted || this.#busy || now - this.#sentAt < SILENCE) return;
    this.#send(BEAT);
  }

  /** How long its client has left unread what it was sent, in milliseconds. */
  unread(now: number): number {
    return this.#wanted ? 0 : now - this.#sentAt;
  }

  /** Ends it for the server's own sake: its client is told when to come back. */
  finish(): void {
    if (this.#closed) return;
    this.#hand(encoder.encode(retryAfter(RETRY + Math.round(Math.random() * SPREAD))));
    this.#end();
  }

  /** Lets go of all that is kept for it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pending.clear();
    for (const one of this.subscriptions) one.close();
    this.#ended(this);
  }

  #wake(one: Subscription): void {
    if (this.#closed) return;
    this.#pending.add(one);
    this.#flush();
  }

  /** Says the next thing, where its client waits for one. */
  #flush(): void {
    while (this.#wanted && !this.#busy && !this.#closed) {
      const [one] = this.#pending;
      if (one === undefined) return;
      this.#pending.delete(one);
      const event = one.next();
      if (event instanceof Promise) return void this.#wait(one, event);
      this.#say(one, event);
    }
  }

  async #wait(one: Subscription, event: Promise<EventText | undefined>): Promise<void> {
    this.#busy = true;
    const said = await event;
    this.#busy = false;
    if (!this.#closed) this.#say(one, said);
    this.#flush();
  }

  #say({ key }: Subscription, event: EventText | undefined): void {
    if (event === undefined) return;
    this.#send(bytesOf(event, key));
    if (event.event !== "end" || !this.subscriptions.every(({ ended }) => ended)) return;
    this.#end();
  }

  #send(bytes: Uint8Array): void {
    this.#wanted = false;
    this.#sentAt = performance.now();
    this.#hand(bytes);
  }

  /** A server may have closed what its client has left, and not said so yet. */
  #hand(bytes: Uint8Array): void {
    try {
      this.#controller.enqueue(bytes);
    } catch {
      this.close();
    }
  }

  #end(): void {
    if (this.#closed) return;
    this.#controller.close();
    this.close();
  }
}
