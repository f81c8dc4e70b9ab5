import { LIVE_CHANNEL } from "../../live-channel.ts";
import { type OpenWire, quietly } from "./wire.ts";

/** The part of a client of node-postgres that is used here. */
interface Client {
  connect(): Promise<unknown>;
  query(text: string, values?: readonly unknown[]): Promise<unknown>;
  end(): Promise<unknown>;
  on(event: "notification", heard: (notice: { readonly payload?: string }) => void): unknown;
  on(event: "error", lost: (error: unknown) => void): unknown;
  on(event: "end", lost: () => void): unknown;
  readonly connection?: { readonly stream?: { destroy(): void } };
}

export type NodePgClient = new (options: object) => Client;

/** A pool, or a client, of an application. */
export interface Given {
  readonly totalCount?: number;
  readonly Client?: NodePgClient;
  readonly options?: { readonly password?: unknown };
  readonly connectionParameters?: object;
  readonly password?: unknown;
  readonly constructor: unknown;
}

/** What another client is made by. Both hide their password from those who list their options. */
export function clientOf(given: Given): { readonly Client: NodePgClient; readonly options: object } {
  if (given.Client !== undefined && given.options !== undefined)
    return { Client: given.Client, options: { ...given.options, password: given.options.password } };
  // A client is made by its class.
  return {
    Client: given.constructor as NodePgClient,
    options: { ...given.connectionParameters, password: given.password },
  };
}

/** In milliseconds. */
const TIMEOUT = 10_000;

/** node-postgres. */
export const nodePostgres =
  (Client: NodePgClient, given: object): OpenWire =>
  ({ heard, lost }) => {
    const options = { ...given, connectionTimeoutMillis: TIMEOUT, keepAlive: true };
    const client = new Client(options);
    client.on("notification", ({ payload = "" }) => heard(payload));
    client.on("error", lost);
    client.on("end", () => lost(new Error("the connection was cut")));
    const notify = (by: Client, text: string): Promise<unknown> =>
      by.query("select pg_notify($1, $2)", [LIVE_CHANNEL, text]);
    const listen = async (): Promise<void> => {
      await client.connect();
      await client.query(`listen ${LIVE_CHANNEL}`);
    };
    return {
      ready: listen(),
      send: (text) => notify(client, text),
      probe: async (text) => {
        const other = new Client(options);
        other.on("error", () => undefined);
        try {
          await other.connect();
          await notify(other, text);
        } finally {
          void quietly(other.end());
        }
      },
      close: () => {
        void quietly(client.end());
        // A connection that is dead hears no farewell.
        client.connection?.stream?.destroy();
      },
    };
  };
