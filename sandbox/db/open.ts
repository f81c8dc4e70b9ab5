import { fileURLToPath } from "node:url";
import { serializeWrites } from "@bepalo/query";
import { createClient } from "@libsql/client";
import { drizzle } from "drizzle-orm/libsql";
import { migrate } from "drizzle-orm/libsql/migrator";
import * as schema from "./schema.ts";

const migrationsFolder = fileURLToPath(new URL("../drizzle", import.meta.url));

function connect(url: string) {
  return drizzle(serializeWrites(createClient({ url })), { schema });
}

/** The opened database, typed by the schema. */
export type Database = ReturnType<typeof connect>;

/** Opens the database at `url`, creates it when it is missing, and brings its tables up to date. */
export async function open(url: string): Promise<Database> {
  const database = connect(url);
  // Kept in the file itself, so that readers never wait for the writer, whichever connection they get.
  if (url.startsWith("file:")) await database.run("PRAGMA journal_mode = WAL");
  await migrate(database, { migrationsFolder });
  return database;
}
