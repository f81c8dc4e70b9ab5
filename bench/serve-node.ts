// The same on Node, once it is bundled (`node.ts`): all rivals answer through @hono/node-server.
import { serve } from "@hono/node-server";
import { findRival, usage } from "./rival/find.ts";
import { routerOf } from "./rival/router.ts";

const fetch = routerOf({ ...(await findRival(process.argv.slice(2))), "/usage": { GET: usage } });
serve({ fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => console.log(port));
