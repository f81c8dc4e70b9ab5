import type { Database, ResultRows } from "../contract.ts";
import type { Hold, Watch } from "./watch.ts";

/** What differs between the drivers of PostgreSQL. */
export interface Driver {
  /** Whether statements run on another machine, so that they can be given up. */
  readonly remote: boolean;
  /** Whether rows cost less than JSON made by the server, and are of the types that their columns say. */
  readonly rowsAreCheap: boolean;
  /** Whether a connection takes statements before it has answered those ahead. */
  readonly pipelines: boolean;
  /** How many connections the pool may open. */
  readonly connections: number;
  /** How many statements are kept prepared. */
  readonly prepared: number;
  /** A client for a Drizzle session, each of whose statements is watched. */
  watched(client: object, watch: Watch): object;
  /**
   * Runs one statement on a watched client; one that has come often is kept prepared. What is counted is the statement and
   * not what was asked, for many questions that differ in their values are one statement.
   */
  query(client: object, text: string, values: readonly unknown[]): Promise<ResultRows>;
  /**
   * Runs `work` between begin and commit, on a connection of its own, with settings for that transaction alone. `hold` is
   * told how that connection is given up.
   */
  transaction<T>(
    database: Database,
    hold: Hold,
    settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T>;
}
