import { createContext } from "../author/author.ts";
import { QueryError } from "../error.ts";
import { type Method, METHODS, type MethodTraits, OPEN, type Principal, RULED } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { searchOf } from "./address.ts";
import { allowHeader } from "./allow.ts";
import { withHeaders } from "./forward.ts";
import { authenticate } from "./principal.ts";
import { refuseParameters } from "./query-string.ts";
import type { Visit } from "./visit.ts";

const ALLOWED: readonly Method[] = [...OPEN, ...RULED.filter((name) => METHODS[name].action === "read")];

/** Who reads one of the engine's own pages, and what his session knows. */
export interface Reader {
  readonly principal: Principal;
  readonly context: ReturnType<typeof createContext>;
}

/**
 * Finds out who reads one of the engine's own pages, all of which are only read; or answers him, where his session does
 * or where he asks what he may do with it. `bare`: it takes no parameters.
 *
 * @throws QueryError `method-not-allowed` or `unknown-parameter`.
 */
export async function readerOf(
  visit: Visit,
  traits: MethodTraits | undefined,
  { bare }: { readonly bare: boolean },
): Promise<Reader | Response> {
  const { request, resource, route } = visit;
  if (traits === undefined || traits.writes)
    throw new QueryError("method-not-allowed", `\`${resource}\` is only read`, { allow: ALLOWED });
  if (bare) refuseParameters(searchOf(request.url), resource);
  const context = createContext(request, request.method, resource, visit.known);
  const principal = await authenticate(request, context, route.session, visit);
  visit.mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits.bodiless === true);
  if (traits.action !== "inspect") return { principal, context };
  return new Response(null, {
    status: 204,
    headers: { ...visit.base, allow: allowHeader(ALLOWED, route) },
  });
}

/** @throws QueryError `forbidden` where the answer of an author's function is anything but a plain true. */
export function insistOn(allowed: unknown, { resource }: Visit): void {
  if (allowed !== true) throw new QueryError("forbidden", `you may not use \`${resource}\``);
}

/** What kind of process this is, as `NODE_ENV` says; `undefined` where nothing does. */
export function environment(): string | undefined {
  const { process: runtime } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  return runtime?.env?.["NODE_ENV"];
}
