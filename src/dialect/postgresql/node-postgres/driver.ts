import type { Database, DialectOptions, ResultRows } from "../../contract.ts";
import type { Driver } from "../driver.ts";
import { isStale } from "../failure.ts";
import { sessionOver } from "../session.ts";
import { boundValue } from "../value.ts";
import type { Hold, Watch } from "../watch.ts";
import { type Client, type Connection, drop, type Pool } from "./connection.ts";
import { Connections } from "./connections.ts";
import { HeldConnection } from "./held.ts";
import { Names } from "./names.ts";

/** node-postgres, through drizzle-orm/node-postgres: a pool, or one connection that serves one at a time. */
export class NodePg implements Driver {
  readonly remote = true;
  readonly rowsAreCheap = false;
  readonly pipelines = false;
  readonly connections: number;
  readonly #connections: Connections;
  readonly #names = new Names();

  constructor(client: Pool | Connection, { busyTimeout, timeout }: DialectOptions) {
    this.#connections = new Connections(client, this.#names, Math.min(busyTimeout, timeout));
    this.connections = this.#connections.count;
  }

  get prepared(): number {
    return this.#names.size;
  }

  watched(_client: object, watch: Watch): Client {
    return { query: (statement, values) => this.#connections.run(statement, values, watch) };
  }

  async query(client: Client, text: string, values: readonly unknown[]): Promise<ResultRows> {
    const name = this.#names.of(text);
    const statement = { text, rowMode: "array" };
    const bound = values.map(boundValue);
    try {
      return (await client.query(name === undefined ? statement : { ...statement, name }, bound)).rows;
    } catch (error) {
      if (name === undefined || !isStale(error)) throw error;
      this.#names.forget(text, name, error);
      if (client instanceof HeldConnection) throw error; // whose transaction is lost
      return (await client.query(statement, bound)).rows;
    }
  }

  async transaction<T>(
    database: Database,
    hold: Hold,
    settings: readonly string[],
    work: (tx: Database) => Promise<T>,
  ): Promise<T> {
    const connection = await this.#connections.take();
    hold.drop = () => drop(connection);
    const held = new HeldConnection(connection, this.#connections, hold, settings);
    try {
      return await sessionOver(database, held).transaction(work);
    } finally {
      await this.#connections.give(connection, held.end());
    }
  }
}
