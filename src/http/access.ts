import { createContext } from "../author/author.ts";
import { QueryError } from "../error.ts";
import { type Method, METHODS, type MethodTraits, OPEN, RULED } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { searchOf } from "./address.ts";
import { allowHeader } from "./allow.ts";
import { withHeaders } from "./forward.ts";
import { authenticate } from "./principal.ts";
import { refuseParameters } from "./query-string.ts";
import { respondRead } from "./respond.ts";
import type { Visit } from "./visit.ts";

/** The name under which a route tells what its caller may do. */
export const ACCESS = "$access";

const ALLOWED: readonly Method[] = [...OPEN, ...RULED.filter((name) => METHODS[name].action === "read")];

/** Tells a caller what he may do; what it tells is of nobody else's. */
export async function respondAccess(visit: Visit, traits: MethodTraits | undefined): Promise<Response> {
  const { request, route } = visit;
  if (traits === undefined || traits.writes)
    throw new QueryError("method-not-allowed", `\`${ACCESS}\` is only read`, { allow: ALLOWED });
  refuseParameters(searchOf(request.url), ACCESS);
  const context = createContext(request, request.method, ACCESS, visit.known);
  const principal = await authenticate(request, context, route.session, visit);
  visit.mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits.bodiless === true);
  if (traits.action === "inspect")
    return new Response(null, {
      status: 204,
      headers: { ...visit.base, allow: allowHeader(ALLOWED, route) },
    });
  const json = await route.engine.access(principal);
  visit.mark("plan");
  return respondRead(request, { json }, { ...visit.base, "cache-control": "private, no-cache" });
}
