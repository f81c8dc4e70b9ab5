import type { OpenWire } from "./wire.ts";

/** The part of a client of `@redis/client` that is used here. */
interface Client {
  on(event: "error", lost: (error: unknown) => void): unknown;
  on(event: "end", lost: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, heard: (text: string) => void): Promise<unknown>;
  publish(channel: string, text: string): Promise<unknown>;
  destroy(): void;
  readonly isOpen: boolean;
}

/** The package `@redis/client`. */
export interface NodeRedis {
  readonly createClient: (options: object) => Client;
}

/** What is cut is not opened again by the client, but as all wires are. In milliseconds. */
const SOCKET = { reconnectStrategy: false, connectTimeout: 10_000 };

/** The package `@redis/client`: who subscribes can do nothing else, so there are two connections. */
export const nodeRedis =
  (createClient: NodeRedis["createClient"], url: string, channel: string): OpenWire =>
  ({ heard, lost }) => {
    const make = (): Client => createClient({ url, socket: SOCKET, disableOfflineQueue: true });
    const clients = [make(), make()] as const;
    const [hearing, telling] = clients;
    for (const client of clients) {
      client.on("error", lost);
      client.on("end", () => lost(new Error("the connection was cut")));
    }
    const open = async (): Promise<void> => {
      await Promise.all(clients.map((client) => client.connect()));
      await hearing.subscribe(channel, heard);
    };
    return {
      ready: open(),
      send: (text) => telling.publish(channel, text),
      close() {
        for (const client of clients) if (client.isOpen) client.destroy();
      },
    };
  };
