import { Gone, timeout } from "./error.ts";

/** What is there at once, or later. What waits for nothing is no promise: each costs those who ask something. */
export type Later<T> = T | Promise<T>;

/**
 * Goes on with what is given, at once where it is there. What else the next step needs may be handed on with it: every read
 * passes a dozen such steps, and a function made for each of them would cost more than what it does.
 */
export function goOn<T, Made>(given: Later<T>, onward: (given: T) => Later<Made>): Later<Made>;
export function goOn<T, Made, A>(given: Later<T>, onward: (given: T, a: A) => Later<Made>, a: A): Later<Made>;
export function goOn<T, Made, A, B>(
  given: Later<T>,
  onward: (given: T, a: A, b: B) => Later<Made>,
  a: A,
  b: B,
): Later<Made>;
export function goOn(given: unknown, onward: Step, a?: unknown, b?: unknown): unknown {
  return given instanceof Promise ? later(given, onward, a, b) : onward(given, a, b);
}

type Step = (given: unknown, a: unknown, b: unknown) => unknown;

/** Apart, so that nothing is made for it where nothing is waited for. */
const later = (given: Promise<unknown>, onward: Step, a: unknown, b: unknown): Promise<unknown> =>
  given.then((made) => onward(made, a, b));

/** Does work, and then what ends it, whatever came of it. */
export function ending<T, A, B>(
  work: (a: A, b: B) => Later<T>,
  end: (a: A, b: B) => void,
  a: A,
  b: B,
): Later<T> {
  let answer: Later<T>;
  try {
    answer = work(a, b);
  } catch (error) {
    end(a, b);
    throw error;
  }
  if (answer instanceof Promise) return endingLater(answer, end, a, b);
  end(a, b);
  return answer;
}

/** `finally` makes two promises more, of what it does. */
const endingLater = <T, A, B>(answer: Promise<T>, end: (a: A, b: B) => void, a: A, b: B): Promise<T> =>
  answer.then(
    (made) => {
      end(a, b);
      return made;
    },
    (error: unknown) => {
      end(a, b);
      throw error;
    },
  );

/** Does work, or, where it fails, what is done instead. */
export function orElse<T, A, B>(
  work: (a: A, b: B) => Later<T>,
  instead: (error: unknown, a: A, b: B) => Later<T>,
  a: A,
  b: B,
): Later<T> {
  let answer: Later<T>;
  try {
    answer = work(a, b);
  } catch (error) {
    return instead(error, a, b);
  }
  return answer instanceof Promise ? elseLater(answer, instead, a, b) : answer;
}

const elseLater = <T, A, B>(
  answer: Promise<T>,
  instead: (error: unknown, a: A, b: B) => Later<T>,
  a: A,
  b: B,
): Promise<T> => answer.catch((error: unknown) => instead(error, a, b));

/** Rests for so many milliseconds. */
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Lets all that is due go first: what has arrived meanwhile, too. */
export const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * A time that may pass while work goes on, set anew for each of its steps. Whoever waits in a queue has a timer of the
 * queue's instead, which takes him out of it.
 */
export class Limit {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #ended = false;
  /** Whether it has passed. */
  over = false;

  /** Does something when a time has passed, in place of what was waited for. */
  after(milliseconds: number, act: () => void): void {
    this.lift();
    if (!this.#ended) this.#timer = setTimeout(act, milliseconds);
  }

  /** Gives the work up when a time has passed, in place of what was waited for. */
  set(milliseconds: number, error: () => unknown): void {
    this.after(milliseconds, () => {
      this.over = true;
      this.#reject?.(error());
    });
  }

  /** Nothing is waited for. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Waits for work until the time has passed; what is late goes on alone, and the limit is of no more use. */
  race<T>(work: Promise<T>): Promise<T> {
    const first = new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
    });
    return endingLater(first, Limit.#end, this, undefined);
  }

  static readonly #end = (limit: Limit): void => {
    limit.#ended = true;
    limit.lift();
  };
}

/** Does something to each item that stays longer than any may, by one timer for all: one for each would cost every request. */
export class Patience<Item> {
  readonly #milliseconds: number;
  readonly #over: (item: Item) => void;
  /** When each item is due; all may stay equally long, so they stand in that order. */
  readonly #due = new Map<Item, number>();
  readonly #holds: boolean;
  #armed = false;

  /** `holds` where a process must not end before its timer has. */
  constructor(milliseconds: number, over: (item: Item) => void, holds = false) {
    this.#milliseconds = milliseconds;
    this.#over = over;
    this.#holds = holds;
  }

  begin(item: Item): void {
    this.#due.set(item, performance.now() + this.#milliseconds);
    this.#arm();
  }

  end(item: Item): void {
    this.#due.delete(item);
  }

  #arm(): void {
    const next = this.#due.values().next();
    if (this.#armed || next.done) return;
    this.#armed = true;
    const timer = setTimeout(() => this.#sweep(), Math.max(0, next.value - performance.now()));
    if (!this.#holds) (timer as { unref?: () => void }).unref?.();
  }

  #sweep(): void {
    this.#armed = false;
    const now = performance.now();
    try {
      for (const [item, due] of this.#due) {
        if (due > now) break;
        this.#due.delete(item);
        this.#over(item);
      }
    } finally {
      this.#arm(); // whatever became of one, the others have theirs
    }
  }
}

/** Who may leave before he is answered; a server makes the signal when it is looked at first, which costs something. */
export interface Leaving {
  readonly signal: AbortSignal;
}

/** How long one waits in a queue. */
export interface Patient {
  /** In milliseconds; without it there is no end. */
  readonly waitMs?: number | undefined;
  /** Whoever leaves waits no longer. */
  readonly leaving?: Leaving | undefined;
  /** Whether it is looked at once whether he leaves, and not only when he has waited for a while. */
  readonly watched?: boolean;
  /** What is told to whom it takes too long. */
  readonly late: () => unknown;
}

/** One who waits in a queue, for whom is at its head. */
export interface Queued<T> {
  readonly enter: (given: T) => void;
  readonly fail: (error: unknown) => void;
}

/** So many milliseconds one waits before it is looked whether he leaves, or is late: most have had their turn by then. */
export const BRIEF = 10;

const brief = new Patience<Waiter<unknown>>(BRIEF, (waiter) => waiter.watch(), true);

/**
 * Waits in a queue, which `join` enters; what that answers leaves the queue without having been let in. Nobody's work is
 * raced: it has not begun.
 *
 * @throws Gone when he leaves, what `late` says when `waitMs` are over.
 */
export function queued<T>(patient: Patient, join: (one: Queued<T>) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const waiter = new Waiter(patient, resolve, reject);
    waiter.begin(join);
  });
}

class Waiter<T> implements Queued<T> {
  readonly #patient: Patient;
  readonly #resolve: (given: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #since = performance.now();
  #leave: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: AbortSignal | undefined;
  #settled = false;

  constructor(patient: Patient, resolve: (given: T) => void, reject: (error: unknown) => void) {
    this.#patient = patient;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(join: (one: Queued<T>) => () => void): void {
    this.#leave = join(this);
    if (this.#settled) return;
    const { waitMs = Number.POSITIVE_INFINITY, watched = false } = this.#patient;
    if (watched || waitMs <= BRIEF) this.watch();
    else brief.begin(this as Waiter<unknown>);
  }

  readonly enter = (given: T): void => {
    this.#settle();
    this.#resolve(given);
  };

  readonly fail = (error: unknown): void => {
    this.#settle();
    this.#reject(error);
    this.#leave!();
  };

  /** Looks from now on whether he leaves, or is late. */
  watch(): void {
    const { waitMs, leaving, late } = this.#patient;
    const signal = leaving?.signal;
    if (signal?.aborted === true) return this.#gone();
    signal?.addEventListener("abort", this.#gone);
    this.#watched = signal;
    if (waitMs === undefined) return;
    const left = Math.max(0, waitMs - (performance.now() - this.#since));
    this.#timer = setTimeout(() => this.fail(late()), left);
  }

  readonly #gone = (): void => this.fail(new Gone());

  #settle(): void {
    this.#settled = true;
    brief.end(this as Waiter<unknown>);
    clearTimeout(this.#timer);
    this.#watched?.removeEventListener("abort", this.#gone);
  }
}

/**
 * Waits for work so long and no longer; what is late goes on alone. Work that is no promise is done already, and costs
 * no timer.
 *
 * @throws QueryError `timeout` when `milliseconds` are over, or what `late` says.
 */
export function within<T>(
  milliseconds: number,
  work: Later<T>,
  late: () => unknown = () => timeout(milliseconds),
): Promise<T> {
  if (!isThenable(work)) return Promise.resolve(work);
  const limit = new Limit();
  limit.set(milliseconds, late);
  return limit.race(Promise.resolve(work));
}

/** Waits for much work equally long, by one timer for all of it. */
export class SharedLimit {
  readonly #late: () => unknown;
  readonly #patience: Patience<() => void>;

  constructor(milliseconds: number, late: () => unknown = () => timeout(milliseconds)) {
    this.#late = late;
    this.#patience = new Patience(milliseconds, (over) => over());
  }

  /**
   * What is late goes on alone, unless `stop` ends it.
   *
   * @throws QueryError `timeout`, or what else is said of what is late.
   */
  within<T>(work: Promise<T>, stop?: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        stop?.();
        reject(this.#late());
      };
      this.#patience.begin(over);
      work.then(
        (made) => (this.#patience.end(over), resolve(made)),
        (error: unknown) => (this.#patience.end(over), reject(error)),
      );
    });
  }
}

/** Waits for work so long and no longer, whatever becomes of it. */
export async function waitFor(milliseconds: number, work: Promise<unknown>): Promise<void> {
  try {
    await within(milliseconds, work);
  } catch {}
}

/** Whether a value is to be waited for. */
export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";

/** Runs a function of an author, and waits for what it answers so long and no longer. */
export function bounded<T>(milliseconds: number, work: () => Later<T>, late?: () => unknown): Later<T> {
  const answer = work();
  return isThenable(answer) ? within(milliseconds, Promise.resolve(answer) as Promise<T>, late) : answer;
}

/** The parts of a runtime that tell how long its processors have worked for this thread, or else for this process. */
interface Runtime {
  readonly threadCpuUsage?: () => Usage;
  readonly cpuUsage?: () => Usage;
}
interface Usage {
  readonly user: number;
  readonly system: number;
}
const { process: runtime } = globalThis as { process?: Runtime };

/** In milliseconds; where nobody tells, as if this thread never waited. */
function worked(): number {
  const usage = runtime?.threadCpuUsage?.() ?? runtime?.cpuUsage?.();
  return usage === undefined ? performance.now() : (usage.user + usage.system) / 1000;
}

/** How old it may be, in milliseconds, what was told last: asking costs as much as a small statement. */
const RECENT = 1;
/** What takes less is taken to be work. */
const SHORT = 2;
/** Of the time in which this thread did not work, be it for a disk or since others had the processor, one part of so many counts. */
const WAITED = 4;
let toldAt = Number.NEGATIVE_INFINITY;
let told = 0;

/** The time at which a piece of work begins that nothing else of this thread comes between. */
export function begin(): number {
  const now = performance.now();
  if (now - toldAt >= RECENT) [toldAt, told] = [now, worked()];
  return now;
}

/** How many milliseconds such a piece of work has held this thread: a machine that is busy with others makes it no longer. */
export function heldSince(began: number): number {
  const passed = performance.now() - began;
  return passed < SHORT ? passed : Math.max(Math.min(passed, worked() - told), passed / WAITED);
}
