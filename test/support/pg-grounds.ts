import type { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sql";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import pg from "pg";
import postgres from "postgres";
import { openPostgresql } from "./postgresql.ts";
import type { Ground } from "./pg-worlds.ts";

/** A ground, and what closes it. */
export interface OpenGround extends Ground {
  readonly close: () => Promise<void>;
}

/** Far from UTC, before 1884 by minutes and seconds, and bytes as few write them: no answer may depend on it. */
const SETTINGS = { timezone: "America/St_Johns", bytea_output: "escape" };

/** An embedded database. */
export async function openEmbedded(name: string): Promise<OpenGround> {
  const { database, close } = await openPostgresql("PGlite", {}, { settings: SETTINGS });
  const client = (database as unknown as { $client: PGlite }).$client;
  return {
    name,
    run: async (text) => void (await client.exec(text)),
    query: async (statement) => (await client.query<unknown[]>(statement, [], { rowMode: "array" })).rows,
    drizzle: (options) => ({
      database: drizzlePglite({ client, ...options }) as never,
      end: async () => undefined,
    }),
    close,
  };
}

const CONNECTIONS = 2;

/** The drivers that speak to a server, with the names of a world. */
const DRIVERS = {
  "node-postgres": (url, options) => {
    const client = new pg.Pool({ connectionString: url, max: CONNECTIONS });
    client.on("error", () => undefined);
    return { database: drizzlePg({ client, ...options }) as never, end: () => client.end() };
  },
  "bun-sql": (url, options) => {
    const client = new SQL(url, { max: CONNECTIONS });
    return { database: drizzleBun({ client, ...options }) as never, end: () => client.close() };
  },
  "postgres-js": (url, options) => {
    const client = postgres(url, { max: CONNECTIONS, onnotice: () => undefined });
    return { database: drizzlePostgres({ client, ...options }) as never, end: () => client.end() };
  },
} satisfies Record<
  string,
  (url: string, options: Parameters<Ground["drizzle"]>[0]) => ReturnType<Ground["drizzle"]>
>;

/** A database of the server, spoken to by a driver. */
export async function openOnServer(name: keyof typeof DRIVERS): Promise<OpenGround> {
  const { url, close } = await openPostgresql(name, {}, { settings: SETTINGS });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    name,
    run: async (text) => void (await client.query(text)),
    query: async (text) => (await client.query<unknown[]>({ text, rowMode: "array" })).rows,
    drizzle: (options) => DRIVERS[name](url, options),
    close: async () => {
      await client.end();
      await close();
    },
  };
}
