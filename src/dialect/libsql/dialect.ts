import type { Client } from "@libsql/client";
import type { Database, Dialect, DialectOptions } from "../contract.ts";
import { LocalLibsql } from "./local.ts";
import { RemoteLibsql } from "./remote.ts";

/** libsql: files, memory and remote servers, through drizzle-orm/libsql. */
export function openLibsql(database: Database, options: DialectOptions): Dialect {
  const { protocol } = database.$client as Client;
  return protocol === "file" ? new LocalLibsql(database, options) : new RemoteLibsql(database, options);
}
