import type { OpenWire } from "./wire.ts";

/** The part of Bun's client that is used here. */
interface Client {
  onclose: ((error: unknown) => void) | null;
  connect(): Promise<unknown>;
  subscribe(channel: string, heard: (text: string) => void): Promise<unknown>;
  publish(channel: string, text: string): Promise<unknown>;
  close(): void;
}

interface Runtime {
  readonly RedisClient: new (url: string, options: object) => Client;
}

const { Bun: runtime } = globalThis as { Bun?: Runtime };

/** Whether Bun's own client is there. */
export const runsRedis = (): boolean => runtime?.RedisClient !== undefined;

/** What is cut is not opened again by the client, but as all wires are. In milliseconds. */
const OPTIONS = { autoReconnect: false, enableOfflineQueue: false, connectionTimeout: 10_000 };

/** Bun's client: who subscribes can do nothing else, so there are two connections. */
export const bunRedis =
  (url: string, channel: string): OpenWire =>
  ({ heard, lost }) => {
    const [hearing, telling] = [
      new runtime!.RedisClient(url, OPTIONS),
      new runtime!.RedisClient(url, OPTIONS),
    ];
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- there is no other way to hear of it
    for (const client of [hearing, telling]) client.onclose = lost;
    const open = async (): Promise<void> => {
      await Promise.all([hearing.connect(), telling.connect()]);
      await hearing.subscribe(channel, heard);
    };
    return {
      ready: open(),
      send: (text) => telling.publish(channel, text),
      close() {
        for (const client of [hearing, telling]) client.close();
      },
    };
  };
