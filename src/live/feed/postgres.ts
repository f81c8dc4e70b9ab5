import { LIVE_CHANNEL } from "../../live-channel.ts";
import type { Feed, Touched } from "../contract.ts";
import { bunSQL, runsOnBun } from "./bun-sql.ts";
import { Line } from "./line.ts";
import { clientOf, type NodePgClient, nodePostgres } from "./node-postgres.ts";
import { type Told, writeNotice } from "./notice.ts";
import { type Embedded, pglite } from "./pglite.ts";
import { type Postgres, postgresJs } from "./postgres-js.ts";
import { type FindWire, loadPackage } from "./wire.ts";

/** How a process hears of others' writes by PostgreSQL. */
export interface PostgresFeedOptions {
  /**
   * Where the database is: its URL, or a client of node-postgres (a pool too), postgres.js, Bun.SQL or PGlite, by whose
   * driver and options a connection of the feed's own is opened; PGlite has but one. It must lead to the server itself:
   * poolers take away what is said to who listens.
   *
   * An URL is taken by Bun.SQL on Bun, elsewhere by the package `pg` or `postgres`, whichever is installed.
   */
  readonly connection: string | URL | object;
}

/**
 * Hears by `LISTEN` and `NOTIFY` which tables other processes have written in a PostgreSQL database, and tells them what
 * this one has, in the transaction that writes. Names of tables are told and nothing else; a database's writers that do
 * not know the engine tell of theirs by `liveTriggers`.
 *
 * @throws Error at start for what is no connection.
 * @example
 * import { live, postgresFeed } from "@bepalo/query/live";
 * const feed = postgresFeed({ connection: process.env.DATABASE_URL! });
 * createQueryRoute({ acl, database, schema, live: live({ feed }) });
 */
export function postgresFeed({ connection }: PostgresFeedOptions): Feed {
  const find = findWire(connection);
  const origin = crypto.randomUUID();
  const ridden = new Ridden();
  let listening = 0;
  return {
    open(hearing) {
      listening++;
      const line = new Line(hearing, {
        name: "postgresFeed",
        origin,
        find,
        deaf: DEAF,
        alone: () => listening === 1,
        isTold: (notice) => ridden.told(notice),
      });
      return {
        tell: (touched) => line.tell(touched),
        close: async () => {
          listening--;
          await line.close();
        },
      };
    },
    ride: (touched) => ({
      text: "select pg_notify($1, $2), txid_current()::text",
      values: [LIVE_CHANNEL, writeNotice(origin, touched)],
      answered: (row) => ridden.add(String(row?.[1]), touched),
    }),
  };
}

/** So many transactions are known at once: their notices come as soon as they are committed. */
const MOST = 1_000;

/** The last transactions in which a notice rode: what triggers tell of them is told already. */
class Ridden {
  readonly #touched = new Map<string, Touched>();

  add(transaction: string, touched: Touched): void {
    this.#touched.set(transaction, touched);
    for (const [oldest] of this.#touched)
      if (this.#touched.size > MOST) this.#touched.delete(oldest);
      else break;
  }

  /** Whether a notice is of one of them, and tells of nothing more. */
  told({ origin, touched }: Told): boolean {
    const known = this.#touched.get(origin);
    if (known === undefined || known === "*") return known === "*";
    return touched !== "*" && touched.every((name) => known.includes(name));
  }
}

const DEAF = "notices do not arrive: its connection must lead to the server itself, never through a pooler";
const EXPECTED =
  "postgresFeed: `connection` must be an URL, or a client of node-postgres, postgres.js, Bun.SQL or PGlite";
const MISSING =
  "a URL needs the package `pg` or `postgres` here, and neither can be loaded: install one of them";

/** How drivers' clients are told apart, by what each of them alone has. */
interface AnyClient {
  readonly options?: { readonly adapter?: unknown; readonly shared?: unknown };
  readonly totalCount?: unknown;
  readonly connectionParameters?: unknown;
  readonly listen?: unknown;
  readonly exec?: unknown;
  readonly $client?: unknown;
}

/** @throws Error for what is no connection. */
function findWire(connection: unknown): FindWire {
  if (typeof connection === "string" || connection instanceof URL) return byUrl(String(connection));
  if (connection === null || (typeof connection !== "object" && typeof connection !== "function"))
    throw new TypeError(EXPECTED);
  // It is an object, or a function, of which each member is looked at before it is used.
  const client = connection as AnyClient;
  if (client.$client !== undefined)
    throw new TypeError(`${EXPECTED}; a Drizzle database has its client in \`$client\``);
  const { options } = client;
  if (typeof connection === "function" && options !== undefined) {
    if (options.adapter === "postgres") return () => bunSQL(options);
    if (options.shared !== undefined) return byPostgresJs(options);
  }
  if ("totalCount" in client || "connectionParameters" in client) {
    const made = clientOf(connection);
    return () => nodePostgres(made.Client, made.options);
  }
  if (typeof client.listen === "function" && typeof client.exec === "function")
    return () => pglite(connection as Embedded);
  throw new TypeError(EXPECTED);
}

/** @throws TypeError for what is no URL of PostgreSQL. */
function byUrl(url: string): FindWire {
  if (!/^postgres(?:ql)?:/.test(url)) throw new TypeError(EXPECTED);
  if (runsOnBun()) return () => bunSQL({ url });
  return async () => {
    const found = await loadPackage<{ default: { Client: NodePgClient } }>("pg", MISSING).catch(
      () => undefined,
    );
    if (found !== undefined) return nodePostgres(found.default.Client, { connectionString: url });
    const { default: postgres } = await loadPackage<{ default: Postgres }>("postgres", MISSING);
    return postgresJs((options) => postgres(url, options));
  };
}

/** Its clients do not hand on what made them. */
const byPostgresJs = (given: object): FindWire => {
  return async () => {
    const advice = "the package `postgres`, of which it was handed a client, cannot be loaded";
    const { default: postgres } = await loadPackage<{ default: Postgres }>("postgres", advice);
    return postgresJs((options) => postgres({ ...given, ...options }));
  };
};
