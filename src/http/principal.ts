import { type Context, setRoles } from "../author/author.ts";
import type { Principal } from "../request/request.ts";
import { isResponse } from "../response.ts";
import type { Asks } from "./visit.ts";

/** How a route learns who asks. */
export interface SessionOptions<Context> {
  /** Puts the session into the context; a `Response` it answers ends the request. */
  readonly parser?: (request: Request, context: Context) => unknown;
  /**
   * The caller's role, a list of them, strongest first, or nothing. Only a text that is none of `guest`, `mine`, `all` is a
   * role.
   */
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
  const roles =
    getRole === undefined ? [] : readRoles(await visit.ask(() => getRole(request, context as never)));
  if (roles.length > 0) setRoles(context, roles);
  return { roles, context };
}

/** The roles of an answer, each once. */
function readRoles(answer: unknown): readonly string[] {
  if (typeof answer === "string") return RESERVED.has(answer) ? [] : [answer];
  if (!Array.isArray(answer)) return [];
  const roles = (answer as unknown[]).filter(
    (role): role is string => typeof role === "string" && !RESERVED.has(role),
  );
  return Object.freeze([...new Set(roles)]);
}
