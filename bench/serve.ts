// One rival in a process of its own: `bun bench/serve.ts <rival> <driver> <file or URL> [stub|auth]`. Prints its port.
import { findRival, usage } from "./rival/find.ts";

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    ...(await findRival(process.argv.slice(2))),
    "/usage": usage,
  } as unknown as Bun.Serve.Routes<undefined, string>,
  fetch: () => new Response("nothing here", { status: 404 }),
});
console.log(server.port);
