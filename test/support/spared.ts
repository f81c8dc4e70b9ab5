/** What a process keeps for later tests, and how it is removed once all have run. */
export const spared = new Set<() => Promise<void>>();
