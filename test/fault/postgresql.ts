/* A shop on PostgreSQL whose server, pool and hooks are made to fail. */
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import type { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { sql } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sql";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { Pool } from "pg";
import postgres from "postgres";
import {
  isLeftOut,
  openPostgresql,
  type OpenedPostgresql,
  type PostgresqlDatabase,
  type PostgresqlName,
  type PostgresqlOptions,
  SERVER_DRIVERS,
} from "../support/postgresql.ts";
import { openHole } from "./hole.ts";

export const left = pgTable("left", { id: integer().primaryKey(), amount: integer().notNull() });
export const right = pgTable("right", { id: integer().primaryKey(), amount: integer().notNull() });
export const note = pgTable("note", { id: integer().primaryKey(), label: text().notNull() });
export const reply = pgTable("reply", {
  id: integer().primaryKey(),
  noteId: integer().notNull(),
  hint: text().$defaultFn(() => undefined as unknown as string),
});

export const schema = { left, right, note, reply };

/** The drivers that speak to a server, and whether there is one. */
export const SERVERS = Object.keys(SERVER_DRIVERS).map((name) => ({
  name: name as keyof typeof SERVER_DRIVERS,
  leftOut: isLeftOut(name),
}));

/** These, and the one that needs no server. */
export const EVERYWHERE: readonly { readonly name: PostgresqlName; readonly leftOut: boolean }[] = [
  ...SERVERS,
  { name: "PGlite", leftOut: false },
];

/** A database as an application would open it, that listens to nothing. */
const CLIENTS = {
  "bun-sql": (url: string, max: number) => {
    const client = new SQL(url, { max });
    return { database: drizzleBun({ client, schema }), end: () => client.close({ timeout: 1 }) };
  },
  "postgres-js": (url: string, max: number) => {
    // Each connection would ask for the types of arrays first; cut meanwhile, it rejects a promise that nobody holds.
    const client = postgres(url, { max, connect_timeout: 2, fetch_types: false, onnotice: () => undefined });
    return { database: drizzlePostgres({ client, schema }), end: () => client.end({ timeout: 1 }) };
  },
  "node-postgres": (url: string, max: number) => {
    const client = new Pool({ connectionString: url, max });
    return { database: drizzlePg({ client, schema }), end: () => client.end() };
  },
} as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what it is
  readonly body: any;
}

export interface Sending {
  readonly name?: string;
  readonly signal?: AbortSignal;
}

export interface Shop {
  readonly database: PostgresqlDatabase;
  /** The server's database; empty for the embedded one. */
  readonly url: string;
  /** Errors that became a 500. */
  readonly errors: unknown[];
  /** Sends a request, as another caller each time, save for who has a name. */
  send(method: string, path: string, body?: unknown, sending?: Sending): Promise<Answer>;
  /** Asks the server on a connection that is not of the shop's pool. */
  ask(text: string): Promise<unknown[][]>;
  /** How many statements run that hold a text. */
  running(mark: string): Promise<number>;
  /** Ends every connection of the pool, as an administrator would. */
  terminate(): Promise<void>;
  /** Lets nothing pass any more on the connections the pool has now; they stay open. */
  swallow(): void;
}

export interface ShopOptions extends Partial<Omit<QueryRouteOptions, "acl" | "database" | "schema">> {
  readonly connections?: number;
  readonly settings?: PostgresqlOptions["settings"];
  /** Whether the pool's connections can be made deaf. */
  readonly deaf?: boolean;
  /** Statements that are run before the shop opens. */
  readonly setup?: string;
}

/** Opens a shop on a database of its own; what closes it is pushed to `cleanups`. */
export async function openShop(
  name: PostgresqlName,
  acl: object,
  cleanups: (() => unknown)[],
  { connections = 4, settings = {}, setup = "", deaf = false, ...options }: ShopOptions = {},
): Promise<Shop> {
  const opened = await openPostgresql(name, schema, { settings, connections: 1 });
  cleanups.push(() => opened.close());
  await opened.run(`insert into "left" values (1, 0); insert into "right" values (1, 0); ${setup}`);
  const hole = deaf ? await openHole(opened.url) : undefined;
  if (hole !== undefined) cleanups.push(hole.close);
  const { database, ask } =
    name === "PGlite"
      ? embedded(opened)
      : connected(name, opened.url, hole?.url ?? opened.url, connections, cleanups);
  const errors: unknown[] = [];
  let callers = 0;
  const route = createQueryRoute({
    acl: acl as QueryRouteOptions["acl"],
    database,
    schema,
    caller: (_, request) => request.headers.get("x-name") ?? `caller ${callers++}`,
    onError: (error) => errors.push(error),
    onWarning: () => undefined,
    ...options,
  });
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    routes: { "/:id": route },
    fetch: () => new Response(null, { status: 404 }),
  });
  cleanups.push(() => server.stop(true));
  return {
    database,
    url: opened.url,
    errors,
    ask,
    async send(method, path, body, { name: caller, signal } = {}) {
      const response = await fetch(`http://127.0.0.1:${server.port}/${path}`, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(caller !== undefined && { "x-name": caller }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === "" ? undefined : JSON.parse(text),
      };
    },
    async running(mark) {
      const found = await ask(
        `select count(*)::int from pg_stat_activity where datname = current_database() and state = 'active' and pid <> pg_backend_pid() and query like '%${mark}%'`,
      );
      return found[0]![0] as number;
    },
    async terminate() {
      await ask(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> 'watcher'",
      );
    },
    swallow: () => hole!.swallow(),
  };
}

type Asked = Pick<Shop, "database" | "ask">;

/** A pool of the shop's, and a connection beside it. */
function connected(
  name: keyof typeof SERVER_DRIVERS,
  url: string,
  way: string,
  connections: number,
  cleanups: (() => unknown)[],
): Asked {
  const { database, end } = CLIENTS[name](way, connections);
  const own = new SQL(url, { max: 1, connection: { application_name: "watcher" } });
  cleanups.push(() => own.close(), end);
  return {
    database,
    ask: async (text) => [...(await own.unsafe(text).values())],
  };
}

/** The one connection, which whoever asks shares with the shop. */
function embedded({ database }: OpenedPostgresql): Asked {
  const { $client } = database as unknown as { $client: PGlite };
  return {
    database,
    ask: async (text) => (await $client.query<unknown[]>(text, [], { rowMode: "array" })).rows,
  };
}

/** Waits until something is so. */
export async function until(holds: () => Promise<boolean> | boolean, waitMs = 3_000): Promise<void> {
  for (const end = performance.now() + waitMs; !(await holds()); await Bun.sleep(10))
    if (performance.now() > end) throw new Error("it never came to be so");
}

/** A door that hooks wait at until it is opened. */
export class Door {
  /** How many have come to it. */
  arrived = 0;
  #open!: () => void;
  readonly #opened = new Promise<void>((resolve) => (this.#open = resolve));

  wait = async (): Promise<void> => {
    this.arrived++;
    await this.#opened;
  };

  open(): void {
    this.#open();
  }
}

/** What a statement looks like that takes half a minute; `mark` tells it from others. */
export const sleeping = (mark: string): ReturnType<typeof sql> =>
  sql`(select pg_sleep(30) is not null and ${sql.raw(`'${mark}'`)} <> '')`;
