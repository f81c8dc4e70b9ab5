import { createContext } from "../author/author.ts";
import { QueryError } from "../error.ts";
import { type Method, METHODS, type MethodTraits, OPEN, type Principal, RULED } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { searchOf } from "./address.ts";
import { allowHeader } from "./allow.ts";
import { withHeaders } from "./forward.ts";
import { authenticate } from "./principal.ts";
import { refuseParameters } from "./query-string.ts";
import { respondRead } from "./respond.ts";
import type { Visit } from "./visit.ts";

const ALLOWED: readonly Method[] = [...OPEN, ...RULED.filter((name) => METHODS[name].action === "read")];

/** Something that a route tells each caller of himself, under a name of its own. */
export interface Told {
  readonly name: string;
  /** As JSON. */
  readonly json: (principal: Principal) => string | Promise<string>;
  /** How long it may be kept, by whom. */
  readonly cacheControl: (principal: Principal) => string;
}

/** Tells a caller what is only read, takes no parameters, and is of nobody else's. */
export async function respondTold(
  visit: Visit,
  traits: MethodTraits | undefined,
  { name, json, cacheControl }: Told,
): Promise<Response> {
  const { request, route } = visit;
  if (traits === undefined || traits.writes)
    throw new QueryError("method-not-allowed", `\`${name}\` is only read`, { allow: ALLOWED });
  refuseParameters(searchOf(request.url), name);
  const context = createContext(request, request.method, name, visit.known);
  const principal = await authenticate(request, context, route.session, visit);
  visit.mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits.bodiless === true);
  if (traits.action === "inspect")
    return new Response(null, {
      status: 204,
      headers: { ...visit.base, allow: allowHeader(ALLOWED, route) },
    });
  const text = await json(principal);
  visit.mark("plan");
  return respondRead(request, { json: text }, { ...visit.base, "cache-control": cacheControl(principal) });
}
