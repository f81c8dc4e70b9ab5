import { busy } from "../../error.ts";
import type { Database, DialectOptions } from "../contract.ts";
import { Limit } from "../limit.ts";
import { boundValue, type Driver, type Rows, sessionOver, TRANSPARENT } from "./driver.ts";
import { isStale, stateOf } from "./failure.ts";
import { Names } from "./names.ts";
import { ended, GRACE, type Hold, type Watch } from "./watch.ts";

/** A statement as node-postgres takes it. */
interface Statement {
  readonly text: string;
  readonly name?: string | undefined;
  readonly types?: object | undefined;
  readonly rowMode?: string;
}

interface Result {
  readonly rows: Rows;
  readonly command?: string;
}

/** The part of a connection that is used here. */
interface Connection {
  readonly processID?: number | null;
  readonly connection?: {
    readonly parsedStatements?: Record<string, unknown>;
    readonly stream?: { destroy(): void };
  };
  getTypeParser(type: number, format: unknown): unknown;
  query(statement: Statement | string, values?: readonly unknown[]): Promise<Result>;
  connect(): Promise<unknown>;
  end(): Promise<unknown>;
  release?(broken?: boolean): void;
  on(event: "error", listener: () => void): this;
  removeListener(event: "error", listener: () => void): unknown;
}

interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly options: { readonly max?: number; readonly password?: unknown };
  readonly Client: new (options: object) => Connection;
  connect(taken: (error: unknown, connection?: Connection) => void): void;
  on(event: "error", listener: () => void): unknown;
  listenerCount(event: "error"): number;
}

/** What Drizzle's sessions use of a client. */
interface Client {
  query(statement: Statement, values?: readonly unknown[]): Promise<Result>;
}

const nothing = (): void => undefined;

const noConnection = (): Error => busy(new Error("no connection came in time"));

/** node-postgres, through drizzle-orm/node-postgres: a pool, or one connection that serves one at a time. */
export class NodePg implements Driver {
  readonly remote = true;
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

  async query(client: Client, text: string, values: readonly unknown[]): Promise<Rows> {
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

/** Takes connections of a pool, and gives them back in order. */
class Connections {
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
      return await Promise.race([taken, waiting.passed]);
    } catch (error) {
      if (waiting.over) taken.then((connection) => this.give(connection, false)).catch(nothing);
      throw error;
    } finally {
      waiting.lift();
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

/** The connection of one transaction. Drizzle sends `begin` first, and `commit` or `rollback` last. */
class HeldConnection implements Client {
  readonly #connection: Connection;
  readonly #connections: Connections;
  readonly #watch: Watch;
  readonly #settings: readonly string[];
  #state: "new" | "begun" | "ended" = "new";
  #broken = false;

  constructor(connection: Connection, connections: Connections, watch: Watch, settings: readonly string[]) {
    this.#connection = connection;
    this.#connections = connections;
    this.#watch = watch;
    this.#settings = settings;
  }

  async query(statement: Statement, values?: readonly unknown[]): Promise<Result> {
    if (this.#state === "ended") throw ended();
    try {
      if (this.#state === "new") return await this.#begin(statement.text);
      if (statement.text === "commit") return await this.#commit();
      if (statement.text === "rollback") return await this.#rollback();
      this.#watch.admit();
      const running = this.#connections.send(this.#connection, statement, values);
      return await this.#watch.follow(running, {
        stop: () => this.#connections.stop(this.#connection),
        drop: () => drop(this.#connection),
      });
    } catch (error) {
      this.#broken ||= isBroken(error);
      throw error;
    }
  }

  /** Ends it for whoever holds it still; the answer is whether the connection is of no more use. */
  end(): boolean {
    this.#state = "ended";
    return this.#broken;
  }

  #begin(begin: string): Promise<Result> {
    this.#state = "begun";
    return this.#connection.query([begin, ...this.#settings].join(";"));
  }

  /** A server that has seen a statement fail rolls back, and calls it a success. */
  async #commit(): Promise<Result> {
    const result = await this.#connection.query("commit");
    if (result.command === "ROLLBACK") throw new Error("the transaction was rolled back");
    return result;
  }

  /** What cannot be rolled back, or not soon, is gone with its connection; the error that led here is the one to tell. */
  async #rollback(): Promise<Result> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => (timer = setTimeout(reject, GRACE)));
    try {
      return await Promise.race([this.#connection.query("rollback"), late]);
    } catch {
      this.#broken = true;
      return { rows: [] };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Ends a connection without a word, so that whatever waits for it hears of it. */
const drop = (connection: Connection | undefined): void => connection?.connection?.stream?.destroy();

/** Whether a connection is in an unknown state: all but what the server has said of a statement, and works on. */
function isBroken(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return stateOf(error) === undefined || severity !== "ERROR";
}

const isPool = (client: Pool | Connection): client is Pool => "totalCount" in client;

const types = new WeakMap<Connection, object>();

/** How a connection reads values, but for those whose text Drizzle's columns read themselves. */
function typesOf(connection: Connection): object {
  let parsers = types.get(connection);
  if (parsers === undefined) {
    parsers = {
      getTypeParser: (type: number, format: unknown) =>
        TRANSPARENT.has(type) ? (text: unknown) => text : connection.getTypeParser(type, format),
    };
    types.set(connection, parsers);
  }
  return parsers;
}
