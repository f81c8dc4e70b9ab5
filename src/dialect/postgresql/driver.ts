import type { Database } from "../contract.ts";
import type { Hold, Watch } from "./watch.ts";

/** Rows that answer by index. */
export type Rows = readonly ArrayLike<unknown>[];

/** What differs between the drivers of PostgreSQL. */
export interface Driver {
  /** Whether statements run on another machine, so that they can be given up. */
  readonly remote: boolean;
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
  query(client: object, text: string, values: readonly unknown[]): Promise<Rows>;
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

/** The same Drizzle session over another client. */
export function sessionOver({ dialect, session }: Database, client: object): Database["session"] {
  return new session.constructor(client, dialect, session.schema, session.options);
}

/** The same Drizzle database over another client. */
export function databaseOver(database: Database, client: object): Database {
  const { dialect, session } = database;
  return new database.constructor(dialect, sessionOver(database, client), session.schema);
}

/** A value as every driver binds it: dates in the one form that says its zone, big integers by their digits. */
export function boundValue(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return value.toString();
  return value === undefined ? null : value;
}

/**
 * The types whose text Drizzle's columns read themselves, by their number: date, timestamp, timestamptz, interval, and
 * arrays of these and of numeric.
 */
export const TRANSPARENT: ReadonlySet<number> = new Set([
  1082, 1114, 1184, 1186, 1182, 1115, 1185, 1187, 1231,
]);

/** How often a statement is met before it is worth keeping prepared. */
const WORTH = 3;

/** Counts the statements that come again. */
export class Uses {
  #uses = new Map<string, number>();

  /** Whether a statement has now come often enough. */
  worth(text: string): boolean {
    const uses = (this.#uses.get(text) ?? 0) + 1;
    if (uses >= WORTH) return this.#uses.delete(text);
    if (this.#uses.size >= 1000) this.#uses = new Map();
    this.#uses.set(text, uses);
    return false;
  }
}
