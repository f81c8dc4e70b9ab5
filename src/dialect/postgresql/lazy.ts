import type { ResultRows } from "../contract.ts";
import { presentValues } from "../value.ts";
import type { Means, Watch } from "./watch.ts";

/** A statement of Bun.SQL or postgres.js: a promise that begins when somebody waits for it. */
export interface LazyQuery extends Promise<ResultRows> {
  values(): LazyQuery;
  cancel(): unknown;
}

/** The part of a client, or of a transaction, of Bun.SQL and postgres.js that is used here. */
export interface LazyClient {
  unsafe(text: string, values: readonly unknown[], options?: object): LazyQuery;
  savepoint<T>(work: (client: LazyClient) => Promise<T>): Promise<T>;
}

/** What a driver has its own way of doing. */
export interface Ways {
  /** Sends a statement, whose rows come as arrays or not, and says what can be done about it. */
  send(client: LazyClient, asked: Asked): Statement;
  /** Runs the work of a transaction, or of a savepoint in it. */
  guard<T>(work: () => Promise<T>): Promise<T>;
}

/** A statement as a session asks for it. */
export interface Asked {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly options?: object | undefined;
  /** Whether rows answer by index. */
  readonly arrays: boolean;
}

/** A statement under way, and what ends it. */
export interface Statement {
  readonly rows: PromiseLike<ResultRows>;
  readonly means: Means;
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

  unsafe(text: string, values: readonly unknown[] = [], options?: object): WatchedQuery {
    const asked = { text, values: presentValues(values), options };
    const send = (arrays: boolean): Statement => this.#ways.send(this.#client, { ...asked, arrays });
    return new WatchedQuery(send, this.#watch);
  }

  savepoint<T>(work: (client: WatchedClient) => Promise<T>): Promise<T> {
    this.#watch.admit();
    return this.#client.savepoint((inner) =>
      this.#ways.guard(() => work(new WatchedClient(inner, this.#watch, this.#ways))),
    );
  }
}

/** A statement that begins when somebody waits for it, as the driver's own does. */
class WatchedQuery implements PromiseLike<ResultRows> {
  readonly #send: (arrays: boolean) => Statement;
  readonly #watch: Watch;
  #arrays = false;
  #running: Promise<ResultRows> | undefined;

  constructor(send: (arrays: boolean) => Statement, watch: Watch) {
    this.#send = send;
    this.#watch = watch;
  }

  values(): this {
    this.#arrays = true;
    return this;
  }

  run(): Promise<ResultRows> {
    this.#running ??= this.#begin();
    return this.#running;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a promise
  then: Promise<ResultRows>["then"] = (...handlers) => this.run().then(...handlers);

  async #begin(): Promise<ResultRows> {
    this.#watch.admit();
    const { rows, means } = this.#send(this.#arrays);
    return this.#watch.follow(rows, means);
  }
}
