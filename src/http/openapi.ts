import type { DocumentInfo } from "../engine/engine.ts";
import type { MethodTraits } from "../request/request.ts";
import { pathOf } from "./address.ts";
import { respondTold } from "./told.ts";
import type { Visit } from "./visit.ts";

/** The name under which a route tells what its caller may do, as OpenAPI writes it. */
export const OPENAPI = "$openapi";

/** What a route's document says beside its rules. */
export interface OpenAPIRouteOptions {
  /** What the API is called; `API` by default. */
  readonly title?: string;
  /** Which version of the API it is; `1` by default. */
  readonly version?: string;
  /** Where it answers, as addresses that clients reach; by default where the document is. */
  readonly servers?: readonly { readonly url: string; readonly description?: string }[];
  /** Whether anybody may keep the document of a guest, who has no role; false by default. */
  readonly public?: boolean;
}

/** A route's options, and what it does that its answers depend on. */
export interface OpenAPIRoute extends DocumentInfo {
  readonly public: boolean;
}

/** Tells a caller what he may do, as a document. */
export function respondOpenAPI(
  visit: Visit,
  traits: MethodTraits | undefined,
  { public: shared, ...info }: OpenAPIRoute,
): Promise<Response> {
  const { servers = [{ url: baseOf(visit.request.url) }] } = info;
  return respondTold(visit, traits, {
    json: (principal) => visit.route.engine.openapi(principal, { ...info, servers }),
    cacheControl: ({ roles }) => (shared && roles.length === 0 ? "public, no-cache" : "private, no-store"),
  });
}

/** The path before the document's own name. */
function baseOf(url: string): string {
  const path = pathOf(url).replace(/\/$/, "");
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
