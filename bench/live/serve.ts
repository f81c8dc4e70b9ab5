/*
 * A server of live answers for `bench/live-sockets.ts`, in a process of its own: `bun bench/live/serve.ts`. It prints its port.
 * `/memory` answers its bytes, `/plain` streams as Bun does without us.
 */
import { Database } from "bun:sqlite";
import { createQueryRoute } from "@bepalo/query";
import { live } from "@bepalo/query/live";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { schema, statements } from "./table.ts";

const database = new Database(":memory:");
for (const statement of statements) database.run(statement);

let lag = 0;
const route = createQueryRoute({
  acl: {
    posts: {
      table: "post",
      control: {
        GET: { all: { select: true, live: true } },
        POST: { all: { select: true, write: true, check: true } },
        PATCH: { all: { select: true, write: true, check: true } },
      },
    },
  },
  database: drizzle(database, { schema }),
  schema,
  live: live({ maxStreams: 20_000, maxStreamsPerCaller: 20_000 }),
  caller: (_, request) => request.headers.get("x-caller") ?? "nobody",
  maxInFlight: 20_000,
  observe: (event) => {
    if (event.kind === "lagging") lag = Math.max(lag, event.milliseconds);
  },
  onWarning: () => undefined,
});

const headers = { "content-type": "text/event-stream" };

/** What a stream of Bun takes by itself: it says one thing, and waits. */
function held(): Response {
  let told = false;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    if (!told) controller.enqueue(new TextEncoder().encode("event: answer\ndata:\n\n"));
    told = true;
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers });
}

function memory(): Response {
  Bun.gc(true);
  return Response.json({ rss: process.memoryUsage().rss, cpu: process.cpuUsage(), lag });
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 120,
  routes: { "/query/:id": route, "/plain": held, "/memory": memory },
});
console.log(server.port);
