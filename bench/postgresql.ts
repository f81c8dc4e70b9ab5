// Databases of PostgreSQL for measuring: made on the server that BENCH_POSTGRES_URL or TEST_POSTGRES_URL names, and
// dropped in the end.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { SQL } from "bun";
import { getTableName } from "drizzle-orm";
import { COMMENTS, POSTS, type Row, rows, type Sizes, WHOLE } from "./data.ts";
import { statementsOf } from "./by-sql.ts";
import * as schema from "./schema-postgresql.ts";

/** The server to measure on, if there is one. */
export const SERVER: string | undefined =
  process.env["BENCH_POSTGRES_URL"] || process.env["TEST_POSTGRES_URL"] || undefined;

/** What is said where there is none. */
export const NO_SERVER =
  "PostgreSQL is left out: neither BENCH_POSTGRES_URL nor TEST_POSTGRES_URL names a server";

/** Names of databases begin with it, that those of this machine's processes can be told apart. */
const PREFIX = `query_bench_${createHash("sha256").update(hostname()).digest("hex").slice(0, 8)}`;

let made = 0;

/** The databases of one run, all of them this run's own. */
export class Databases {
  readonly #server: string;
  readonly #names = new Map<string, string>();
  #asking: SQL | undefined;
  #tidied: Promise<void> | undefined;
  readonly #interrupted = (): void => void this.drop().finally(() => process.exit(130));

  constructor(server: string) {
    this.#server = server;
    process.once("SIGINT", this.#interrupted);
  }

  /** Makes a database with the data of the benchmark, or less of it; new rows are numbered alike. Answers its URL. */
  async create(sizes: Sizes = WHOLE): Promise<string> {
    const url = await this.#create("");
    await fill(url, sizes, async (client) => {
      for (const [table, list] of rows(sizes)) await insert(client, getTableName(table), list);
    });
    return url;
  }

  /**
   * The same where so much is wanted that the server makes it itself, by statements; tables are not logged, and the keys of
   * a user's posts stand in order. It has no sessions.
   */
  async createBySQL(sizes: Sizes): Promise<string> {
    const url = await this.#create("");
    await fill(url, sizes, async (client) => {
      for (const name of ["user", "post", "comment", "session", "account", "verification"])
        await client.unsafe(`alter table "${name}" set unlogged`);
      for (const statement of statementsOf("postgresql", sizes)) await client.unsafe(statement);
      await client.unsafe(`create index post_user_id_idx on post (user_id, id)`);
    });
    return url;
  }

  /** Makes a database like another, which nobody may be using. */
  copy(url: string): Promise<string> {
    return this.#create(` template ${this.#names.get(url)}`);
  }

  /** Drops these databases, or all. */
  async drop(urls: readonly string[] = [...this.#names.keys()]): Promise<void> {
    for (const url of urls) {
      const name = this.#names.get(url);
      if (name !== undefined) await run(this.#server, `drop database if exists ${name} with (force)`);
      this.#names.delete(url);
    }
    if (this.#names.size > 0) return;
    await this.#asking?.close();
    process.removeListener("SIGINT", this.#interrupted);
  }

  /**
   * Microseconds of processor time that the server's processes for a database have taken; `undefined` where they cannot
   * be seen, because the server is on another machine.
   */
  async timeOf(url: string): Promise<number | undefined> {
    const rows: { pid: number }[] = await (this.#asking ??= new SQL(this.#server, { max: 1 })).unsafe(
      `select pid from pg_stat_activity where datname = '${this.#names.get(url)}'`,
    );
    try {
      return rows.reduce((sum, { pid }) => {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("postgres"))
          throw new Error("another process");
        return sum + Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ", 1)[0]) / 1000;
      }, 0);
    } catch {
      return undefined;
    }
  }

  async #create(like: string): Promise<string> {
    await (this.#tidied ??= dropLeftovers(this.#server));
    const name = `${PREFIX}_${process.pid}_${++made}`;
    const url = Object.assign(new URL(this.#server), { pathname: `/${name}` }).href;
    this.#names.set(url, name);
    await run(this.#server, `create database ${name}${like}`);
    return url;
  }
}

/** Drops what processes of this machine have left that were killed. */
async function dropLeftovers(server: string): Promise<void> {
  await connected(server, async (client) => {
    const found: { datname: string }[] = await client.unsafe(
      `select datname from pg_database where datname like '${PREFIX}\\_%'`,
    );
    for (const { datname } of found)
      if (!lives(Number(datname.slice(PREFIX.length + 1).split("_")[0])))
        await client.unsafe(`drop database if exists ${datname} with (force)`);
  });
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0); // asks, and does nothing
  } catch (error) {
    return (error as { code?: unknown }).code === "EPERM"; // somebody else's
  }
}

/** Runs a statement on a connection of its own, outside of transactions. */
const run = (url: string, statement: string): Promise<unknown> =>
  connected(url, (client) => client.unsafe(statement));

/** Does something on a connection of its own. */
export async function connected<T>(url: string, work: (client: SQL) => Promise<T>): Promise<T> {
  const client = new SQL(url, { max: 1 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Rows a statement takes at once. */
const BATCH = 10_000;

async function fill(url: string, sizes: Sizes, insertAll: (client: SQL) => Promise<void>): Promise<void> {
  const { generateDrizzleJson, generateMigration } = await import("drizzle-kit/api");
  const ddl = await generateMigration(generateDrizzleJson({}), generateDrizzleJson({ ...schema }));
  await connected(url, async (client) => {
    // Keys and indexes come last: checking and filing every row as it comes takes longer than all at once.
    const [tables, rest] = [ddl.filter(makesTable), ddl.filter((statement) => !makesTable(statement))];
    for (const statement of tables) await client.unsafe(statement);
    await insertAll(client);
    for (const statement of rest) await client.unsafe(statement);
    for (const [table, last] of Object.entries({
      post: Math.max(POSTS, sizes.posts),
      comment: Math.max(COMMENTS, sizes.comments),
    }))
      await client.unsafe(`select setval(pg_get_serial_sequence('${table}', 'id'), ${last})`);
    await client.unsafe("vacuum (freeze, analyze)");
    await client.unsafe("checkpoint").catch(() => undefined); // which not everybody may
  });
}

const makesTable = (statement: string): boolean => statement.startsWith("CREATE TABLE");

async function insert(client: SQL, table: string, list: Iterable<Row>): Promise<void> {
  const batch: Row[] = [];
  const send = async (): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    const columns = Object.keys(first).join(", ");
    await client.unsafe(
      `insert into "${table}" (${columns}) select ${columns} from json_populate_recordset(null::"${table}", $1::text::json)`,
      [JSON.stringify(batch)],
    );
    batch.length = 0;
  };
  for (const row of list) if (batch.push(row) === BATCH) await send();
  await send();
}
