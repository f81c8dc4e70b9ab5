/* A way to a server on which connections go deaf: they stay open, and nothing comes or goes any more. */
import net from "node:net";

/** Who stands before a server. */
export interface Hole {
  readonly url: string;
  /** From now on nothing passes on the connections that are open; those that come later work. */
  swallow(): void;
  /** Ends the connections that are open; those that come later work. */
  cut(): void;
  readonly close: () => void;
}

/** Opens a way to the server of a URL, which names its port or is of PostgreSQL. */
export async function openHole(url: string): Promise<Hole> {
  const target = new URL(url);
  const { hostname, port } = target;
  const pairs = new Set<readonly [net.Socket, net.Socket]>();
  const open = new Set<net.Socket>();
  const listener = net.createServer((client) => {
    const server = net.connect(Number(port || 5432), hostname);
    const pair = [client, server] as const;
    pairs.add(pair);
    for (const socket of pair) open.add(socket);
    for (const [from, to] of [pair, pair.toReversed() as [net.Socket, net.Socket]]) {
      from.on("data", (bytes) => pairs.has(pair) && to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => {
        open.delete(from);
        if (pairs.delete(pair)) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  target.host = `127.0.0.1:${(listener.address() as net.AddressInfo).port}`;
  return {
    url: target.href,
    swallow: () => pairs.clear(),
    cut: () => open.forEach((socket) => socket.destroy()),
    close: () => {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}
