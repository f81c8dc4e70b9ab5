import type { Database, ResultRows } from "../contract.ts";
import type { Driver } from "./driver.ts";
import { isStale, stateOf } from "./failure.ts";
import { type Asked, type LazyClient, type Statement, WatchedClient, type Ways } from "./lazy.ts";
import { databaseOver } from "./session.ts";
import { boundValue } from "./value.ts";
import type { Hold, Watch } from "./watch.ts";

/** How many connections Bun opens unless it is told otherwise. */
const CONNECTIONS = 10;

const WAYS: Ways = {
  send(client, { text, values, arrays }) {
    const query = client.unsafe(text, values);
    const rows = arrays ? query.values() : query;
    return { rows, means: { stop: () => void query.cancel(), drop: () => undefined } };
  },
  guard: (work) => work(),
};

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
  readonly #texts: Texts;
  readonly #begin: () => void;
  #statements = 0;

  /** `begin` sends what a transaction begins with. */
  constructor(texts: Texts, begin: () => void) {
    this.#texts = texts;
    this.#begin = begin;
  }

  send(client: LazyClient, asked: Asked): Statement {
    let sent = WAYS.send(client, { ...asked, text: this.#texts.of(asked.text) });
    const first = this.#statements++ === 0;
    const run = async (): Promise<ResultRows> => {
      try {
        return await sent.rows;
      } catch (error) {
        if (!isStale(error)) throw error;
        if (stateOf(error) === "0A000") this.#texts.renew();
        if (!first || this.#statements > 1) throw error;
        this.#begin();
        sent = WAYS.send(client, { ...asked, text: this.#texts.of(asked.text) });
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

/** A connection that is taken from the pool. */
interface Reserved {
  release(): unknown;
  close(options: { timeout: number }): Promise<unknown>;
}

/**
 * Bun.SQL, through drizzle-orm/bun-sql. Each connection keeps the 1,024 statements it used last prepared, whether they
 * come again or not; outside of transactions it prepares anew what has gone stale.
 */
export class BunSQL implements Driver {
  readonly remote = true;
  readonly prepared = 0;
  readonly connections: number;
  readonly #texts = new Texts();

  constructor({ options }: { readonly options?: { readonly max?: number; readonly adapter?: string } }) {
    const adapter = options?.adapter ?? "postgres";
    if (adapter !== "postgres")
      throw new Error(`\`BunSQLDatabase\` is supported over PostgreSQL, and this one is over \`${adapter}\``);
    this.connections = options?.max ?? CONNECTIONS;
  }

  watched(client: object, watch: Watch): object {
    return new WatchedClient(client as LazyClient, watch, WAYS);
  }

  query(client: WatchedClient, text: string, values: readonly unknown[]): Promise<ResultRows> {
    return client.unsafe(text, values.map(boundValue)).values().run();
  }

  async transaction<T>(
    database: Database,
    hold: Hold,
    settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    // Only a connection that was taken can be given up.
    const connection = (await database.$client.reserve()) as Reserved;
    hold.drop = () => void connection.close({ timeout: 0 }).catch(() => undefined);
    try {
      return await databaseOver(database, connection).transaction((tx: Database) => {
        const { session } = tx as { session: { client: object } };
        const tag = session.client as (text: TemplateStringsArray) => Promise<unknown>;
        // Nobody waits for these; should they fail, so will what follows.
        const send = (texts: readonly string[]): void => {
          for (const text of texts) tag(template(text)).catch(() => undefined);
        };
        send(settings);
        const again = (): void => send(["rollback", "begin", ...settings]);
        session.client = new WatchedClient(
          session.client as LazyClient,
          hold,
          new TransactionWays(this.#texts, again),
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
  return Object.defineProperty(strings, "raw", { value: strings }) as TemplateStringsArray;
}
