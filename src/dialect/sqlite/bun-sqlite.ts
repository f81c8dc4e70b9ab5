import { SQLiteBunSession, SQLiteBunTransaction } from "drizzle-orm/bun-sqlite/session";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { SyncDialect } from "./dialect.ts";
import type { SyncClient, SyncDriver } from "./driver.ts";
import { type BunClient, prepareBun } from "./prepare.ts";

/** The part of bun:sqlite that is used here. */
interface Client extends SyncClient, BunClient {
  run(statement: string): unknown;
  prepare(text: string): ReturnType<BunClient["prepare"]>;
}

/** bun:sqlite, through drizzle-orm/bun-sqlite. */
export function openBunSqlite(database: Database, options: DialectOptions): Dialect {
  const client = database.$client as Client;
  const { dialect, session } = database;
  const driver: SyncDriver = {
    name: "bun-sqlite",
    connection: client,
    client,
    database,
    rowsAreCheap: true,
    jsonPassesSelects: false,
    run: (text: string) => client.run(text),
    prepare: (text: string) => prepareBun(client, text),
    transaction(leased: SyncClient): Database {
      const inner = new SQLiteBunSession(leased as never, dialect, session.schema, {
        logger: session.logger,
      });
      return new SQLiteBunTransaction("sync", dialect, inner, session.schema);
    },
  };
  return new SyncDialect(driver, options);
}
