import type { Client } from "@libsql/client";
import { takeTurns } from "./libsql/turns.ts";

/** How writers of a libsql client take turns. */
export interface SerializeOptions {
  /** How long a writer may wait for its turn, in milliseconds; 10,000 by default. */
  readonly waitMs?: number;
}

/**
 * What a client of @libsql/client is known by. Its own types are not named here: the package's declarations are read
 * by applications that do not have it.
 */
export interface LibsqlClient {
  readonly protocol: string;
  execute(sql: string): Promise<{ readonly rows: readonly unknown[]; readonly rowsAffected: number }>;
  executeMultiple(sql: string): Promise<void>;
  batch(statements: string[], mode?: "write" | "read" | "deferred"): Promise<unknown>;
  transaction(mode?: "write" | "read" | "deferred"): Promise<{ commit(): Promise<void>; close(): void }>;
}

/**
 * Wraps a libsql client so that all its writers take turns: the engine's, and everybody else's who uses the client.
 * A SQLite file has one writer, and @libsql/client makes two that overlap in one process fail at once.
 *
 * @example const db = drizzle(serializeWrites(createClient({ url: "file:app.db" })), { schema });
 */
export function serializeWrites<Libsql extends LibsqlClient>(
  client: Libsql,
  options: SerializeOptions = {},
): Libsql {
  return takeTurns(client as LibsqlClient as Client, options.waitMs ?? 10_000) as LibsqlClient as Libsql;
}
