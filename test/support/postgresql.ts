import { createHash } from "node:crypto";
import { mkdirSync, renameSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { SQL } from "bun";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sql";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { drizzle as drizzlePglite } from "drizzle-orm/pglite";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { Client, Pool } from "pg";
import postgres from "postgres";
import { version } from "../../node_modules/@electric-sql/pglite/package.json";
import { spared } from "./spared.ts";

type Schema = Record<string, unknown>;

/** What an installation may keep. */
const CACHE = join(import.meta.dir, "../../node_modules/.cache/query-test");

/** Any Drizzle database of PostgreSQL. */
// oxlint-disable-next-line typescript/no-explicit-any -- the schema's type is the caller's
export type PostgresqlDatabase = PgDatabase<PgQueryResultHKT, any>;

/** An open database with the tables of a schema, and what closes it and leaves nothing behind. */
export interface OpenedPostgresql {
  readonly database: PostgresqlDatabase;
  /** The server's database; empty for the embedded one. */
  readonly url: string;
  /** Runs text of several statements, past the database under test's own pool where there is a server. */
  readonly run: (text: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What may differ between databases of the same tables. */
export interface PostgresqlOptions {
  /** Settings of every session, such as `timezone`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Connections of the pool. */
  readonly connections?: number;
  /** Whether texts are ordered as a language orders them; the embedded database has bytes' order only. */
  readonly linguistic?: boolean;
}

/** A driver over a connection string, and what closes its pool. */
type Driver = (
  url: string,
  schema: Schema,
  connections: number,
) => { readonly database: unknown; readonly end: () => Promise<unknown> };

/** The drivers that speak to a server. */
export const SERVER_DRIVERS = {
  "bun-sql": (url, schema, max) => {
    const client = new SQL(url, { max });
    return { database: drizzleBun({ client, schema }), end: () => client.close() };
  },
  "postgres-js": (url, schema, max) => {
    const client = postgres(url, { max, onnotice: () => undefined });
    return { database: drizzlePostgres({ client, schema }), end: () => client.end({ timeout: 5 }) };
  },
  "node-postgres": (url, schema, max) => {
    const client = new Pool({ connectionString: url, max });
    client.on("error", () => undefined); // a connection that is cut while idle
    return { database: drizzlePg({ client, schema }), end: () => client.end() };
  },
} satisfies Record<string, Driver>;

/** The PostgreSQL databases tests can be run against. */
export type PostgresqlName = "PGlite" | keyof typeof SERVER_DRIVERS;

export const POSTGRESQL_NAMES: readonly PostgresqlName[] = [
  "PGlite",
  ...(Object.keys(SERVER_DRIVERS) as (keyof typeof SERVER_DRIVERS)[]),
];

/** The server of the tests, if there is one. */
export const SERVER = process.env["TEST_POSTGRES_URL"];

/** Whether tests on a server may be left out where there is none. */
export const SERVER_REQUIRED = process.env["REQUIRE_POSTGRES"] === "1";

/** Whether a database cannot be had here, and need not be. */
export function isLeftOut(name: string): boolean {
  return name in SERVER_DRIVERS && SERVER === undefined && !SERVER_REQUIRED;
}

if (SERVER === undefined) {
  const names = Object.keys(SERVER_DRIVERS).join(", ");
  console.warn(`PostgreSQL on a server (${names}) is left out: TEST_POSTGRES_URL names none`);
}

/** Opens a fresh database with the tables of a schema. */
export async function openPostgresql(
  name: PostgresqlName,
  schema: Schema,
  options: PostgresqlOptions = {},
): Promise<OpenedPostgresql> {
  const statements = (await postgresqlDDL(schema)).join("\n");
  return name === "PGlite"
    ? openPglite(schema, statements, options)
    : openServer(name, schema, statements, options);
}

/** The statements that make a schema's tables, types and views. */
export async function postgresqlDDL(schema: Schema): Promise<readonly string[]> {
  let made = ddls.get(schema);
  if (made === undefined)
    ddls.set(schema, (made = generateMigration(generateDrizzleJson({}), generateDrizzleJson(schema))));
  return made;
}

const ddls = new WeakMap<Schema, Promise<readonly string[]>>();

let files: Promise<Blob> | undefined;

/** Opens an empty embedded database. */
export async function openEmpty(): Promise<PGlite> {
  return new PGlite({ loadDataDir: await (files ??= keptFiles()) });
}

/** The files of an empty embedded database, kept for other processes: loading them takes a tenth of making them. */
async function keptFiles(): Promise<Blob> {
  const path = join(CACHE, `pglite-${version}.tar`);
  const kept = Bun.file(path);
  if (await kept.exists()) return new Blob([await kept.arrayBuffer()]);
  const made = await makeFiles();
  mkdirSync(CACHE, { recursive: true });
  const own = `${path}.${process.pid}`;
  await Bun.write(own, made);
  renameSync(own, path); // nobody sees half of it
  return made;
}

async function makeFiles(): Promise<Blob> {
  const first = await PGlite.create(); // asked for its files before it is ready, it never answers
  try {
    return await first.dumpDataDir("none");
  } finally {
    await first.close();
  }
}

async function openPglite(
  schema: Schema,
  statements: string,
  { settings = {} }: PostgresqlOptions,
): Promise<OpenedPostgresql> {
  const client = embedded.pop() ?? (await openEmpty());
  const set = Object.entries(settings).map(([name, value]) => `set ${name} to '${value}';`);
  await client.exec([statements, ...set].join("\n"));
  return {
    database: drizzlePglite({ client, schema }) as unknown as PostgresqlDatabase,
    url: "",
    run: async (text) => void (await client.exec(text)),
    close: () => putAway(client),
  };
}

/** Embedded databases that nobody uses any more, empty. */
const embedded: PGlite[] = [];
spared.add(async () => {
  await Promise.all(embedded.splice(0).map((client) => client.close()));
});

/** Empties an embedded database; one that does not answer, or is closed, is of no use any more. */
async function putAway(client: PGlite): Promise<void> {
  if (client.closed) return;
  const emptied = client.exec("rollback").then(async () => {
    await client.exec("discard all");
    await client.exec(EMPTY);
    return true;
  });
  const answers = await Promise.race([emptied.catch(() => false), Bun.sleep(2_000)]);
  if (answers === true) embedded.push(client);
  else await client.close();
}

/** Databases of this process begin with it, so that those of processes that are gone can be told apart. */
const PREFIX = "query_test";
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const DAY = 86_400_000;
let opened = 0;
let cleaned: Promise<void> | undefined;

/** Databases that nobody uses any more, empty, by how they order texts: to make and to drop one takes a second. */
const spares: Record<"bytes" | "language", string[]> = { bytes: [], language: [] };
spared.add(async () => {
  await Promise.all(Object.values(spares).flatMap((names) => names.splice(0).map(drop)));
});

const drop = (name: string): Promise<void> =>
  onServer(SERVER!, `drop database if exists ${name} with (force)`);

async function openServer(
  name: keyof typeof SERVER_DRIVERS,
  schema: Schema,
  statements: string,
  { settings = {}, connections = 10, linguistic = false }: PostgresqlOptions,
): Promise<OpenedPostgresql> {
  const server = SERVER;
  if (server === undefined) throw new Error("TEST_POSTGRES_URL names no server");
  await (cleaned ??= dropLeftovers());
  const alike = spares[linguistic ? "language" : "bytes"];
  const spare = alike.pop();
  const own = spare ?? `${PREFIX}_${HOST}_${process.pid}_${Date.now().toString(36)}_${++opened}`;
  const url = Object.assign(new URL(server), { pathname: `/${own}` }).href;
  // What is written here outlives no test.
  const all = { synchronous_commit: "off", ...settings };
  const set = Object.entries(all).map(
    ([setting, value]) => `alter database ${own} set ${setting} to '${value}'`,
  );
  try {
    const locale = linguistic ? " locale_provider icu icu_locale 'en-US'" : "";
    const made = spare === undefined ? [`create database ${own} template template0${locale}`] : [];
    await onServer(server, ...made, ...set);
    await onServer(url, statements);
  } catch (error) {
    await drop(own);
    throw error;
  }
  const { database, end } = SERVER_DRIVERS[name](url, schema, connections);
  return {
    database: database as PostgresqlDatabase,
    url,
    run: (text) => onServer(url, text),
    close: async () => {
      await end();
      try {
        await onServer(url, ALONE, EMPTY, `alter database ${own} reset all`);
        alike.push(own);
      } catch {
        await drop(own);
      }
    },
  };
}

/** Ends every other connection to a database, and waits until they are gone. */
const ALONE = `do $$ begin
  for attempt in 1..200 loop
    perform pg_stat_clear_snapshot();
    perform pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid();
    if not found then return; end if;
    perform pg_sleep(0.01);
  end loop;
  raise 'somebody does not leave';
end $$`;

/** Leaves a database as it was when it was made. */
const EMPTY = `do $$ declare own name; begin
  for own in select nspname from pg_namespace where nspname !~ '^(pg_|information_schema$)' loop
    execute format('drop schema %I cascade', own);
  end loop;
end $$;
create schema public authorization pg_database_owner;
grant usage on schema public to public;`;

/** Runs one text after the other on a connection of their own. */
async function onServer(url: string, ...texts: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  client.on("error", () => undefined); // a database that is dropped before the server heard the farewell
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

/** Drops databases of test runs that are gone: of this machine's dead processes, and of anybody a day ago. */
async function dropLeftovers(): Promise<void> {
  const client = new Client({ connectionString: SERVER });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database where datname like '${PREFIX}\\_%'`,
    );
    for (const { datname } of rows) {
      if (isLeftover(datname)) await client.query(`drop database if exists ${datname} with (force)`);
    }
  } finally {
    await client.end();
  }
}

function isLeftover(name: string): boolean {
  const [host, pid, made] = name.slice(PREFIX.length + 1).split("_");
  if (Date.now() - Number.parseInt(made!, 36) > DAY) return true;
  if (host !== HOST || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0); // asks whether it lives
    return false;
  } catch {
    return true;
  }
}
