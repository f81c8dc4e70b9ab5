import { createClient } from "@libsql/client";
import { drizzle, type LibSQLDatabase } from "drizzle-orm/libsql";
import { ddl } from "./databases.ts";
import { type Hrana, type HranaOptions, startHrana } from "./hrana.ts";

/** A database on a server of its own, and the server. */
export interface Remote<Schema extends Record<string, unknown>, Server> {
  readonly database: LibSQLDatabase<Schema>;
  readonly hrana: Server;
  readonly close: () => Promise<void>;
}

/** Opens a remote libSQL database with the tables of a schema. */
export async function openRemote<Schema extends Record<string, unknown>>(
  schema: Schema,
  options?: HranaOptions,
): Promise<Remote<Schema, Hrana>> {
  return openOn(await startHrana(options), schema);
}

/** The same on a server that runs already. */
export async function openOn<
  Schema extends Record<string, unknown>,
  Server extends { readonly url: string; readonly close: () => Promise<void> },
>(hrana: Server, schema: Schema): Promise<Remote<Schema, Server>> {
  const client = createClient({ url: hrana.url });
  await client.executeMultiple((await ddl(schema)).join(";\n"));
  const close = async (): Promise<void> => {
    client.close();
    await hrana.close();
  };
  return { database: drizzle(client, { schema }), hrana, close };
}
