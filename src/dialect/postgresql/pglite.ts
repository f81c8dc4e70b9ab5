import type { Database, ResultRows } from "../contract.ts";
import type { Driver } from "./driver.ts";
import { boundValue, TRANSPARENT } from "./value.ts";
import { presentValues } from "../value.ts";
import type { Hold, Means, Watch } from "./watch.ts";

interface Client {
  query(text: string, values: readonly unknown[], options: object): Promise<{ readonly rows: ResultRows }>;
}

const AS_ROWS = {
  rowMode: "array",
  parsers: Object.fromEntries([...TRANSPARENT].map((type) => [type, (text: string) => text])),
};

/**
 * PGlite, through drizzle-orm/pglite: PostgreSQL in this process, with one connection. What it runs cannot be stopped,
 * because nobody runs beside it who could.
 */
export class Pglite implements Driver {
  readonly remote = false;
  readonly rowsAreCheap = false;
  readonly pipelines = false;
  readonly connections = 1;
  readonly prepared = 0;

  watched(client: object, watch: Watch): object {
    return new WatchedClient(client as Client, watch);
  }

  async query(client: WatchedClient, text: string, values: readonly unknown[]): Promise<ResultRows> {
    return (await client.query(text, values.map(boundValue), AS_ROWS)).rows;
  }

  transaction<T>(
    database: Database,
    hold: Hold,
    _settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    return database.transaction((tx: Database) => {
      tx.session.client = this.watched(tx.session.client, hold);
      return work(tx);
    });
  }
}

/** What runs in this process ends by itself. */
const NO_MEANS: Means = { stop: () => undefined, drop: () => undefined };

class WatchedClient {
  readonly #client: Client;
  readonly #watch: Watch;

  constructor(client: Client, watch: Watch) {
    this.#client = client;
    this.#watch = watch;
  }

  async query(
    text: string,
    values: readonly unknown[] = [],
    options: object = {},
  ): ReturnType<Client["query"]> {
    this.#watch.admit();
    return this.#watch.follow(this.#client.query(text, presentValues(values), options), NO_MEANS);
  }
}
