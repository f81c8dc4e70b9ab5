/*
 * A server on a port of its own over orders that are written under keys, in a file: `bun keyed.ts <file url>
 * [libsql|bun:sqlite] [busyTimeout]`. It prints its port once it listens.
 */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { createQueryRoute } from "@bepalo/query";
import { sqlite as schema } from "../support/keyed.ts";
import { keyedOptions } from "./keyed-rules.ts";

const [, , url = ":memory:", driver = "libsql", busyTimeout = "5000"] = process.argv;

const database =
  driver === "libsql"
    ? drizzleLibsql(createClient({ url }), { schema })
    : drizzleBun(new BunDatabase(url.slice("file:".length)), { schema });

const route = createQueryRoute({
  ...keyedOptions(schema),
  database,
  schema,
  busyTimeout: Number(busyTimeout),
  onError: () => undefined, // who has to wait too long is told so
  onWarning: () => undefined,
});
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
