/** Runs a statement and answers its one value. */
export type Ask = (...values: (string | number)[]) => Promise<string> | string;

/** Runs one statement several times in one transaction, and answers the one value of each. */
export type AskAll = (each: readonly (string | number)[][]) => Promise<readonly string[]>;

/** A driver without anything over it. */
export interface Statements {
  readonly prepare: (text: string) => Ask;
  readonly together: (text: string) => AskAll;
}

/** How a driver opens a database: a file of SQLite, or the URL of PostgreSQL. */
export interface Opener {
  /** Drizzle over the driver alone. */
  drizzle(location: string): object;
  /** Drizzle as the manual opens it, where that is another way. */
  inTurns?(location: string): object;
  statements(location: string): Statements;
  /** Whether what its transactions run waits for nothing. */
  readonly sync?: true;
}
