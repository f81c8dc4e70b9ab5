/** What a cache of sessions needs to know about a session. */
export interface Expiring {
  readonly session: { readonly expiresAt: Date };
}

/** Remembers the sessions of the last few seconds by cookie, at most `max` of them. */
export function createSessionCache<T extends Expiring>({ ttlMs = 5_000, max = 500 } = {}) {
  const entries = new Map<string, { readonly value: T; readonly until: number }>();
  let generation = 0;

  return {
    /** Forgets everything, including what is being looked up at this moment. */
    clear(): void {
      generation += 1;
      entries.clear();
    },

    /** The remembered session, else the one `find` answers; only sessions that exist are kept. */
    async get(cookie: string, find: () => Promise<T | null>): Promise<T | null> {
      const known = entries.get(cookie);
      if (known && known.until > Date.now()) return known.value;
      entries.delete(cookie);

      const asked = generation;
      const value = await find();
      // A sign-out may have happened while we were waiting: then the answer is not worth keeping.
      if (value === null || asked !== generation) return value;

      const oldest = entries.size >= max ? entries.keys().next() : undefined;
      if (oldest?.done === false) entries.delete(oldest.value);
      const until = Math.min(Date.now() + ttlMs, value.session.expiresAt.getTime());
      entries.set(cookie, { value, until });
      return value;
    },

    /** How many sessions are remembered now. */
    get size(): number {
      return entries.size;
    },
  };
}
