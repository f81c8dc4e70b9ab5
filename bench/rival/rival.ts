import type { Caller, Identify, SessionKind } from "../session.ts";

/** The drivers there are: two of SQLite, three of PostgreSQL. */
export const DRIVERS = ["libsql", "bun", "bun-sql", "postgres-js", "node-postgres"] as const;

/** Which database driver answers. */
export type Driver = (typeof DRIVERS)[number];

/** Whether a driver speaks to a server of PostgreSQL. */
export const isPostgresql = (driver: Driver): boolean => !(driver === "libsql" || driver === "bun");

export interface RivalOptions {
  readonly driver: Driver;
  /** The file of SQLite, or the URL of PostgreSQL. */
  readonly location: string;
  readonly session: SessionKind;
}

export type Handler = (request: Request) => Response | Promise<Response>;

/** Handlers by path and method, as `Bun.serve` takes them. */
export type Routes = Readonly<Record<string, Readonly<Record<string, Handler>>>>;

/** One way to write the same API. */
export type Rival = (options: RivalOptions) => Routes | Promise<Routes>;

/** What one endpoint written by hand does once it is known who asks. */
type Endpoint = (user: Caller, request: Request) => Response | Promise<Response>;

/** The endpoints of an API written by hand. */
export interface Endpoints {
  /** W1 */
  readonly list: Endpoint;
  /** W2 */
  readonly withAuthors: Endpoint;
  /** W3 */
  readonly withComments: Endpoint;
  /** W4; the row of that id, if it is the caller's. */
  readonly one: (user: Caller, id: number) => Response | Promise<Response>;
  /** W5 */
  readonly insert: (user: Caller, post: NewPost) => Response | Promise<Response>;
  /** W6; for the admin. */
  readonly page: Endpoint;
}

export interface NewPost {
  readonly title: string;
  readonly body: string;
}

/** Mounts endpoints: each is refused to those who are not signed in, and what a client sends is checked. */
export function mount(identify: Identify, endpoints: Endpoints): Routes {
  const signedIn =
    (endpoint: Endpoint): Handler =>
    async (request) => {
      const user = await identify(request);
      return user === undefined ? refusal(401) : endpoint(user, request);
    };
  return {
    "/posts": { GET: signedIn(endpoints.list), POST: signedIn(insert(endpoints)) },
    "/posts/authors": { GET: signedIn(endpoints.withAuthors) },
    "/posts/comments": { GET: signedIn(endpoints.withComments) },
    "/posts/:id": { GET: signedIn(one(endpoints)) },
    "/admin/posts": {
      GET: signedIn((user, request) =>
        user.role === "admin" ? endpoints.page(user, request) : refusal(403),
      ),
    },
  };
}

function one({ one }: Endpoints): Endpoint {
  return (user, request) => {
    const id = Number((request as Bun.BunRequest<"/posts/:id">).params.id);
    return Number.isSafeInteger(id) ? one(user, id) : refusal(400);
  };
}

function insert({ insert }: Endpoints): Endpoint {
  return async (user, request) => {
    const body = (await request.json()) as Partial<NewPost> | null;
    const { title, body: text } = body ?? {};
    return typeof title === "string" && typeof text === "string"
      ? insert(user, { title, body: text })
      : refusal(400);
  };
}

function refusal(status: number): Response {
  return Response.json({ error: "refused" }, { status });
}
