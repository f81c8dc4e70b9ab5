// One rival in a process of its own: `bun bench/serve.ts <rival> <libsql|bun> <file> [stub|auth]`. Prints its port.
import { drizzle } from "./rival/drizzle.ts";
import { ours, portable } from "./rival/ours.ts";
import { prepared } from "./rival/prepared.ts";
import type { Driver, Rival } from "./rival/rival.ts";
import { sql } from "./rival/sql.ts";
import type { SessionKind } from "./session.ts";

const RIVALS: Readonly<Record<string, Rival>> = { ours, portable, drizzle, prepared, sql };

const [name = "", driver, file, session = "stub"] = process.argv.slice(2);
const rival = RIVALS[name];
if (rival === undefined || !(driver === "libsql" || driver === "bun") || file === undefined) {
  throw new Error(
    `usage: bun bench/serve.ts <${Object.keys(RIVALS).join("|")}> <libsql|bun> <file> [stub|auth]`,
  );
}
const routes = await rival({ driver: driver satisfies Driver, file, session: session as SessionKind });
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
