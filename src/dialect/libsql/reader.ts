import type { Client } from "@libsql/client";
import type { SyncStatement } from "../sqlite/driver.ts";
import { MANY_PAGES } from "../sqlite/page-cache.ts";
import { Prepared } from "../sqlite/prepared.ts";
import { toSQLite } from "../sqlite/value.ts";

/** The part of the driver under @libsql/client that is used here. */
interface Connection {
  prepare(text: string): Statement;
  exec(text: string): void;
  close(): void;
}

interface Statement {
  raw(arrays: boolean): Statement;
  get(values: readonly unknown[]): ArrayLike<unknown> | undefined;
}

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 200;

/**
 * A connection of the engine's own to a local file, for reads alone. @libsql/client prepares every statement anew, which
 * takes longer than most reads; here they stay prepared. Only for files with a write-ahead log, whose readers wait for
 * nobody and see every commit.
 */
export class FileReader {
  readonly #client: Client;
  readonly #connection: Connection;
  readonly #statements: Prepared;
  #closed = false;

  private constructor(client: Client, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
    this.#statements = new Prepared(MAX_STATEMENTS, (text) => prepareOne(connection, text));
  }

  /** Opens one; `undefined` where the driver cannot be loaded or the file cannot be read without the client. */
  static async open(client: Client): Promise<FileReader | undefined> {
    try {
      const { rows } = await client.execute("select file from pragma_database_list where name = 'main'");
      const driver = "libsql"; // comes with @libsql/client, and is no dependency of ours
      const { default: Database } = (await import(driver)) as {
        default: new (path: string, options: object) => Connection;
      };
      const path = rows[0]?.[0];
      if (typeof path !== "string" || path === "") return undefined;
      const connection = new Database(path, { readonly: true });
      connection.exec(`pragma query_only = on; ${MANY_PAGES}; select 1 from sqlite_master limit 1`);
      return new FileReader(client, connection);
    } catch {
      return undefined;
    }
  }

  /** How many statements are kept prepared. */
  get size(): number {
    return this.#statements.size;
  }

  /** The one row of a statement, or none; `undefined` where the client had better be asked. */
  query(text: string, values: readonly unknown[]): readonly ArrayLike<unknown>[] | undefined {
    if (this.#client.closed) this.#close();
    if (this.#closed) return undefined;
    try {
      return this.#statements.rows(text, values);
    } catch {
      return undefined; // the client says what is wrong, in the way everybody knows its errors
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#statements.clear();
    this.#connection.close();
  }
}

/** Prepares a statement that answers one row at most. */
function prepareOne(connection: Connection, text: string): SyncStatement {
  const statement = connection.prepare(text).raw(true);
  return {
    rows(values) {
      const row = statement.get(values.map(toSQLite));
      return row === undefined ? [] : [row];
    },
    finalize: () => undefined, // the collector does
  };
}
