/*
 * A server of live answers, one of several on one PostgreSQL database: `bun live-server.ts <port> <driver>
 * <database's URL> <postgres|redis> <feed's URL> [channel]`. It prints its port once it listens.
 */
import { type ACL, createQueryRoute } from "@bepalo/query";
import { live, postgresFeed, redisFeed } from "@bepalo/query/live";
import { SQL } from "bun";
import { eq, exists, sql } from "drizzle-orm";
import { drizzle as drizzleBun } from "drizzle-orm/bun-sql";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import { drizzle as drizzlePostgres } from "drizzle-orm/postgres-js";
import { Pool } from "pg";
import postgres from "postgres";
import { member, schema } from "./live-tables.ts";

const [, , port, driver, url, kind, address, channel] = process.argv;

interface Session {
  readonly me?: number;
}

const DRIVERS = {
  "bun-sql": () => drizzleBun({ client: new SQL(url!, { max: 4 }), schema }),
  "postgres-js": () => drizzlePostgres({ client: postgres(url!, { max: 4 }), schema }),
  "node-postgres": () => drizzlePg({ client: new Pool({ connectionString: url!, max: 4 }), schema }),
};
// The test names one of them.
const database = DRIVERS[driver as keyof typeof DRIVERS]();
const write = { select: { columns: ["id"] }, write: true, check: true } as const;
const acl = {
  notes: {
    table: "note",
    countTotal: true,
    control: {
      GET: { all: { select: true, aggregate: true, live: true } },
      POST: { all: write },
      PATCH: { all: write },
      DELETE: { all: write },
    },
  },
  // Whoever is a member sees them, as long as he is.
  shared: {
    table: "note",
    control: {
      GET: {
        all: {
          select: true,
          live: true,
          where: ({ me = 0 }) =>
            exists(
              database
                .select({ one: sql`1` })
                .from(member)
                .where(eq(member.id, me)),
            ),
        },
      },
    },
  },
  members: { table: "member", control: { POST: { all: write }, DELETE: { all: write } } },
} satisfies ACL<string, Session, object, typeof schema>;

const feed =
  kind === "postgres" ? postgresFeed({ connection: address! }) : redisFeed(address!, { channel: channel! });
const route = createQueryRoute<string, Session>({
  acl,
  database,
  schema,
  session: { parser: (request) => ({ me: Number(request.headers.get("x-me") ?? 0) }) },
  live: live({ feed }),
  onWarning: () => undefined,
  onError: (error) => console.error(String(error)),
});
const server = Bun.serve({ port: Number(port), hostname: "127.0.0.1", routes: { "/query/:id": route } });
console.log(server.port);
