import type { SyncDriver } from "./driver.ts";

/**
 * SQLite keeps 2 MB of pages by itself, which is little beside a file of some size: what is not kept is asked of the system
 * each time. 16 MB are what better-sqlite3 has.
 */
export const MANY_PAGES = "pragma cache_size = -16000";

/** What SQLite has by itself, in its unit: below zero are KiB. */
const FEW = -2000;

/** Lets the application's connection keep more pages, unless it was told how many. */
export function keepMorePages({ prepare, run }: Pick<SyncDriver, "prepare" | "run">): void {
  try {
    const statement = prepare("pragma cache_size");
    const pages = statement.rows([])[0]?.[0];
    statement.finalize();
    if (Number(pages) === FEW) run(MANY_PAGES);
  } catch {
    // It reads the schema first, which a file that is locked now does not show: it goes on as it is.
  }
}
