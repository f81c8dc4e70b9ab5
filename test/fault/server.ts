/*
 * A server on a port of its own over the tests' tables in a file, to be started, overloaded and killed:
 * `bun server.ts <file url> [libsql|bun:sqlite] [busy timeout]`. It prints its port once it listens.
 */
import { Database as BunDatabase } from "bun:sqlite";
import { createClient } from "@libsql/client";
import { sql } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sqlite";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { createQueryRoute } from "@bepalo/query";
import type { TestACL } from "../support/app.ts";
import * as schema from "../support/schema.ts";

const [, , url = ":memory:", driver = "libsql", busyTimeout = "5000"] = process.argv;

const database =
  driver === "libsql"
    ? drizzleLibsql(createClient({ url }), { schema })
    : drizzleBun(new BunDatabase(url.slice("file:".length)), { schema });

/** Whoever may write has a row in another table. */
const entitled = {
  all: {
    select: { columns: ["id"] },
    write: true,
    where: () => sql`exists (select 1 from ${schema.author} where ${schema.author.id} = 1)`,
  },
} as const;

const acl = {
  entitled: { table: "tag", control: { POST: entitled, PATCH: entitled, DELETE: entitled } },
  tags: {
    table: "tag",
    countTotal: true,
    control: {
      GET: { all: { select: true } },
      POST: { all: { select: { columns: ["id"] }, write: true } },
    },
  },
  slow: {
    table: "tag",
    control: {
      POST: {
        all: {
          select: { columns: ["id"] },
          write: true,
          beforeQuery: () => new Promise((resolve) => setTimeout(resolve, 3)),
        },
      },
    },
  },
} satisfies TestACL;

const route = createQueryRoute({
  acl,
  database,
  schema,
  batch: true,
  busyTimeout: Number(busyTimeout),
  onError: (error) => console.error(error),
});
const server = Bun.serve({ port: 0, hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
