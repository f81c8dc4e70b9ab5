import type { Database } from "./dialect.ts";
import { boundValue, databaseOver, type Driver, type Rows } from "./postgresql-driver.ts";
import { type LazyClient, WatchedClient, type Ways } from "./postgresql-lazy.ts";
import type { Hold, Watch } from "./postgresql-watch.ts";

/** How many connections Bun opens unless it is told otherwise. */
const CONNECTIONS = 10;

const WAYS: Ways = {
  make(client, text, values) {
    const query = client.unsafe(text, values);
    return { query, means: { stop: () => void query.cancel(), drop: () => undefined } };
  },
  guard: (work) => work(),
};

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

  constructor({ options }: { readonly options?: { readonly max?: number; readonly adapter?: string } }) {
    const adapter = options?.adapter ?? "postgres";
    if (adapter !== "postgres")
      throw new Error(`\`BunSQLDatabase\` is supported over PostgreSQL, and this one is over \`${adapter}\``);
    this.connections = options?.max ?? CONNECTIONS;
  }

  watched(client: object, watch: Watch): object {
    return new WatchedClient(client as LazyClient, watch, WAYS);
  }

  query(client: WatchedClient, text: string, values: readonly unknown[]): Promise<Rows> {
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
        // Nobody waits for the settings; should they fail, so will what follows.
        for (const setting of settings) tag(template(setting)).catch(() => undefined);
        session.client = this.watched(session.client, hold);
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
