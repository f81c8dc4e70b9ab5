// The server under attack: everybody may read everything and write posts, as much as an author can give away.
import { type ACL, createQueryRoute } from "@bepalo/query";
import { eq } from "drizzle-orm";
import { openInTurns, tablesOf } from "../rival/open.ts";
import type { Driver } from "../rival/rival.ts";
import type * as schema from "../schema.ts";

/** Who asks, in a header. */
export interface Session {
  user?: string;
}

const person = { select: { mode: true, columns: ["id", "name"] } } as const;
const commented = {
  select: true,
  with: { author: person, post: { select: true, with: { author: person } } },
} as const;

/** What anybody may read of posts and users. */
export const anybody = {
  posts: {
    select: true,
    aggregate: true,
    with: { author: { ...person, with: { posts: { select: true } } }, comments: commented },
  },
  users: {
    select: { mode: true, columns: ["id", "name"] },
    with: { posts: { select: true, with: { comments: commented } }, comments: commented },
  },
} as const;

const acl = {
  posts: {
    table: "post",
    countTotal: false,
    control: {
      GET: {
        mine: { select: true, where: ({ user }, table) => user !== undefined && eq(table.userId, user) },
        guest: anybody.posts,
      },
      POST: { guest: { select: { mode: true, columns: ["id"] }, write: true } },
    },
  },
  users: {
    table: "user",
    control: {
      GET: { guest: anybody.users },
    },
  },
} satisfies ACL<"user", Session, object, typeof schema>;

/** Who has a name has a role, and a share of his own. */
export const byHeader = {
  session: {
    parser({ headers }: Request, context: Session): void {
      const user = headers.get("x-user");
      if (user !== null) context.user = user;
    },
    getRole: (_: Request, { user }: Session): "user" | undefined => (user === undefined ? undefined : "user"),
  },
  caller: ({ user }: Session): string | undefined => user,
};

/** Serves a copy of the data, and prints the port. */
export function serve(driver: Driver, location: string): void {
  const route = createQueryRoute<"user", Session>({
    acl,
    database: openInTurns(driver, location),
    schema: tablesOf(driver),
    serverTiming: true,
    onWarning: () => undefined,
    ...byHeader,
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 120, // else the worst questions would end with their connections, and not at the deadline
    routes: {
      "/query/:id": route,
      "/usage": () => Response.json({ ...process.memoryUsage(), ...process.cpuUsage() }),
      // Bun's types want each handler to know its path; this one is for any.
    } as unknown as Bun.Serve.Routes<undefined, string>,
    fetch: () => new Response("nothing here", { status: 404 }),
  });
  console.log(server.port);
}
