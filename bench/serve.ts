// One rival in a process of its own: `bun bench/serve.ts <rival> <driver> <file or URL> [stub|auth]`. Prints its port.
import { drizzle } from "./rival/drizzle.ts";
import { ours, portable } from "./rival/ours.ts";
import { prepared } from "./rival/prepared.ts";
import { type Driver, DRIVERS, type Rival } from "./rival/rival.ts";
import { sql } from "./rival/sql.ts";
import type { SessionKind } from "./session.ts";

const RIVALS: Readonly<Record<string, Rival>> = { ours, portable, drizzle, prepared, sql };

const isDriver = (name: string): name is Driver => (DRIVERS as readonly string[]).includes(name);

const [name = "", driver = "", location, session = "stub"] = process.argv.slice(2);
const rival = RIVALS[name];
if (rival === undefined || !isDriver(driver) || location === undefined) {
  throw new Error(
    `usage: bun bench/serve.ts <${Object.keys(RIVALS).join("|")}> <${DRIVERS.join("|")}> <file or URL> [stub|auth]`,
  );
}
const routes = await rival({ driver, location, session: session as SessionKind });
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  routes: {
    ...routes,
    "/usage": () => Response.json({ ...process.memoryUsage(), ...process.cpuUsage() }),
  } as unknown as Bun.Serve.Routes<undefined, string>,
  fetch: () => new Response("nothing here", { status: 404 }),
});
console.log(server.port);
