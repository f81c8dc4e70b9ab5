import { BetterSQLiteSession, BetterSQLiteTransaction } from "drizzle-orm/better-sqlite3/session";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { SyncDialect } from "./dialect.ts";
import type { SyncClient, SyncStatement } from "./driver.ts";
import { JSON_PROBE, jsonPassesSelects } from "./json.ts";
import { toSQLite } from "./value.ts";

/** The part of better-sqlite3 that is used here. */
interface Client {
  readonly inTransaction: boolean;
  exec(text: string): unknown;
  prepare(text: string): Statement;
}

/** Values by place, or by name. */
type Values = readonly unknown[] | Readonly<Record<string, unknown>>;

interface Statement {
  /** Whether it answers rows; one that does not can only be run. */
  readonly reader: boolean;
  raw(): Statement;
  run(values: Values): unknown;
  get(values: Values): unknown;
  all(values: Values): readonly ArrayLike<unknown>[];
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
  const driver = {
    connection: client,
    client: lenient,
    database: new database.constructor("sync", dialect, over(lenient), session.schema),
    rowsAreCheap: false,
    jsonPassesSelects: passesJson(client),
    run: (text: string) => client.exec(text),
    prepare: (text: string) => prepare(client, text),
    transaction: (leased: SyncClient): Database =>
      new BetterSQLiteTransaction("sync", dialect, over(leased), session.schema),
  };
  return new SyncDialect(driver, options);
}

function prepare(client: Client, text: string): SyncStatement {
  const statement = client.prepare(text);
  if (statement.reader) statement.raw();
  return {
    rows(values) {
      const bound = byNumber(values);
      if (statement.reader) return statement.all(bound);
      statement.run(bound);
      return [];
    },
    finalize: () => undefined, // the collector does
  };
}

/** The driver takes `?1` for a parameter of the name 1. */
function byNumber(values: readonly unknown[]): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (let index = 0; index < values.length; index++) named[index + 1] = toSQLite(values[index]);
  return named;
}

function passesJson(client: Client): boolean {
  try {
    return jsonPassesSelects(prepare(client, JSON_PROBE).rows([]));
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
  readonly #statement: Statement;

  constructor(statement: Statement) {
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
