// One access-control entry and the query route, as the manual mounts it.
import { type ACL, createQueryRoute } from "@bepalo/query";
import { eq, type SQL } from "drizzle-orm";
import type * as tables from "../schema.ts";
import type { Caller, Identify } from "../session.ts";
import type { Routes } from "./rival.ts";

interface Session {
  user?: Caller | undefined;
}

const own = ({ user }: Session, table: typeof tables.post): SQL | undefined =>
  user && eq(table.userId, user.id);
const person = { select: { mode: true, columns: ["id", "name"] } } as const;
const relations = { author: person, comments: { select: true, with: { author: person } } } as const;

/** Who may do what. */
export const acl = {
  posts: {
    table: "post",
    control: {
      GET: {
        mine: { select: true, where: own, with: relations },
        admin: { select: true, with: relations, aggregate: true },
      },
      POST: {
        mine: {
          select: true,
          write: { mode: true, columns: ["title", "body"] },
          injectBody: (body: object, { user }: Session) => ({ ...body, userId: user?.id }),
          where: own,
        },
        admin: {
          select: true,
          write: { mode: true, columns: ["id", "title", "body"] },
          injectBody: (body: object, { user }: Session) => ({ ...body, userId: user?.id }),
        },
      },
      PATCH: { admin: { select: true, write: { mode: true, columns: ["title", "body"] } } },
    },
  },
} satisfies ACL<"user" | "admin", Session, object, typeof tables>;

/** The query route over a Drizzle database. */
export function queryRoute(
  database: object,
  identify: Identify,
  reader: "fast" | "portable",
  schema: typeof tables,
  ownConnection = true,
): Routes {
  const route = createQueryRoute<"user" | "admin", Session>({
    acl,
    database,
    schema,
    reader,
    ownConnection,
    batch: true,
    // The readers' servers are asked the same cursors.
    secret: "a secret of the benchmark's servers",
    caller: ({ user }) => user?.id,
    session: {
      parser: (request, context) => {
        const user = identify(request);
        if (!(user instanceof Promise)) context.user = user;
        else return user.then((found) => void (context.user = found));
      },
      getRole: (_request, { user }) => user?.role,
    },
  });
  return { "/query/:id": route };
}
