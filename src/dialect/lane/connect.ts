import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { ResultRows } from "../contract.ts";
import { MANY_PAGES } from "../sqlite/page-cache.ts";
import { type BetterClient, type BunClient, prepareBetter, prepareBun } from "../sqlite/prepare.ts";
import { Prepared } from "../sqlite/prepared.ts";
import { presentValues } from "../value.ts";
import { identityOf } from "./identity.ts";
import type { Driver, Place } from "./message.ts";

/** Asks a connection. */
export type Ask = (
  text: string,
  values: readonly unknown[],
  most?: number,
) => ResultRows | Promise<ResultRows>;

/** The part of a synchronous driver's client that is used here. */
type SyncClient = (BunClient | BetterClient) & {
  /** As better-sqlite3 calls it. */
  defaultSafeIntegers?(on: boolean): unknown;
};

/** The part of `@libsql/client` that a module of the application's may open. */
interface AsyncClient {
  execute(statement: { sql: string; args: readonly unknown[] }): Promise<{ rows: ResultRows }>;
}

/** Statements kept prepared, in each of two generations. */
const MAX_STATEMENTS = 100;

/** How long it waits for locks by itself, in milliseconds: here that stops nobody else. */
const PATIENCE = 5_000;

/** Opens a connection that only reads, as the application does or as its driver does. */
export async function connect(place: Place): Promise<Ask> {
  const client = await (place.open === undefined ? OPENERS[place.driver](place) : opened(place.open));
  const ask = "execute" in client ? asking(client) : preparing(client, place.driver);
  for (const pragma of ["query_only = on", `busy_timeout = ${PATIENCE}`]) await ask(`pragma ${pragma}`, []);
  if (place.open === undefined) await ask(MANY_PAGES, []);
  await check(ask, place);
  return ask;
}

/** Refuses a connection that does not read the application's file, or whose readers and writers wait for each other. */
async function check(ask: Ask, { file, identity }: Place): Promise<void> {
  const databases = await ask("pragma database_list", []);
  const path = databases.find((row) => row[1] === "main")?.[2];
  if (identityOf(statSync, String(path)) !== identity)
    throw new Error(`this is not the file ${file} that was opened`);
  const journal = await ask("pragma journal_mode", []);
  if (journal[0]?.[0] !== "wal") throw new Error("the file has no write-ahead log");
  await ask("select 1 from sqlite_master limit 1", []);
}

const OPENERS: Readonly<Record<Driver, (place: Place) => Promise<SyncClient>>> = {
  "bun-sqlite": async ({ file, bigints }) => {
    const driver = "bun:sqlite"; // which is nowhere but in Bun
    const { Database } = (await import(driver)) as {
      Database: new (path: string, options: object) => BunClient;
    };
    return new Database(file, { readonly: true, safeIntegers: bigints });
  },
  "better-sqlite3": (place) => openBetter(["better-sqlite3"], place),
  // The driver under the client, which is where the client finds it.
  libsql: (place) => openBetter(["@libsql/client", "libsql"], place),
};

async function openBetter(driver: readonly string[], { file, bigints }: Place): Promise<SyncClient> {
  const { default: Database } = (await import(find(driver))) as {
    default: new (path: string, options: object) => SyncClient;
  };
  const client = new Database(file, { readonly: true });
  if (bigints) client.defaultSafeIntegers?.(true);
  return client;
}

/** The address of a module that the application has, or of one that this one has: it need not be beside this package. */
function find(names: readonly string[]): string {
  const bases = [process.cwd(), ...process.argv.slice(3, 4)].map((path) => pathToFileURL(`${path}/`).href);
  let failure: unknown;
  for (const base of [import.meta.url, ...bases])
    try {
      return pathToFileURL(names.reduce((from, name) => createRequire(from).resolve(name), base)).href;
    } catch (error) {
      failure = error;
    }
  throw failure;
}

/** What the application's own module answers. */
async function opened(module: string): Promise<SyncClient | AsyncClient> {
  const address = module.startsWith("file:") ? module : pathToFileURL(module).href;
  const { default: open } = (await import(address)) as { default?: unknown };
  if (typeof open !== "function") throw new Error(`${module} has no default export that is a function`);
  return (await open()) as SyncClient | AsyncClient;
}

function preparing(client: SyncClient, driver: Driver): Ask {
  const statements = new Prepared(MAX_STATEMENTS, (text) =>
    driver === "bun-sqlite"
      ? prepareBun(client as BunClient, text)
      : prepareBetter(client as BetterClient, text),
  );
  return (text, values, most) => statements.rows(text, values, most);
}

const asking =
  (client: AsyncClient): Ask =>
  async (text, values) =>
    // Its rows name their values too, and their places would not be sent.
    (await client.execute({ sql: text, args: presentValues(values) })).rows.map((row) => Array.from(row));
