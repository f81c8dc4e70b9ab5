import type { Database } from "../contract.ts";
import type { Driver } from "../lane/message.ts";

/** The part of a synchronous driver's client that Drizzle's session needs. */
export interface SyncClient {
  readonly inTransaction: boolean;
  prepare(text: string): object;
}

/** A prepared statement of the engine's own. */
export interface SyncStatement {
  /** Runs it, values by number; rows answer by index. They may hold `most` bytes, where rows can be read one by one. */
  rows(values: readonly unknown[], most?: number): readonly ArrayLike<unknown>[];
  finalize(): void;
}

/** What differs between drivers that have one connection, whose statements are synchronous. */
export interface SyncDriver {
  readonly name: Driver;
  /** What all who use the connection have in common. */
  readonly connection: object;
  readonly client: SyncClient;
  /** The database whose statements go to the client. */
  readonly database: Database;
  readonly rowsAreCheap: boolean;
  readonly jsonPassesSelects: boolean;
  /** Runs a text that answers nothing. */
  run(text: string): unknown;
  prepare(text: string): SyncStatement;
  /** A Drizzle transaction, already begun, whose statements go to `client`. */
  transaction(client: SyncClient): Database;
}
