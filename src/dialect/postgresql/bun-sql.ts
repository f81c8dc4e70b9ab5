import { Cache, LONGEST } from "../../cache.ts";
import { pause } from "../../clock.ts";
import type { Database, ResultRows } from "../contract.ts";
import type { Driver } from "./driver.ts";
import { isStale, stateOf } from "./failure.ts";
import {
  type Asked,
  type LazyClient,
  type LazyQuery,
  type Statement,
  WatchedClient,
  type Ways,
} from "./lazy.ts";
import { sessionOver } from "./session.ts";
import { boundValue } from "./value.ts";
import type { Hold, Watch } from "./watch.ts";

/** How many connections Bun opens unless it is told otherwise. */
const CONNECTIONS = 10;

/** How long it takes until a server has heard, in milliseconds; the driver does not say. */
const HEARD = 20;

async function stop(query: LazyQuery): Promise<void> {
  query.cancel();
  await pause(HEARD);
}

/** A connection that is taken from the pool. */
interface Reserved {
  release(): unknown;
  close(options: { timeout: number }): Promise<unknown>;
}

/** The part of a client that is used here. */
interface BunClient {
  readonly options?: { readonly max?: number; readonly adapter?: string; readonly prepare?: boolean };
  reserve(): Promise<Reserved>;
}

/** Says of a text that it is one statement: without values the driver would not prepare it, as it may be several. */
const ONE = {};

/** A client as what a template is tagged with. */
type Tag = (text: TemplateStringsArray) => LazyQuery;

/** How statements are sent; `sent` hears of each text. */
const waysOf = (sent: (text: string) => void): Ways => ({
  send(client, { text, values, options, arrays }) {
    sent(text);
    // A client of this driver is what a template is tagged with, beside the methods that all drivers' clients share.
    const query =
      options === ONE && values.length === 0
        ? (client as unknown as Tag)(template(text))
        : client.unsafe(text, values);
    const rows = arrays ? query.values() : query;
    return { rows, means: { stop: () => stop(query), drop: () => undefined } };
  },
  guard: (work) => work(),
});

/** The texts that are known to be prepared, in each of two generations: those the driver keeps on a connection. */
const MAX_KNOWN = 512;
/** What new texts may have in characters before a connection is renewed. */
const MAX_NEW = 262_144;

/**
 * Counts the texts that are new to the connections of a pool. The driver prepares every statement, and can be told so of
 * none, so that questions nobody asks again would fill the server's memory: from time to time a connection is closed that
 * nobody uses, and the driver opens another.
 */
class Renewal {
  readonly #pool: { reserve(): Promise<Reserved> };
  readonly #known = new Cache<true>(MAX_KNOWN, { most: 4 * MAX_NEW });
  #fresh = 0;

  constructor(pool: { reserve(): Promise<Reserved> }) {
    this.#pool = pool;
  }

  sent = (text: string): void => {
    if (this.#known.get(text) === true) return;
    if (text.length <= LONGEST) this.#known.set(text, true);
    this.#fresh += text.length;
    if (this.#fresh <= MAX_NEW) return;
    this.#fresh = 0;
    void this.#renew();
  };

  async #renew(): Promise<void> {
    try {
      const connection = await this.#pool.reserve();
      await connection.close({ timeout: 0 });
    } catch {
      // a pool that has no connection has nothing to renew
    }
  }
}

/** Texts under which statements are prepared anew in transactions, where the driver runs into what has gone stale. */
class Texts {
  #generation = 0;

  of(text: string): string {
    return this.#generation === 0 ? text : `/*${this.#generation}*/ ${text}`;
  }

  renew(): void {
    this.#generation++;
  }
}

/**
 * The statements of a transaction. One that has gone stale ends it; where it is the first, and all there was, the
 * transaction begins again and nobody hears of it.
 */
class TransactionWays implements Ways {
  readonly #ways: Ways;
  readonly #texts: Texts;
  readonly #begin: () => void;
  #statements = 0;

  /** `begin` sends what a transaction begins with. */
  constructor(ways: Ways, texts: Texts, begin: () => void) {
    this.#ways = ways;
    this.#texts = texts;
    this.#begin = begin;
  }

  send(client: LazyClient, asked: Asked): Statement {
    let sent = this.#ways.send(client, { ...asked, text: this.#texts.of(asked.text) });
    const first = this.#statements++ === 0;
    const run = async (): Promise<ResultRows> => {
      try {
        return await sent.rows;
      } catch (error) {
        if (!isStale(error)) throw error;
        if (stateOf(error) === "0A000") this.#texts.renew();
        if (!first || this.#statements > 1) throw error;
        this.#begin();
        sent = this.#ways.send(client, { ...asked, text: this.#texts.of(asked.text) });
        return sent.rows;
      }
    };
    return { rows: run(), means: { stop: () => sent.means.stop(), drop: () => undefined } };
  }

  guard<T>(work: () => Promise<T>): Promise<T> {
    this.#statements++; // a savepoint
    return work();
  }
}

/**
 * Bun.SQL, through drizzle-orm/bun-sql. Each connection keeps the 1,024 statements it used last prepared, whether they
 * come again or not; outside of transactions it prepares anew what has gone stale.
 */
export class BunSQL implements Driver {
  readonly remote = true;
  readonly rowsAreCheap = true;
  readonly pipelines = true;
  readonly prepared = 0;
  readonly connections: number;
  readonly #texts = new Texts();
  readonly #ways: Ways;

  constructor(client: BunClient) {
    const { options } = client;
    const adapter = options?.adapter ?? "postgres";
    if (adapter !== "postgres")
      throw new Error(`\`BunSQLDatabase\` is supported over PostgreSQL, and this one is over \`${adapter}\``);
    this.connections = options?.max ?? CONNECTIONS;
    this.#ways = waysOf(options?.prepare === false ? () => undefined : new Renewal(client).sent);
  }

  watched(client: object, watch: Watch): object {
    // It is the client of a database of this driver.
    return new WatchedClient(client as LazyClient, watch, this.#ways);
  }

  query(client: WatchedClient, text: string, values: readonly unknown[]): Promise<ResultRows> {
    return client.ask({ text, values: values.map(boundValue), options: ONE, arrays: true });
  }

  async transaction<T>(
    database: Database,
    hold: Hold,
    settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    // Only a connection that was taken can be given up; of Bun's pool `reserve` takes one.
    const connection = (await database.$client.reserve()) as Reserved;
    hold.drop = () => void connection.close({ timeout: 0 }).catch(() => undefined);
    try {
      return await sessionOver(database, connection).transaction((tx: Database) => {
        // The session of a transaction holds Bun's client of it, which Drizzle does not tell.
        const { session } = tx as { session: { client: object } };
        const tag = session.client as unknown as Tag;
        // Nobody waits for these; should they fail, so will what follows.
        const send = (texts: readonly string[]): void => {
          for (const text of texts) tag(template(text)).catch(() => undefined);
        };
        send(settings);
        const again = (): void => send(["rollback", "begin", ...settings]);
        session.client = new WatchedClient(
          session.client as LazyClient,
          hold,
          new TransactionWays(this.#ways, this.#texts, again),
        );
        return work(tx);
      });
    } finally {
      connection.release();
    }
  }
}

/** A statement as a tagged template has it: what follows need not wait for it, as it would for one of `unsafe`. */
function template(text: string): TemplateStringsArray {
  const strings: readonly string[] = [text];
  // A list of texts with their raw forms is what a tag is handed.
  return Object.defineProperty(strings, "raw", { value: strings }) as TemplateStringsArray;
}
