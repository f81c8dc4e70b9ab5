import type { Client, InArgs, InStatement, ResultSet } from "@libsql/client";
import { reached } from "./failure.ts";
import { statementOf } from "./statement.ts";

/** Sends statements that stand alone. */
export class RemoteStatements implements Pick<Client, "execute"> {
  readonly #client: Client;
  readonly #timeout: number;
  /** When those were sent that have no answer yet. */
  readonly #sent = new Set<{ readonly at: number }>();

  constructor(client: Client, timeout: number) {
    this.#client = client;
    this.#timeout = timeout;
  }

  async execute(statement: InStatement | string, args?: InArgs): Promise<ResultSet> {
    const asked = statementOf(statement, args);
    try {
      return await (this.#hangs() ? this.#aside(asked) : this.#send(asked));
    } catch (error) {
      throw reached(error);
    }
  }

  async #send(statement: InStatement): Promise<ResultSet> {
    const sent = { at: performance.now() };
    this.#sent.add(sent);
    try {
      return await this.#client.execute(statement);
    } finally {
      this.#sent.delete(sent);
    }
  }

  /** Whether a statement is without an answer though nobody waits for it any more. It holds a place of the client's. */
  #hangs(): boolean {
    const [oldest] = this.#sent;
    return oldest !== undefined && performance.now() - oldest.at > this.#timeout;
  }

  /** Takes no place of the client's, and one message more. */
  async #aside(statement: InStatement): Promise<ResultSet> {
    const transaction = await this.#client.transaction("deferred");
    try {
      return await transaction.execute(statement);
    } finally {
      transaction.close();
    }
  }
}
