import type { Database } from "../contract.ts";

/** The same Drizzle session over another client. */
export function sessionOver({ dialect, session }: Database, client: object): Database["session"] {
  return new session.constructor(client, dialect, session.schema, session.options);
}

/** The same Drizzle database over another client. */
export function databaseOver(database: Database, client: object): Database {
  const { dialect, session } = database;
  return new database.constructor(dialect, sessionOver(database, client), session.schema);
}
