/* One who hears what a feed says. */
import type { Feed, Hearing, Listening, Touched } from "@bepalo/query/live";

/** What was heard from a feed, in order. */
export interface Heard extends Hearing {
  readonly changes: Touched[];
  readonly errors: unknown[];
  backs: number;
}

/** One who listens and writes down what he hears. */
export function hearing(): Heard {
  const heard: Heard = {
    changes: [],
    errors: [],
    backs: 0,
    changed: (touched) => void heard.changes.push(touched),
    back: () => void heard.backs++,
    failed: (error) => void heard.errors.push(error),
  };
  return heard;
}

/** A process that listens. */
export interface Listener {
  readonly heard: Heard;
  readonly listening: Listening;
  readonly feed: Feed;
  /** Tells others of tables. */
  readonly tell: (touched: Touched) => void;
}

/** Opens a feed, and waits until it listens. */
export async function listen(feed: Feed): Promise<Listener> {
  const heard = hearing();
  const listening = feed.open(heard);
  await until(() => heard.backs > 0, 10_000);
  return { heard, listening, feed, tell: (touched) => void listening.tell!(touched) };
}

/** Waits for what is to become true; what does not, is told. */
export async function until(holds: () => boolean | Promise<boolean>, milliseconds = 5_000): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${milliseconds} ms: ${String(holds)}`);
    await Bun.sleep(5);
  }
}
