import { openPostgresql, type PostgresqlName } from "../support/postgresql.ts";
import type { DatabaseName } from "../support/databases.ts";
import { openTables } from "../support/shop.ts";
import { world as postgresqlWorld } from "./world/postgresql.ts";
import { world as sqliteWorld } from "./world/sqlite.ts";
import { type Ground, makeSubject, type World } from "./world/subject.ts";

/** What the cases must know of a database. */
export interface Traits {
  readonly speaks: Ground["speaks"];
  /** Whether every transaction has the one connection, so that others wait for it. */
  readonly alone: boolean;
  /** Whether texts are ordered and folded by their bytes, or as a language does. */
  readonly texts: "bytes" | "language";
}

/** A server that answers what `makeSubject` answers, in this process or another. */
export interface Started {
  /** Without a slash at its end. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** The databases that are tested from this process. */
export const GROUNDS: Readonly<Record<DatabaseName | PostgresqlName, Traits>> = {
  "libsql file": { speaks: "sqlite", alone: false, texts: "bytes" },
  "libsql memory": { speaks: "sqlite", alone: true, texts: "bytes" },
  "bun:sqlite": { speaks: "sqlite", alone: true, texts: "bytes" },
  PGlite: { speaks: "postgresql", alone: true, texts: "bytes" },
  "bun-sql": { speaks: "postgresql", alone: false, texts: "language" },
  "postgres-js": { speaks: "postgresql", alone: false, texts: "language" },
  "node-postgres": { speaks: "postgresql", alone: false, texts: "language" },
};

/** Serves the suite's rules over a fresh database. */
export async function startHere(on: DatabaseName | PostgresqlName): Promise<Started> {
  const { speaks } = GROUNDS[on];
  const opened =
    speaks === "sqlite"
      ? await openTables(sqliteWorld, on as DatabaseName)
      : await openPostgresql(on as PostgresqlName, postgresqlWorld, {
          linguistic: GROUNDS[on].texts === "language",
          // A zone with an odd offset, and one that had another offset, of seconds too, before 1920.
          settings: { timezone: "Asia/Kathmandu" },
        });
  const transactions = on !== "bun:sqlite";
  const world = speaks === "sqlite" ? sqliteWorld : (postgresqlWorld as unknown as World);
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: makeSubject({ database: opened.database, world, speaks, transactions }),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    close: async () => {
      await server.stop(true);
      await opened.close();
    },
  };
}
