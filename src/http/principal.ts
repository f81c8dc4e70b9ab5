import { type Context, setRoles } from "../author/author.ts";
import { goOn, type Later } from "../clock.ts";
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
export function authenticate(
  request: Request,
  context: Context,
  { parser, getRole }: SessionOptions<never>,
  visit: Asks,
): Later<Principal | Response> {
  const principal = (): Later<Principal> =>
    getRole === undefined
      ? { roles: [], context }
      : goOn(
          visit.ask(() => getRole(request, context as never)),
          (answer) => {
            const roles = readRoles(answer);
            if (roles.length > 0) setRoles(context, roles);
            return { roles, context };
          },
        );
  if (parser === undefined) return principal();
  return goOn(
    visit.ask(() => parser(request, context as never)),
    (answer) => (isResponse(answer) ? answer : principal()),
  );
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
