/*
 * A server on a port of its own under some of the tests' rules, over their tables in a file:
 * `bun ruled.ts <file url> [libsql|bun:sqlite] [busy timeout] <rules>`. It prints its port once it listens.
 */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { createQueryRoute, type QueryRouteOptions } from "@bepalo/query";
import { sqlite as kept } from "../support/kept.ts";
import { sqlite as keyed } from "../support/keyed.ts";
import { sqlite as met } from "../support/met.ts";
import { keyedOptions } from "./keyed-rules.ts";
import { nested, sqlite as nestedTables } from "./nested-rules.ts";
import type { Rules } from "./process.ts";
import { upserted } from "./upserted-rules.ts";
import { versioned } from "./versioned-rules.ts";

interface Ruled {
  readonly schema: Record<string, unknown>;
  readonly options: Pick<QueryRouteOptions, "acl" | "tables" | "idempotency">;
  /** Whether failures are no news: who has to wait too long is told so. */
  readonly quiet?: boolean;
}

const RULED: Readonly<Record<Rules, Ruled>> = {
  "keyed-rules": { schema: keyed, options: keyedOptions(keyed), quiet: true },
  "nested-rules": { schema: nestedTables, options: nested },
  "upserted-rules": { schema: met, options: upserted },
  "versioned-rules": { schema: kept, options: versioned },
};

const [, , url = ":memory:", driver = "libsql", busyTimeout = "5000", rules = ""] = process.argv;
// A name of none ends the program at the next line.
const { schema, options, quiet = false } = RULED[rules as Rules];

const database =
  driver === "libsql"
    ? drizzleLibsql(createClient({ url }), { schema })
    : drizzleBun(new BunDatabase(url.slice("file:".length)), { schema });

const route = createQueryRoute({
  ...options,
  database,
  schema,
  busyTimeout: Number(busyTimeout),
  onError: (error) => void (quiet || console.error(error)),
  onWarning: () => undefined,
});
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
