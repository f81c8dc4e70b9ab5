import type { ResultRows } from "../../contract.ts";
import { stateOf } from "../failure.ts";
import { TRANSPARENT } from "../value.ts";

/** A statement as node-postgres takes it. */
export interface Statement {
  readonly text: string;
  readonly name?: string | undefined;
  readonly types?: object | undefined;
  readonly rowMode?: string;
}

export interface Result {
  readonly rows: ResultRows;
  readonly command?: string;
}

/** The part of a connection that is used here. */
export interface Connection {
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

export interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly options: { readonly max?: number; readonly password?: unknown };
  readonly Client: new (options: object) => Connection;
  connect(taken: (error: unknown, connection?: Connection) => void): void;
  on(event: "error", listener: () => void): unknown;
  listenerCount(event: "error"): number;
}

/** What Drizzle's sessions use of a client. */
export interface Client {
  query(statement: Statement, values?: readonly unknown[]): Promise<Result>;
}

/** Ends a connection without a word, so that whatever waits for it hears of it. */
export const drop = (connection: Connection | undefined): void => connection?.connection?.stream?.destroy();

/** Whether a connection is in an unknown state: all but what the server has said of a statement, and works on. */
export function isBroken(error: unknown): boolean {
  const { severity } = error as { severity?: unknown };
  return stateOf(error) === undefined || severity !== "ERROR";
}

export const isPool = (client: Pool | Connection): client is Pool => "totalCount" in client;

const types = new WeakMap<Connection, object>();

/** How a connection reads values, but for those whose text Drizzle's columns read themselves. */
export function typesOf(connection: Connection): object {
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
