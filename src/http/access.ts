import type { MethodTraits } from "../request/request.ts";
import { respondTold } from "./told.ts";
import type { Visit } from "./visit.ts";

/** The name under which a route tells what its caller may do. */
export const ACCESS = "$access";

/** Tells a caller what he may do; what it tells is of nobody else's. */
export const respondAccess = (visit: Visit, traits: MethodTraits | undefined): Promise<Response> =>
  respondTold(visit, traits, {
    json: (principal) => visit.route.engine.access(principal),
    cacheControl: () => "private, no-cache",
  });
