import { LIVE_CHANNEL } from "../../live-channel.ts";
import type { OpenWire } from "./wire.ts";

/** The part of Bun's client that is used here. */
interface Client {
  listen?(channel: string, heard: (text: string) => void, listening: () => void): Promise<unknown>;
  notify(channel: string, text: string): Promise<unknown>;
  close(options: { timeout: number }): Promise<unknown>;
}

interface Runtime {
  readonly SQL: new (options: object) => Client;
}

const { Bun: runtime } = globalThis as { Bun?: Runtime };

/** Whether Bun's own client is there. */
export const runsOnBun = (): boolean => runtime?.SQL !== undefined;

/** Bun.SQL: it listens on a connection of its own, and tells on another. */
export const bunSQL =
  (options: object): OpenWire =>
  ({ heard, lost }) => {
    const client = new runtime!.SQL({ ...options, max: 1, idleTimeout: 0, maxLifetime: 0, onclose: lost });
    if (client.listen === undefined)
      throw new Error("this Bun cannot listen: hand it a client of `pg` or `postgres`");
    // It would come back by itself, later than one that is new.
    let listens = false;
    const listening = (): void => {
      if (listens) lost(new Error("the connection was cut"));
      listens = true;
    };
    return {
      ready: client.listen(LIVE_CHANNEL, heard, listening),
      send: (text) => client.notify(LIVE_CHANNEL, text),
      close: () => client.close({ timeout: 0 }),
    };
  };
