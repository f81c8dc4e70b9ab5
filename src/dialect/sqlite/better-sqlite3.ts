import { BetterSQLiteSession, BetterSQLiteTransaction } from "drizzle-orm/better-sqlite3/session";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { SyncDialect } from "./dialect.ts";
import type { SyncClient, SyncDriver } from "./driver.ts";
import { JSON_PROBE, jsonPassesSelects } from "./json.ts";
import { type BetterClient, type BetterStatement, prepareBetter } from "./prepare.ts";
import { toSQLite } from "./value.ts";

/** The part of better-sqlite3 that is used here. */
interface Client extends BetterClient {
  readonly inTransaction: boolean;
  exec(text: string): unknown;
}

/** better-sqlite3, through drizzle-orm/better-sqlite3. */
export function openBetterSqlite(database: Database, options: DialectOptions): Dialect {
  const client = database.$client as Client;
  const { dialect, session } = database;
  const over = (inner: SyncClient): BetterSQLiteSession<never, never> =>
    new BetterSQLiteSession(inner, dialect, session.schema, {
      logger: session.logger,
      cache: session.cache,
    });
  const lenient = new LenientClient(client);
  const driver: SyncDriver = {
    name: "better-sqlite3",
    connection: client,
    client: lenient,
    database: new database.constructor("sync", dialect, over(lenient), session.schema),
    rowsAreCheap: false,
    jsonPassesSelects: passesJson(client),
    run: (text: string) => client.exec(text),
    prepare: (text: string) => prepareBetter(client, text),
    transaction: (leased: SyncClient): Database =>
      new BetterSQLiteTransaction("sync", dialect, over(leased), session.schema),
  };
  return new SyncDialect(driver, options);
}

function passesJson(client: Client): boolean {
  try {
    return jsonPassesSelects(prepareBetter(client, JSON_PROBE).rows([]));
  } catch {
    return false; // right on any database
  }
}

/** A client whose statements take the values that the other drivers take; this one refuses booleans and dates. */
class LenientClient implements SyncClient {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  get inTransaction(): boolean {
    return this.#client.inTransaction;
  }

  prepare(text: string): LenientStatement {
    return new LenientStatement(this.#client.prepare(text));
  }
}

class LenientStatement {
  readonly #statement: BetterStatement;

  constructor(statement: BetterStatement) {
    this.#statement = statement;
  }

  raw(): this {
    this.#statement.raw();
    return this;
  }

  run(...values: readonly unknown[]): unknown {
    return this.#statement.run(values.map(toSQLite));
  }

  get(...values: readonly unknown[]): unknown {
    return this.#statement.get(values.map(toSQLite));
  }

  all(...values: readonly unknown[]): readonly unknown[] {
    return this.#statement.all(values.map(toSQLite));
  }
}
