/*
 * A server of live answers, one of several on one PostgreSQL database: `bun live-server.ts <port> <database's URL>
 * <postgres|redis> <feed's URL> [channel]`. It prints its port once it listens.
 */
import { type ACL, createQueryRoute } from "@bepalo/query";
import { live, postgresFeed, redisFeed } from "@bepalo/query/live";
import { SQL } from "bun";
import { eq, exists, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sql";
import { member, schema } from "./live-tables.ts";

const [, , port, url, kind, address, channel] = process.argv;

interface Session {
  readonly me?: number;
}

const database = drizzle({ client: new SQL(url!, { max: 4 }), schema });
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
