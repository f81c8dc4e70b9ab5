/** Where hooks wait until a test lets them go on; not longer than two seconds, so that no failing test hangs. */
export interface Held {
  /** Waits in a hook. */
  hold(): Promise<void>;
  /** Answers once a hook waits. */
  entered(): Promise<void>;
  /** Lets every hook that waits go on. */
  release(): void;
}

/** Makes a place for hooks to wait in. */
export function makeHeld(): Held {
  let waiting = 0;
  let watchers: (() => void)[] = [];
  let leave: (() => void)[] = [];
  return {
    hold: () =>
      new Promise((resolve) => {
        waiting++;
        const timer = setTimeout(go, 2_000);
        function go(): void {
          clearTimeout(timer);
          resolve();
        }
        leave.push(go);
        for (const watcher of watchers.splice(0)) watcher();
      }),
    entered: () => (waiting > 0 ? Promise.resolve() : new Promise((resolve) => void watchers.push(resolve))),
    release: () => {
      waiting = 0;
      watchers = [];
      for (const go of leave.splice(0)) go();
      leave = [];
    },
  };
}
