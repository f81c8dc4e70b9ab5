import { expect, test } from "bun:test";
import type { TestACL } from "../support/app.ts";
import { server } from "../support/write.ts";

const start = server();
const MOST = 20;

const acl = {
  tags: {
    table: "tag",
    control: { GET: { all: { select: true } }, POST: { all: { select: true, write: true } } },
  },
} satisfies TestACL;

test("bodies that never end do not take the places of requests that are under way", async () => {
  const app = await start(acl, { on: "bun:sqlite", maxInFlight: MOST });
  const { port } = new URL(app.url);
  const head =
    "POST /query/tags HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
  const sockets = await Promise.all(
    Array.from({ length: MOST * 2 }, () =>
      Bun.connect({
        hostname: "127.0.0.1",
        port: Number(port),
        socket: { open: (socket) => void socket.write(head), data: () => undefined, error: () => undefined },
      }),
    ),
  );
  try {
    await Bun.sleep(100);
    const polite = await Promise.all(Array.from({ length: 5 }, () => app.get("tags")));
    expect(polite.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  } finally {
    for (const socket of sockets) socket.terminate();
  }
});
