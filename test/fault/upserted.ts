/*
 * A server on a port of its own over users that new ones meet, in a file: `bun upserted.ts <file url>
 * [libsql|bun:sqlite]`. It prints its port once it listens.
 */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { createQueryRoute } from "@bepalo/query";
import { sqlite as schema } from "../support/met.ts";
import { upserted } from "./upserted-rules.ts";

const [, , url = ":memory:", driver = "libsql"] = process.argv;

const database =
  driver === "libsql"
    ? drizzleLibsql(createClient({ url }), { schema })
    : drizzleBun(new BunDatabase(url.slice("file:".length)), { schema });

const route = createQueryRoute({
  ...upserted,
  database,
  schema,
  onError: (error) => console.error(error),
  onWarning: () => undefined,
});
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
