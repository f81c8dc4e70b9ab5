import type { Client, IntMode, Transaction } from "@libsql/client";
import { SETTINGS } from "../lane/look.ts";
import { retryWhileBusy } from "../sqlite/busy.ts";
import { MANY_PAGES } from "../sqlite/page-cache.ts";
import { type Connection, KeptConnection } from "./kept.ts";

/** The part of the driver, and of @libsql/client over it, that is used here. */
interface Driver {
  readonly Database: new (path: string) => Connection;
  /** The client's own transaction: what it answers, and what it throws, is what everybody knows of the client. */
  readonly Sqlite3Transaction: new (
    connection: KeptConnection,
    intMode: IntMode,
    release: () => void,
  ) => Transaction;
}

/** What a connection does otherwise once it is told so, beside what answers differ by. */
const TOLD = [
  "foreign_keys",
  "recursive_triggers",
  "ignore_check_constraints",
  "synchronous",
  "secure_delete",
  "cache_size",
];

/** Its own too is what it has attached, or made for itself. */
const OWN = `select (select json_group_array(name) from pragma_database_list where name <> 'temp'),
(select count(*) from temp.sqlite_master), ${TOLD.map((name) => `(select ${name} from pragma_${name})`).join()}`;

/**
 * A connection of the engine's own to a local file, for transactions that write. @libsql/client prepares every statement
 * anew, which takes longer than most writes do; here they stay prepared. Only for files with a write-ahead log.
 *
 * What is not safe on a connection that is kept is not done on it: it begins and commits as the client's do, and is given up
 * for good once it has met what may leave a statement open.
 */
export class FileWriter {
  readonly #client: Client;
  readonly #connection: KeptConnection;
  readonly #driver: Driver;
  readonly #intMode: IntMode;

  private constructor(client: Client, connection: KeptConnection, driver: Driver, intMode: IntMode) {
    this.#client = client;
    this.#connection = connection;
    this.#driver = driver;
    this.#intMode = intMode;
  }

  /**
   * Opens one; `undefined` where the client is another than the one known here, has a single connection, as a replica of a
   * server has, or has been told something on one of its connections.
   */
  static async open(client: Client): Promise<FileWriter | undefined> {
    let connection: KeptConnection | undefined;
    try {
      const driver = await driverOf(client);
      if (driver === undefined) return undefined;
      const { rows } = await client.execute("select file from pragma_database_list where name = 'main'");
      const path = rows[0]?.[0];
      if (typeof path !== "string" || path === "") return undefined;
      connection = new KeptConnection(new driver.Database(path));
      if (await isLike(client, connection)) {
        connection.exec(MANY_PAGES);
        return new FileWriter(client, connection, driver, await intModeOf(client));
      }
    } catch {
      // the client writes, as it can
    }
    connection?.end();
    return undefined;
  }

  /** How many statements are kept prepared. */
  get size(): number {
    return this.#connection.size;
  }

  /** Whether it can be written by: nobody has closed the client, and it has met nothing that it does not outlive. */
  get usable(): boolean {
    if (this.#client.closed) this.#connection.end();
    return this.#connection.open;
  }

  /**
   * A number that is another one once somebody else has committed; `undefined` where that cannot be told now, as inside of a
   * transaction.
   */
  version(): unknown {
    if (!this.usable || this.#connection.inTransaction) return undefined;
    return this.#connection.prepare("pragma data_version").all([])[0]?.[0];
  }

  /**
   * Begins a transaction that writes, waiting while another process holds the lock. Whoever begins one has the turn of those
   * who write: there is one at a time.
   */
  begin(waitMs: number): Promise<Transaction> {
    const connection = this.#connection;
    return retryWhileBusy(async () => {
      // Not by a prepared statement: one that ends busy is not reset by the driver, and what is committed later is lost.
      connection.exec("begin immediate");
      return new this.#driver.Sqlite3Transaction(connection, this.#intMode, () => connection.release());
    }, waitMs);
  }
}

/** The driver under a client whose connections are known to be such as can be opened beside it. */
async function driverOf(client: Client): Promise<Driver | undefined> {
  // They come with the application's client, and are no dependencies of ours.
  const [file, native] = ["@libsql/client/sqlite3", "libsql"];
  const [{ Sqlite3Client, Sqlite3Transaction, ConnectionPool }, { default: Database }] = await Promise.all([
    import(file) as Promise<
      Pick<Driver, "Sqlite3Transaction"> & {
        readonly Sqlite3Client: new () => Client;
        readonly ConnectionPool: unknown;
      }
    >,
    import(native) as Promise<{ readonly default: Driver["Database"] }>,
  ]);
  return typeof ConnectionPool === "function" && client instanceof Sqlite3Client
    ? { Database, Sqlite3Transaction }
    : undefined;
}

/** Whether a client has several connections, and another like them would be no different. */
async function isLike(client: Client, connection: KeptConnection): Promise<boolean> {
  const held: Transaction[] = [];
  try {
    // Where there is one alone, a second transaction is refused.
    for (let count = 0; count < 2; count++) held.push(await client.transaction("deferred"));
    for (const text of [OWN, SETTINGS]) {
      const [ours] = connection.prepare(text).all([]);
      for (const transaction of held) {
        const [theirs] = (await transaction.execute(text)).rows;
        if (Array.from(theirs!, String).join() !== Array.from(ours!, String).join()) return false;
      }
    }
    return true;
  } finally {
    for (const transaction of held) transaction.close();
  }
}

/** Beyond what a number holds. */
const LONG = "select 9007199254740993";

/** How a client answers whole numbers; the one that takes them for numbers refuses this one. */
async function intModeOf(client: Client): Promise<IntMode> {
  try {
    const { rows } = await client.execute(LONG);
    return typeof rows[0]![0] === "bigint" ? "bigint" : "string";
  } catch {
    return "number";
  }
}
