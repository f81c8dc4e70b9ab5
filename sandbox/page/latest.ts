/** Questions of which only the latest counts: each ends the one before, if that is still on its way. */
export function createLatest() {
  let asking = new AbortController();
  return {
    /** The signal of a new question. */
    next(): AbortSignal {
      asking.abort();
      asking = new AbortController();
      return asking.signal;
    },
    /** Ends the question that is on its way. */
    end: (): void => asking.abort(),
  };
}
