import type { Leaving } from "../clock.ts";
import type { QueryError } from "../error.ts";

export type { Leaving } from "../clock.ts";

/** A Drizzle database, or a transaction of one. */
// Drizzle's own types differ per driver; this is its border.
// oxlint-disable-next-line typescript/no-explicit-any
export type Database = any;

/** Rows that answer by index: the first column of the first row is `rows[0][0]`. */
export type ResultRows = readonly ArrayLike<unknown>[];

/**
 * What differs between databases and drivers, bound to one database. A route makes one when it is made, and speaks to its
 * database through nothing else.
 *
 * What `read`, `write` and `transaction` hand to their work is a Drizzle database, or a transaction of one, with the
 * route's schema: some statements are run by its own `select`, `insert` and `query`, the others are given back to
 * {@link Dialect.query} with it. Hooks are handed the transaction as `tx`.
 *
 * The built-in ones keep state of their own: whatever stands around one has to hand on each member, read anew each
 * time, with the built-in one as its `this`.
 *
 * Where nothing is waited for, `query` may answer rows and no promise of them; then work does, and then `read` does.
 */
export interface Dialect {
  /** Which SQL the database is spoken to in; the tables of the schema must be of the same. */
  readonly speaks: "sqlite" | "postgresql";
  /**
   * Runs statements that only read, outside of a transaction. Where a transaction has the one connection, they wait until
   * none is open. Where the dialect is `remote` the caller waits no longer than he may. A dialect may stop them when
   * `leaving.signal` aborts, and leave the queue it waits in; it looks at the signal only where it waits, for that costs.
   */
  read<T>(work: (database: Database) => T | Promise<T>, leaving?: Leaving): T | Promise<T>;
  /**
   * Runs one statement that writes, in its turn, so that it is kept or not as a whole. What takes longer than
   * `milliseconds` is stopped where it can be, and fails as a timeout only when it is known that nothing was written.
   */
  write<T>(work: (database: Database) => Promise<T>, milliseconds?: number): Promise<T>;
  /**
   * Runs `work` in a transaction on one connection: committed when it ends, rolled back when it throws, and then what it
   * threw is thrown. `work` is asynchronous, and its statements may be asked at once. A transaction that is meant to read
   * takes no write lock until something in it writes; it may write all the same. `work` ends by itself in the time that
   * {@link DialectOptions.timeout} says; what it still asks for afterwards must fail, and must not be written.
   */
  transaction<T>(mode: "read" | "write", work: (transaction: Database) => Promise<T>): Promise<T>;
  /**
   * Runs one statement on what was handed to work. `text` numbers its values from 1, as `?1` in SQLite and `$1` in
   * PostgreSQL; a value is text, a number, a bigint, a boolean, a `Date` or bytes, and null or `undefined` where it is
   * missing. Rows hold what Drizzle's columns read: of PostgreSQL dates, timestamps and intervals as their text. Where
   * `rowsAreCheap` is false, a statement outside of a transaction answers one row at most.
   *
   * @param most how many bytes the texts and bytes of all rows may hold; who reads rows one by one may stop there.
   * @throws QueryError `too-large-answer` where reading was stopped.
   */
  query(
    database: Database,
    text: string,
    values: readonly unknown[],
    most?: number,
  ): ResultRows | Promise<ResultRows>;
  /**
   * How the database would answer a statement that begins with `explain`: its rows, or `undefined` where it cannot be
   * asked. Where it is absent {@link Dialect.query} is asked, in a transaction that is rolled back: that is right where a
   * statement ends with its last row. It is called outside of transactions.
   */
  readonly plan?: ((text: string, values: readonly unknown[]) => Promise<ResultRows | undefined>) | undefined;
  /**
   * Where statements of others fall inside an open transaction, because there is one connection: the door that they pass
   * when none is open.
   */
  readonly door: Door | undefined;
  /**
   * What bounds how much of a kind runs at once, the outermost first; without it nothing does. The engine lets in no more,
   * in turns by caller, so that what waits behind is little.
   */
  bounds?(mode: "read" | "write", transaction: boolean): readonly Bound[] | undefined;
  /** Whether the database minds references between tables, as far as can be known at start; else it is warned of them. */
  readonly refers: boolean;
  /** Whether statements run on another machine, so that they can be given up. */
  readonly remote: boolean;
  /** Where what was just committed is read for sure; absent where {@link Dialect.read} reads there too. */
  readonly primary?: Dialect | undefined;
  /**
   * Begins to watch whether others have committed, on a connection of the database's own process: answers a function that
   * says whether somebody has since it was called last, but for what this dialect has written; `undefined` where nobody can
   * tell. It costs microseconds, and is called a few times a second as long as somebody wants to know.
   */
  watch?(): Promise<(() => boolean) | undefined>;
  /** Where a statement that only reads runs without holding up others; without one all run where everybody waits. */
  readonly lane?: Lane | undefined;
  /**
   * Whether {@link Dialect.write} runs its statement as it is, without a transaction around it: then one that undoes itself
   * needs none. False where it is absent, which is right on any database.
   */
  readonly writesAlone?: boolean;
  /**
   * Whether a transaction takes statements before it has answered those ahead, runs them in their order, and none behind one
   * that has failed. False where it is absent.
   */
  readonly pipelines?: boolean;
  /** Whether rows cost less than JSON made by the database; those of PostgreSQL are then of the types their columns say. */
  readonly rowsAreCheap: boolean;
  /** Whether JSON made in a sub-select is still known as JSON outside of it; false is right on any database. */
  readonly jsonPassesSelects: boolean;
  /** How many statements are kept prepared. */
  readonly prepared: number;
  /**
   * What an error of the driver means to a client; `undefined` where it means a fault of ours, which is answered 500. What
   * a write cannot compute is a matter of the values it was sent; a read is sent none that could.
   */
  failure(error: unknown, mode: "read" | "write"): QueryError | undefined;
  /** Whether a statement that stood alone failed for what it says, or what it met, so that for certain nothing of it was kept. */
  undoes?(error: unknown): boolean;
  /** Whether a read failed for a value it met, so that another way of reading may answer. */
  unsayable(error: unknown): boolean;
  /** Whether a transaction failed only because of another, so that it may succeed when it is run anew. */
  retryable(error: unknown): boolean;
  /** Whether a statement failed because a row refers to one that is not there; never where keys are asked at the end. */
  missesReference(error: unknown): boolean;
}

/** Processes with connections of their own, which only read: for statements that would hold up everybody in this one. */
export interface Lane {
  /** How many statements it runs at once. */
  readonly size: number;
  /**
   * Runs one statement that reads, outside of a transaction, on what was committed when it begins; text, values and rows
   * as {@link Dialect.query} has them. It is given up, and its process ended, after `milliseconds` and where `signal`
   * says that nobody waits any more. `undefined` where the lane cannot answer, because its connections lack something or
   * are set otherwise: then it is to be asked where all others are.
   *
   * @throws QueryError `timeout` when it took longer, `busy` where a process ended by itself; `Gone` when `signal` has
   * aborted; what the driver throws.
   */
  read(
    text: string,
    values: readonly unknown[],
    options: {
      readonly milliseconds: number;
      readonly signal: AbortSignal;
      /** The most bytes its rows may hold, where they can be read one by one. */
      readonly most?: number | undefined;
    },
  ): Promise<LaneAnswer | undefined>;
}

/** What a statement in the slow lane found. */
export interface LaneAnswer {
  readonly rows: ResultRows;
  /** How much of a processor's time it took, in milliseconds. */
  readonly milliseconds: number;
}

/** How the slow lane of a SQLite file is made. */
export interface LaneOptions {
  /**
   * The module that opens a connection as the application does, where that has functions, pragmas, attached files or
   * temporary tables of its own: an address, or a path from the root. Its default export is a function, perhaps
   * asynchronous, that answers a client of the application's driver, and is called once in each process of the lane.
   *
   * @example lane: { open: new URL("./open.ts", import.meta.url) }
   */
  readonly open?: string | URL;
  /** How many processes there may be at most; one less than there are cores by default. */
  readonly processes?: number;
}

/** So many at once: one object for all dialects that share the places. */
export interface Bound {
  readonly size: number;
}

/** What lets in those who use the connection beside the engine's transactions. */
export interface Door {
  /** Whether who comes now passes at once, together with others. */
  readonly open: boolean;
  /** Whether what runs now is part of the work of a guest who is inside: it must not wait for another who waits for him. */
  readonly inside?: boolean;
  /**
   * Runs work beside that of others, at once where the door is open, and holds transactions off until what it answers has
   * settled. What it does at this door meanwhile does not wait for its own end. Whoever leaves waits no longer.
   *
   * @throws QueryError `busy` when its turn has not come within `waitMs` milliseconds.
   */
  guest<T>(work: () => T | Promise<T>, waitMs: number, leaving?: Leaving): T | Promise<T>;
}

/** How an engine may use its database. */
export interface DialectOptions {
  /** How long a piece of work waits for its turn and for locks of other processes, in milliseconds. */
  readonly busyTimeout: number;
  /** Whether reads, and writes, may have a connection of their own, where the driver's costs more than it should. */
  readonly ownConnection: boolean;
  /** How long a statement and a transaction may take, in milliseconds. */
  readonly timeout: number;
  /** How the slow lane of a SQLite file is made; false for none. */
  readonly lane: LaneOptions | false;
  /** Hears what is worth an author's look, one sentence each. */
  readonly warn: (sentence: string) => void;
}

/**
 * Makes the dialect of a route: one of your own, or one around the built-in one, which `found` makes when it is called.
 * `found` throws for a database that is not supported.
 */
export type OpenDialect = (options: DialectOptions, found: () => Dialect) => Dialect;
