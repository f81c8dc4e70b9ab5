/** Where processes tell each other of their writes: the channel of PostgreSQL's notices, and of Redis. */
export const LIVE_CHANNEL = "bepalo_live";
