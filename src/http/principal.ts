import { type Context, setRole } from "../author/author.ts";
import type { Principal } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { Asks } from "./visit.ts";

/** How a route learns who asks. */
export interface SessionOptions<Context> {
  /** Puts the session into the context; a `Response` it answers ends the request. */
  readonly parser?: (request: Request, context: Context) => unknown;
  /** The caller's role, or nothing. Only a text that is none of `guest`, `mine`, `all` is a role. */
  readonly getRole?: (request: Request, context: Context) => unknown;
}

const RESERVED: ReadonlySet<unknown> = new Set(["", "guest", "mine", "all"]);

/** Asks the route's author who is calling; whatever he answers that is not a role is none. */
export async function authenticate(
  request: Request,
  context: Context,
  { parser, getRole }: SessionOptions<never>,
  visit: Asks,
): Promise<Principal | Response> {
  if (parser !== undefined) {
    const answer = await visit.ask(() => parser(request, context as never));
    if (isResponse(answer)) return answer;
  }
  const role = getRole === undefined ? undefined : await visit.ask(() => getRole(request, context as never));
  if (typeof role !== "string" || RESERVED.has(role)) return { context };
  setRole(context, role);
  return { role, context };
}
