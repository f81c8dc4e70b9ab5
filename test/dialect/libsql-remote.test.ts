import { startHrana } from "../support/hrana.ts";
import { startHranaSocket } from "../support/hrana-socket.ts";
import { openOn } from "../support/remote.ts";
import { conforms } from "./conformance.ts";
import { world } from "./world/sqlite.ts";
import { makeSubject } from "./world/subject.ts";

for (const [on, server] of [
  ["libsql over HTTP", startHrana],
  ["libsql over WebSocket", startHranaSocket],
] as const)
  conforms(on, {
    speaks: "sqlite",
    alone: false,
    texts: "bytes",
    start: async () => {
      const { database, close } = await openOn(await server(), world);
      const fetch = makeSubject({ database, world, speaks: "sqlite", transactions: true });
      const served = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
      return {
        url: `http://127.0.0.1:${served.port}`,
        close: async () => {
          await served.stop(true);
          await close();
        },
      };
    },
  });
