/**
 * SQLite keeps 2 MB of pages by itself, which is little beside a file of some size: what is not kept is asked of the system
 * each time. 16 MB are what better-sqlite3 has.
 */
export const MANY_PAGES = "pragma cache_size = -16000";

/** How many it keeps by itself, as it tells them: below zero are KiB. */
export const FEW_PAGES = -2000;
