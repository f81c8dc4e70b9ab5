import type { Caller, Identify, SessionKind } from "../session.ts";

/** The drivers there are: three of SQLite, three of PostgreSQL. */
export const DRIVERS = [
  "libsql",
  "bun",
  "better-sqlite3",
  "bun-sql",
  "postgres-js",
  "node-postgres",
] as const;

/** Which database driver answers. */
export type Driver = (typeof DRIVERS)[number];

/** Whether a driver speaks to a server of PostgreSQL. */
export const isPostgresql = (driver: Driver): boolean =>
  driver === "bun-sql" || driver === "postgres-js" || driver === "node-postgres";

/** What the servers run on. */
export type Runtime = "bun" | "node";

/** The drivers that a runtime has alone. */
const ONLY: Readonly<Record<Runtime, readonly Driver[]>> = {
  bun: ["bun", "bun-sql"],
  node: ["better-sqlite3"],
};

/** Whether a driver is there on a runtime. */
export const isOn = (runtime: Runtime, driver: Driver): boolean =>
  !ONLY[runtime === "bun" ? "node" : "bun"].includes(driver);

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
  /** W7; for the admin: those that somebody commented. */
  readonly commented: (user: Caller, by: string) => Response | Promise<Response>;
  /** W8 */
  readonly withCounts: Endpoint;
  /** W9; for the admin: the titles of more posts than a number. */
  readonly titles: (user: Caller, over: number) => Response | Promise<Response>;
  /** W10; for the admin: the page beyond a row, or the first. */
  readonly beyond: (user: Caller, after: number | undefined) => Response | Promise<Response>;
  /** W11; all in one transaction, each with an answer of its own. */
  readonly batch: (user: Caller, posts: readonly NewPost[]) => Response | Promise<Response>;
  /** W12; for the admin: posts by their keys, of which some are there already. */
  readonly upsert: (user: Caller, posts: readonly KeyedPost[]) => Response | Promise<Response>;
}

/** A post that its client has numbered. */
export interface KeyedPost extends NewPost {
  readonly id: number;
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
  const admin = (endpoint: Endpoint): Handler =>
    signedIn((user, request) => (user.role === "admin" ? endpoint(user, request) : refusal(403)));
  return {
    "/posts": { GET: signedIn(endpoints.list), POST: signedIn(insert(endpoints)) },
    "/posts/authors": { GET: signedIn(endpoints.withAuthors) },
    "/posts/comments": { GET: signedIn(endpoints.withComments) },
    "/posts/counts": { GET: signedIn(endpoints.withCounts) },
    "/posts/batch": { POST: signedIn(batch(endpoints)) },
    "/posts/:id": { GET: signedIn(one(endpoints)) },
    "/admin/posts": { GET: admin(endpoints.page) },
    "/admin/commented": { GET: admin(commented(endpoints)) },
    "/admin/titles": { GET: admin(titles(endpoints)) },
    "/admin/pages": { GET: admin(beyond(endpoints)) },
    "/admin/import": { POST: admin(upsert(endpoints)) },
  };
}

/** A parameter of the URL. */
function parameter({ url }: Request, name: string): string | undefined {
  const start = url.indexOf(`?${name}=`);
  return start < 0 ? undefined : decodeURIComponent(url.slice(start + name.length + 2));
}

function commented({ commented }: Endpoints): Endpoint {
  return (user, request) => {
    const by = parameter(request, "by");
    return by === undefined ? refusal(400) : commented(user, by);
  };
}

function titles({ titles }: Endpoints): Endpoint {
  return (user, request) => {
    const over = Number(parameter(request, "over"));
    return Number.isSafeInteger(over) ? titles(user, over) : refusal(400);
  };
}

function beyond({ beyond }: Endpoints): Endpoint {
  return (user, request) => {
    const text = parameter(request, "after");
    const after = text === undefined ? undefined : Number(text);
    return after === undefined || Number.isSafeInteger(after) ? beyond(user, after) : refusal(400);
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

function batch({ batch }: Endpoints): Endpoint {
  const isPost = ({ title, body }: Partial<NewPost> = {}): boolean =>
    typeof title === "string" && typeof body === "string";
  return async (user, request) => {
    const operations = (await request.json()) as readonly { readonly body: NewPost }[];
    const posts = Array.isArray(operations) ? operations.map((one) => (one as { body: NewPost }).body) : [];
    return posts.length > 0 && posts.every(isPost) ? batch(user, posts) : refusal(400);
  };
}

function upsert({ upsert }: Endpoints): Endpoint {
  const isPost = ({ id, title, body }: Partial<KeyedPost>): boolean =>
    Number.isSafeInteger(id) && typeof title === "string" && typeof body === "string";
  return async (user, request) => {
    const posts = (await request.json()) as readonly KeyedPost[];
    return Array.isArray(posts) && posts.every(isPost) ? upsert(user, posts) : refusal(400);
  };
}

/** Twenty posts, or as many and one more, and the keys by which the pages around them are asked for. */
export function pageOf<Post extends { readonly id: number }>(
  found: readonly Post[],
  after: number | undefined,
) {
  const posts = found.slice(0, 20);
  const next = found.length > 20 ? String(posts.at(-1)!.id) : null;
  const previous = after === undefined ? null : String(posts[0]?.id ?? after);
  return { count: posts.length, posts, page: { next, previous } };
}

function refusal(status: number): Response {
  return Response.json({ error: "refused" }, { status });
}
