import { bounded } from "../clock.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { busy } from "../error.ts";
import type { Outside } from "../execute/execute.ts";

/** What bounds the turns of requests at a database. */
export interface TurnOptions {
  /** How long a write waits for its turn, in milliseconds. */
  readonly busyTimeout: number;
  /** How long a transaction and its hooks may take, in milliseconds. */
  readonly timeout: number;
  /** How many requests may be at the database, or waiting for it, at once. */
  readonly maxInFlight: number;
}

/** Who may use the database when. */
export interface Turns {
  /** @throws QueryError `busy` where as many requests as may be are there already. */
  counted<T>(work: () => T | Promise<T>): Promise<T>;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
}

export function turnsOf(dialect: Dialect, { busyTimeout, timeout, maxInFlight }: TurnOptions): Turns {
  let inFlight = 0;
  const counted: Turns["counted"] = async (work) => {
    if (inFlight >= maxInFlight) throw busy();
    inFlight++;
    try {
      return await work();
    } finally {
      inFlight--;
    }
  };
  const outside: Outside = (work, late) => {
    const { door } = dialect; // known once the database has answered
    if (door === undefined) return bounded(timeout, work, late);
    const guest = () => door.guest(() => bounded(timeout, work, late), busyTimeout);
    return door.open ? guest() : counted(guest);
  };
  return { counted, outside };
}
