/* A server whose rules say what its database does with locks, late hooks and values of the author's own. */
import { serve } from "@hono/node-server";
import { type ACL, createQueryHandler } from "@bepalo/query";
import { sql } from "drizzle-orm";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { openDatabase } from "./database.ts";
import * as postgresql from "./postgresql.ts";
import * as sqlite from "./sqlite.ts";

const { database, schema } = await openDatabase({ sqlite, postgresql });
const { post } = schema;
const published = sql`${post.published} = ${true} and ${post.createdAt} < ${new Date(1_800_000_000_000)}`;
const all = { select: true, where: () => published } as const;
let late = "";

const acl = {
  posts: { table: "post", control: { GET: { all }, POST: { all }, PATCH: { all }, DELETE: { all } } },
  late: {
    table: "post",
    control: {
      POST: {
        all: {
          select: true,
          beforeQuery: async ({ tx }) => {
            const insert = tx.insert(post);
            await new Promise((resolve) => setTimeout(resolve, 700));
            try {
              await insert.values({ title: "late" });
              late = "written";
            } catch {
              late = "refused";
            }
          },
        },
      },
      GET: { all: { select: true, formatResult: () => late } },
    },
  },
} satisfies ACL<string, object, object, typeof sqlite, BetterSQLite3Database<typeof sqlite>>;

const options = { acl, database, schema, busyTimeout: 1_500, timeout: 500, onWarning: () => undefined };
const handlers = {
  fast: createQueryHandler(options),
  portable: createQueryHandler({ ...options, basePath: "/portable", reader: "portable" }),
};

serve(
  {
    fetch: (request) => handlers[request.url.includes("/portable/") ? "portable" : "fast"](request),
    port: Number(process.env["PORT"]),
  },
  ({ port }) => console.log(`port ${port}`),
);
