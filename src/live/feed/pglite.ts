import { LIVE_CHANNEL } from "../../live-channel.ts";
import { type OpenWire, quietly } from "./wire.ts";

/** The part of a PGlite that is used here. */
export interface Embedded {
  listen(channel: string, heard: (text: string) => void): Promise<() => Promise<void>>;
  query(text: string, values: readonly unknown[]): Promise<unknown>;
}

/** PGlite: a database in this process, whose connection all share. */
export const pglite =
  (client: Embedded): OpenWire =>
  ({ heard }) => {
    const ready = client.listen(LIVE_CHANNEL, heard);
    return {
      ready,
      send: (text) => client.query("select pg_notify($1, $2)", [LIVE_CHANNEL, text]),
      close: () => quietly(ready.then((unlisten) => unlisten())),
    };
  };
