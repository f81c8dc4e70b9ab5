import type { Rows } from "./postgresql-driver.ts";
import type { Stop, Watch } from "./postgresql-watch.ts";

/** A statement of Bun.SQL or postgres.js: a promise that begins when somebody waits for it. */
export interface LazyQuery extends Promise<Rows> {
  values(): LazyQuery;
  cancel(): unknown;
}

/** The part of a client, or of a transaction, of Bun.SQL and postgres.js that is used here. */
export interface LazyClient {
  unsafe(text: string, values: readonly unknown[], options?: { prepare: boolean }): LazyQuery;
  savepoint<T>(work: (client: LazyClient) => Promise<T>): Promise<T>;
}

/** What a driver has its own way of doing. */
export interface Ways {
  /** Asks the server to end a statement. */
  stop(query: LazyQuery): ReturnType<Stop>;
  /** Runs the work of a transaction, or of a savepoint in it. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** What Drizzle's sessions use of a client, with every statement watched. */
export class WatchedClient {
  readonly #client: LazyClient;
  readonly #watch: Watch;
  readonly #ways: Ways;

  constructor(client: LazyClient, watch: Watch, ways: Ways) {
    this.#client = client;
    this.#watch = watch;
    this.#ways = ways;
  }

  unsafe(...parameters: Parameters<LazyClient["unsafe"]>): WatchedQuery {
    return new WatchedQuery(() => this.#client.unsafe(...parameters), this.#watch, this.#ways);
  }

  savepoint<T>(work: (client: WatchedClient) => Promise<T>): Promise<T> {
    this.#watch.admit();
    return this.#client.savepoint((inner) =>
      this.#ways.guard(() => work(new WatchedClient(inner, this.#watch, this.#ways))),
    );
  }
}

/** A statement that begins when somebody waits for it, as the driver's own does. */
class WatchedQuery implements PromiseLike<Rows> {
  readonly #make: () => LazyQuery;
  readonly #watch: Watch;
  readonly #ways: Ways;
  #arrays = false;
  #running: Promise<Rows> | undefined;

  constructor(make: () => LazyQuery, watch: Watch, ways: Ways) {
    this.#make = make;
    this.#watch = watch;
    this.#ways = ways;
  }

  values(): this {
    this.#arrays = true;
    return this;
  }

  run(): Promise<Rows> {
    this.#running ??= this.#begin();
    return this.#running;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a promise
  then: Promise<Rows>["then"] = (...handlers) => this.run().then(...handlers);

  async #begin(): Promise<Rows> {
    this.#watch.admit();
    const query = this.#arrays ? this.#make().values() : this.#make();
    return this.#watch.follow(query, () => this.#ways.stop(query));
  }
}
