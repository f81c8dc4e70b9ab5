import { LIVE_CHANNEL } from "../../live-channel.ts";
import { type OpenWire, quietly } from "./wire.ts";

/** The part of a client of postgres.js that is used here. */
interface Client {
  unsafe(text: string, values?: readonly unknown[]): Promise<unknown>;
  end(options: { timeout: number }): Promise<unknown>;
}

/** The package `postgres`. */
export interface Postgres {
  (url: string, options: object): Client;
  (options: object): Client;
}

/** What each connection of a feed is: one, that is not renewed, and asks for no types first. */
const OPTIONS = {
  max: 1,
  idle_timeout: 0,
  max_lifetime: null,
  fetch_types: false,
  onnotice: () => undefined,
};
/** In seconds. */
const TIMEOUT = 10;

/** postgres.js; `open` makes a client with some options beside those of the application. */
export const postgresJs =
  (open: (options: object) => Client): OpenWire =>
  ({ heard, lost }) => {
    const client = open({
      ...OPTIONS,
      connect_timeout: TIMEOUT,
      onnotify: (_channel: string, text: string) => heard(text),
      onclose: () => lost(new Error("the connection was cut")),
    });
    const notify = (by: Client, text: string): Promise<unknown> =>
      by.unsafe("select pg_notify($1, $2)", [LIVE_CHANNEL, text]);
    return {
      ready: client.unsafe(`listen ${LIVE_CHANNEL}`),
      send: (text) => notify(client, text),
      probe: async (text) => {
        const other = open({ ...OPTIONS, connect_timeout: TIMEOUT, onclose: undefined });
        try {
          await notify(other, text);
        } finally {
          void quietly(other.end({ timeout: 1 }));
        }
      },
      close: () => client.end({ timeout: 0 }),
    };
  };
