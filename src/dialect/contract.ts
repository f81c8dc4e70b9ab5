import type { QueryError } from "../error.ts";
import type { Gate } from "./gate.ts";

/** A Drizzle database, or a transaction of one. */
// Drizzle's own types differ per driver; this is its border.
// oxlint-disable-next-line typescript/no-explicit-any
export type Database = any;

/** Rows that answer by index. */
export type ResultRows = readonly ArrayLike<unknown>[];

/** What differs between databases and drivers, bound to one database. */
export interface Dialect {
  /** Which SQL the database is spoken to in. */
  readonly speaks: "sqlite" | "postgresql";
  /** Runs statements that only read; where every transaction has the one connection, when none is open. */
  read<T>(work: (database: Database) => Promise<T>): Promise<T>;
  /**
   * Runs one statement that writes, in its turn. What takes longer than `milliseconds` is stopped where it can be, and
   * fails as a timeout only when it is known that nothing was written.
   */
  write<T>(work: (database: Database) => Promise<T>, milliseconds?: number): Promise<T>;
  /**
   * Runs `work` in a transaction: committed when it ends, rolled back when it throws. One that is meant to read takes
   * no write lock until something in it writes.
   */
  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T>;
  /** Where statements of others fall inside an open transaction: the door that they pass when none is open. */
  readonly door: Door | undefined;
  /** Whether references between tables hold, as far as can be known at start. */
  readonly refers: boolean;
  /** Whether statements run on another machine, so that they can be given up. */
  readonly remote: boolean;
  /** Whether rows cost less than JSON made by the database. */
  readonly rowsAreCheap: boolean;
  /** Whether JSON made in a sub-select is still known as JSON outside of it. */
  readonly jsonPassesSelects: boolean;
  /**
   * Runs one statement on a database or a transaction, values by number; rows answer by index. Where rows are not cheap, a
   * statement outside of a transaction answers one at most.
   */
  query(database: Database, text: string, values: readonly unknown[]): Promise<ResultRows>;
  /** How many statements are kept prepared. */
  readonly prepared: number;
  /** Whether a read failed for a value it met, so that another way of reading may answer. */
  unsayable(error: unknown): boolean;
  /** Whether a transaction failed only because of another, so that it may succeed when it is run anew. */
  retryable(error: unknown): boolean;
  /** Whether a statement failed because a row refers to one that is not there; never where keys are asked at the end. */
  missesReference(error: unknown): boolean;
  /**
   * What an error of the driver means to a client; `undefined` where it means a fault of ours. What a write cannot compute
   * is a matter of the values it was sent; a read is sent none that could.
   */
  failure(error: unknown, mode: "read" | "write"): QueryError | undefined;
}

/** What lets in those who use the connection beside the engine's transactions. */
export type Door = Pick<Gate, "open" | "guest">;

/** How an engine may use its database. */
export interface DialectOptions {
  /** How long a write waits for its turn and for locks of other processes, in milliseconds. */
  readonly busyTimeout: number;
  /** Whether reads may have a connection of their own, where the driver's costs more than it should. */
  readonly ownConnection: boolean;
  /** How long a statement and a transaction may take, in milliseconds. */
  readonly timeout: number;
}
