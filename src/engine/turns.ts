import { bounded, type Later } from "../clock.ts";
import type { Bound, Dialect } from "../dialect/dialect.ts";
import { addressUsedUp, busy, Gone } from "../error.ts";
import type { Asker, Outside, Turn } from "../execute/execute.ts";
import { Fair } from "./fair.ts";
import { type Holder, Shares } from "./shares.ts";

/** What bounds the turns of requests at a database. */
export interface TurnOptions {
  /** How long a write waits for its turn, in milliseconds. */
  readonly busyTimeout: number;
  /** How long a transaction and its hooks may take, in milliseconds. */
  readonly timeout: number;
  /** How many requests may be under way at once; as many again may wait for their session, and for their bodies. */
  readonly maxInFlight: number;
}

/** Runs a function of the author for one who is known by his address as yet. */
export type Before = <T>(asker: Asker, work: () => Later<T>) => Later<T>;

/** Who may use the database when. */
export interface Turns {
  /** Those whose session is known, and whose body has come. */
  readonly inFlight: Shares;
  /** Those whose bodies are still coming. */
  readonly bodies: Shares;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
  /** Runs what only watches as `outside` does, or refuses it where too much of it waits. */
  readonly aside: Outside;
  /** Runs what comes before it is known who asks, as `outside` does; what waits is counted by address. */
  readonly before: Before;
  /** Lets work in where the dialect bounds how much of it runs at once, in turns by caller. */
  readonly turn: Turn;
}

/** Counts work while it waits for something. */
export const counted = <T>(shares: Shares, asker: Asker, work: () => Promise<T>): Promise<T> =>
  held(shares, shares.enter(asker), work);

/** Gives a place back when work has settled. */
async function held<T>(shares: Shares, holder: Holder, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    shares.leave(holder);
  }
}

export function turnsOf(dialect: Dialect, options: TurnOptions): Turns {
  const { busyTimeout, timeout, maxInFlight } = options;
  const arriving = new Shares(maxInFlight, addressUsedUp);
  const outside: Outside = (work, asker, late) => {
    const { door } = dialect; // known once the database has answered
    if (door === undefined) return bounded(timeout, work, late);
    return door.guest(() => bounded(timeout, work, late), busyTimeout, asker);
  };
  let watching = 0;
  return {
    inFlight: new Shares(maxInFlight),
    bodies: new Shares(maxInFlight),
    outside,
    aside(work) {
      if (dialect.door?.open !== false) return outside(work);
      if (watching >= maxInFlight) return Promise.reject(busy());
      watching++;
      return Promise.resolve(outside(work)).finally(() => watching--);
    },
    before(asker, work) {
      arriving.assertRoom(asker);
      const answer = outside(work, asker); // what does not wait needs no place
      if (!(answer instanceof Promise)) return answer;
      return patient(
        asker,
        held(arriving, arriving.take(asker), () => answer),
      );
    },
    turn: turnOf(dialect, options),
  };
}

/** Waiting so many milliseconds is worth a look whether the caller is still there, which costs as much as a short wait. */
const LONG = 1;

/** Ends what is done for one who has left while something was waited for. */
function assertHere(asker: Asker, since: number): void {
  if (performance.now() - since >= LONG && asker.signal.aborted) throw new Gone();
}

/** Waits for what an author answers. */
export async function patient<T>(asker: Asker, answer: Promise<T>): Promise<T> {
  const since = performance.now();
  const given = await answer;
  assertHere(asker, since);
  return given;
}

const REASON = "does a hook wait for long, or use the outer database or the route instead of `tx`?";

/** The queues before what bounds dialects; whoever shares the places shares the queue. */
const fairs = new WeakMap<Bound, Fair>();

function fairOf(bound: Bound): Fair {
  let fair = fairs.get(bound);
  if (fair === undefined) fairs.set(bound, (fair = new Fair(bound.size, REASON)));
  return fair;
}

export function turnOf(dialect: Dialect, { busyTimeout, timeout }: TurnOptions): Turn {
  const waitMs = dialect.remote ? Math.min(busyTimeout, timeout) : busyTimeout;
  return (asker, mode, transaction, work) => {
    const bounds = dialect.bounds?.(mode, transaction);
    if (bounds === undefined || dialect.door?.inside === true) return work();
    return bounds.length === 1
      ? fairOf(bounds[0]!).run(asker.caller, work, { waitMs, leaving: asker })
      : throughAll(bounds, asker, work, waitMs);
  };
}

/**
 * Passes one queue after the other. What came through another counts in the next apart from what its caller has there
 * else: a transaction whose hook asks the route must not use up the place of what it waits for.
 */
function throughAll<T>(
  bounds: readonly Bound[],
  asker: Asker,
  work: () => Later<T>,
  waitMs: number,
): Later<T> {
  const { caller } = asker;
  const end = performance.now() + waitMs;
  const pass = (index: number): Later<T> => {
    const bound = bounds[index];
    if (bound === undefined) return work();
    const left = Math.max(0, end - performance.now());
    const key = index === 0 ? caller : `t${caller}`;
    return fairOf(bound).run(key, () => pass(index + 1), { waitMs: left, leaving: asker });
  };
  return pass(0);
}
