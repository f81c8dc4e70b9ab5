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
  options: SessionOptions<never>,
  visit: Asks,
): Later<Principal | Response> {
  const { parser } = options;
  const asking: Asking = { request, context, options, visit };
  if (parser === undefined) return principalOf(undefined, asking);
  return goOn(
    visit.ask(() => parser(request, context as never)),
    principalOf,
    asking,
  );
}

/** One of whom it is asked who he is. */
interface Asking {
  readonly request: Request;
  readonly context: Context;
  readonly options: SessionOptions<never>;
  readonly visit: Asks;
}

/** Who asks, once his session is parsed. */
function principalOf(
  parsed: unknown,
  { request, context, options, visit }: Asking,
): Later<Principal | Response> {
  if (isResponse(parsed)) return parsed;
  const { getRole } = options;
  if (getRole === undefined) return { roles: [], context };
  return goOn(
    visit.ask(() => getRole(request, context as never)),
    inRoles,
    context,
  );
}

function inRoles(answer: unknown, context: Context): Principal {
  const roles = readRoles(answer);
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
