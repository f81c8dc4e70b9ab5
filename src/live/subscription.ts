import { HttpError } from "../error.ts";
import type { EventText } from "./event.ts";
import type { Group, Member, Question } from "./group.ts";
import type { Groups } from "./groups.ts";
import type { State } from "./state.ts";

/** Where a question comes from: whoever asks, and how it is made ready. */
export interface Source {
  /** Whose share it is asked in, as far as is known. */
  readonly caller: string;
  /**
   * Asks anew who asks, and what his rules say.
   *
   * @throws HttpError for who may not, or may no longer.
   */
  ready(): Promise<Question>;
  /** The body of a refusal, as he is told it. */
  tell(error: HttpError): string;
}

/** A question of a stream. */
export interface Asked {
  readonly source: Source;
  /** What its events carry, where a stream has several. */
  readonly key?: string | undefined;
  /** The id of the answer that is known. */
  readonly last?: string | undefined;
}

/** What subscriptions share. */
export interface Floor {
  readonly groups: Groups;
  /** Lets so many be made ready at once. */
  ready<T>(work: () => Promise<T>): Promise<T>;
  /** Hears of what failed and is tried again. */
  failed(error: unknown): void;
  /** Numbers those whose answers are nobody else's. */
  count(): number;
}

/** So long nobody is asked again who he is, in milliseconds. */
const KNOWN = 1_000;
/** When it is tried again to ask him where that failed. */
const AGAIN = 1_000;

/** One question of one stream: what it was told last, and what it is to be told. */
export class Subscription implements Member {
  readonly key: string | undefined;
  /** When it was asked last who asks, by `performance.now()`. */
  checkedAt: number = Number.NEGATIVE_INFINITY;
  readonly #source: Source;
  readonly #floor: Floor;
  /** Told when there may be something to say. */
  readonly #wake: (subscription: Subscription) => void;
  #last: string | undefined;
  #group: Group | undefined;
  /** What its client knows. */
  #sent: State | undefined;
  #refusal: HttpError | undefined;
  #ended = false;
  #checking: Promise<boolean> | undefined;
  /** How often somebody wanted to know for sure who asks. */
  #forced = 0;
  #retryAt = 0;
  #own: number | undefined;

  constructor({ source, key, last }: Asked, floor: Floor, wake: (subscription: Subscription) => void) {
    this.key = key;
    this.#last = last;
    this.#source = source;
    this.#floor = floor;
    this.#wake = wake;
  }

  get caller(): string {
    return this.#source.caller;
  }

  /** Whether nothing more will be said. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Asks for the first time.
   *
   * @throws HttpError as a GET; `entered` may throw when it is known who asks.
   */
  async open(entered: () => void = () => undefined): Promise<void> {
    const question = await this.#ready();
    entered();
    await this.#join(question);
  }

  changed(): void {
    this.#wake(this);
  }

  refused(error: HttpError): void {
    this.#refusal = error;
    this.leave();
    this.#wake(this);
  }

  /** Has it asked anew who asks, before anything else is said. */
  recheck(): void {
    this.#forced++;
    this.checkedAt = Number.NEGATIVE_INFINITY;
    this.check();
  }

  /** Asks who asks, beside all else. */
  check(): void {
    if (this.#isOver || this.#checking !== undefined || performance.now() < this.#retryAt) return;
    void this.#check().then(() => this.#wake(this));
  }

  leave(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    group.members.delete(this);
    this.#floor.groups.left(group);
  }

  /** Ends it without a word. */
  close(): void {
    this.#ended = true;
    this.leave();
  }

  /** What is to be said now, if anything is: nothing before it is known that the one who asks still may. */
  next(): EventText | undefined | Promise<EventText | undefined> {
    if (this.#ended) return undefined;
    if (this.#refusal !== undefined) return this.#end(this.#refusal);
    if (!this.#isNews) return undefined;
    const now = performance.now();
    if (now - this.checkedAt <= KNOWN) return this.#say();
    if (now < this.#retryAt) return undefined; // and is looked at again then
    return this.#check().then((known) => (known ? this.#saySomething() : undefined));
  }

  /** What is to be said when it has just been asked who asks. */
  #saySomething(): EventText | undefined {
    if (this.#ended) return undefined;
    if (this.#refusal !== undefined) return this.#end(this.#refusal);
    return this.#isNews ? this.#say() : undefined;
  }

  get #isNews(): boolean {
    const state = this.#group?.state;
    return state !== undefined && state !== this.#sent;
  }

  #say(): EventText | undefined {
    const group = this.#group!;
    const state = group.state!;
    const before = this.#sent;
    this.#sent = state;
    if (before === undefined) {
      const known = this.#last === state.id;
      this.#last = undefined;
      return known ? { event: "same", id: state.id } : state.whole;
    }
    if (before.json === state.json) return undefined;
    return state.since(before, group.question.identity);
  }

  #end(error: HttpError): EventText {
    this.close();
    return { event: "end", data: this.#source.tell(error) };
  }

  /** Whether it is known who asks, or that he may not. Who comes while it is asked shares what it comes to. */
  #check(): Promise<boolean> {
    return (this.#checking ??= this.#ask().finally(() => (this.#checking = undefined)));
  }

  async #ask(): Promise<boolean> {
    let forced: number;
    do {
      forced = this.#forced;
      try {
        const question = await this.#ready();
        if (!this.#isOver) await this.#join(question);
      } catch (error) {
        if (!this.#isOver && !this.#refuse(error)) return false;
      }
    } while (forced !== this.#forced && !this.#isOver);
    return true;
  }

  get #isOver(): boolean {
    return this.#ended || this.#refusal !== undefined;
  }

  /** Whether an error says that he may not ask; else he is asked again later, and nothing is said before. */
  #refuse(error: unknown): boolean {
    if (error instanceof HttpError && error.status < 500) {
      this.#refusal = error;
      this.leave();
      return true;
    }
    this.checkedAt = Number.NEGATIVE_INFINITY;
    this.#retryAt = Number.POSITIVE_INFINITY;
    setTimeout(() => {
      this.#retryAt = 0;
      this.check();
    }, AGAIN);
    this.#floor.failed(error);
    return false;
  }

  /** What the functions of the author see, they see from now on. */
  #ready(): Promise<Question> {
    return this.#floor.ready(async () => {
      const [began, forced] = [performance.now(), this.#forced];
      const question = await this.#source.ready();
      if (forced === this.#forced) this.checkedAt = began;
      return question;
    });
  }

  /** Goes to those for whom the question is the same; whose answer is nobody else's stays alone. */
  async #join(question: Question): Promise<void> {
    const share = question.formatted
      ? `${(this.#own ??= this.#floor.count())} ${question.share}`
      : question.share;
    const group = this.#floor.groups.of(share, question);
    group.question = question;
    if (group === this.#group) return;
    this.leave();
    this.#group = group;
    group.members.add(this);
    try {
      await group.fresh(this.caller);
    } catch (error) {
      if (this.#group === group) this.leave();
      throw error;
    }
  }
}
