import { Limit } from "../../../clock.ts";
import { busy } from "../../../error.ts";
import { GRACE, type Watch } from "../watch.ts";
import {
  type Connection,
  drop,
  isBroken,
  isPool,
  type Pool,
  type Result,
  type Statement,
  typesOf,
} from "./connection.ts";
import type { Names } from "./names.ts";

const nothing = (): void => undefined;

const noConnection = (): Error => busy(new Error("no connection came in time"));

/** Takes connections of a pool, and gives them back in order. */
export class Connections {
  readonly #client: Pool | Connection;
  readonly #names: Names;
  readonly #busyTimeout: number;

  constructor(client: Pool | Connection, names: Names, busyTimeout: number) {
    this.#client = client;
    this.#names = names;
    this.#busyTimeout = busyTimeout;
    // A server that restarts ends idle connections, which ends a process that does not listen.
    if (isPool(client) && client.listenerCount("error") === 0) client.on("error", nothing);
  }

  get count(): number {
    return isPool(this.#client) ? (this.#client.options.max ?? 10) : 1;
  }

  /** A connection that is lost tells those who wait on it; who listens to nothing else must listen to that as well. */
  take(): Promise<Connection> {
    const client = this.#client;
    if (!isPool(client)) return Promise.resolve(client.on("error", nothing));
    return new Promise((resolve, reject) => {
      // By the time a promise is settled, the connection may be lost.
      client.connect((error, connection) => {
        if (connection === undefined) reject(error);
        else resolve(connection.on("error", nothing));
      });
    });
  }

  async give(connection: Connection, broken: boolean): Promise<void> {
    if (!broken) await this.#tidy(connection);
    if (isPool(this.#client)) connection.release!(broken); // from here on the pool listens
    connection.removeListener("error", nothing);
  }

  /** Runs one statement on a connection that is taken for it. */
  run(statement: Statement, values: readonly unknown[] | undefined, watch: Watch): Promise<Result> {
    let connection: Connection | undefined;
    let stopping: Promise<void> | undefined;
    const waiting = this.#comesAtOnce() ? undefined : new Limit();
    const running = async (): Promise<Result> => {
      connection = await (waiting === undefined ? this.take() : this.#takeWithin(waiting));
      let broken = false;
      try {
        if (stopping !== undefined) throw noConnection();
        return await this.send(connection, statement, values);
      } catch (error) {
        broken = isBroken(error);
        throw error;
      } finally {
        await stopping; // or it would stop what comes next
        await this.give(connection, broken);
      }
    };
    const stop = (): Promise<void> => {
      if (connection === undefined) waiting?.set(0, noConnection);
      return (stopping = this.stop(connection));
    };
    return watch.follow(running(), { stop, drop: () => drop(connection) });
  }

  #comesAtOnce(): boolean {
    return !isPool(this.#client) || this.#client.idleCount > 0;
  }

  /** Others use the same pool, and may hold all of it; a connection that comes too late goes back. */
  async #takeWithin(waiting: Limit): Promise<Connection> {
    const taken = this.take();
    waiting.set(this.#busyTimeout, noConnection);
    try {
      return await waiting.race(taken);
    } catch (error) {
      if (waiting.over) taken.then((connection) => this.give(connection, false)).catch(nothing);
      throw error;
    }
  }

  send(
    connection: Connection,
    statement: Statement,
    values: readonly unknown[] | undefined,
  ): Promise<Result> {
    if (statement.name !== undefined) this.#names.used(connection, statement.name);
    const types = statement.types ?? typesOf(connection);
    return connection.query({ ...statement, types }, values);
  }

  /** Asks the server, on a connection of its own, to end what a connection runs. */
  async stop(connection: Connection | undefined): Promise<void> {
    const pid = connection?.processID;
    if (typeof pid !== "number" || !isPool(this.#client)) return;
    const { Client, options } = this.#client;
    // The pool hides the password from those who list its options.
    const { password } = options;
    const other = new Client({ ...options, password, connectionTimeoutMillis: GRACE, query_timeout: GRACE });
    other.on("error", nothing);
    try {
      await other.connect();
      await other.query({ text: "select pg_cancel_backend($1)" }, [pid]);
    } finally {
      void other.end().catch(nothing);
    }
  }

  /** Frees what the server keeps prepared under names that are used no more. */
  async #tidy(connection: Connection): Promise<void> {
    const idle = this.#names.idle(connection);
    if (idle.length === 0) return;
    try {
      await connection.query(idle.map((name) => `deallocate ${name}`).join(";"));
      for (const name of idle) delete connection.connection?.parsedStatements?.[name];
    } catch {
      // a connection that cannot be tidied works on
    }
  }
}
