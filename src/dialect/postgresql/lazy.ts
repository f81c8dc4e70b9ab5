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
    return new WatchedQuery((arrays) => this.ask({ ...asked, arrays }));
  }

  /** Sends a statement whose values are all there. */
  ask(asked: Asked): Promise<ResultRows> {
    try {
      this.#watch.admit();
      const { rows, means } = this.#ways.send(this.#client, asked);
      return this.#watch.follow(rows, means);
    } catch (error) {
      return Promise.reject(error);
    }
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
  readonly #ask: (arrays: boolean) => Promise<ResultRows>;
  #arrays = false;
  #running: Promise<ResultRows> | undefined;

  constructor(ask: (arrays: boolean) => Promise<ResultRows>) {
    this.#ask = ask;
  }

  values(): this {
    this.#arrays = true;
    return this;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it stands for a promise
  then: Promise<ResultRows>["then"] = (...handlers) =>
    (this.#running ??= this.#ask(this.#arrays)).then(...handlers);
}
