import type { Auth } from "@/auth";
import { createSessionCache } from "./cache.ts";

/** What the session parser adds to a request's context. */
export type CTXUserSession = {
  session: Auth["$Infer"]["Session"]["session"];
  user: Auth["$Infer"]["Session"]["user"];
};

/** A session parser: fills the context, or answers the request itself. */
export type Authenticate = (req: Request, ctx: Partial<CTXUserSession>) => Promise<Response | undefined>;

const unauthenticated = { error: "sign in first", code: "unauthenticated" };

/** The two ways into an authentication service, sharing one short memory of who is signed in. */
export function guard(auth: Auth) {
  const cache = createSessionCache<CTXUserSession>();

  /** Puts session and user into the context; without a session it answers 401, unless that is `optional`. */
  const authenticate =
    ({ optional = false } = {}): Authenticate =>
    async (req, ctx) => {
      const found = await cache.get(req.headers.get("cookie") ?? "", () => find(auth, req.headers));
      if (found) Object.assign(ctx, found);
      return found || optional ? undefined : Response.json(unauthenticated, { status: 401 });
    };

  /** better-auth's own endpoints; whatever may change a session empties the memory. */
  const handler = async (req: Request): Promise<Response> => {
    try {
      return await auth.handler(req);
    } finally {
      if (req.method !== "GET" && req.method !== "HEAD") cache.clear();
    }
  };

  return { authenticate, handler };
}

async function find(auth: Auth, headers: Headers): Promise<CTXUserSession | null> {
  if (!headers.has("cookie")) return null;
  // Prolonging a session is for better-auth's own endpoints: a renewed cookie could not be sent from here.
  return auth.api.getSession({ headers, query: { disableRefresh: true } });
}
