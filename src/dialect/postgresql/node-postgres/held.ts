import { within } from "../../../clock.ts";
import { ended, GRACE, type Watch } from "../watch.ts";
import { type Client, type Connection, drop, isBroken, type Result, type Statement } from "./connection.ts";
import type { Connections } from "./connections.ts";

/** The connection of one transaction. Drizzle sends `begin` first, and `commit` or `rollback` last. */
export class HeldConnection implements Client {
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
    try {
      return await within(GRACE, this.#connection.query("rollback"));
    } catch {
      this.#broken = true;
      return { rows: [] };
    }
  }
}
