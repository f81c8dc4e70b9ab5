import { EVERY_METHOD } from "../request/request.ts";
import type { HeaderMap } from "./headers.ts";
import { REPLAYED } from "./idempotency.ts";
import { OVERRIDE } from "./long-question.ts";

/** Which other origins' pages may use a route. */
export interface CorsOptions {
  /** One origin, several, or a function that says so; `"*"` is every origin and goes without credentials only. */
  readonly origin: string | readonly string[] | ((origin: string) => boolean);
  /** Whether cookies may come along. */
  readonly credentials?: boolean;
  /** The request headers a page may send; by default those it asks for in its preflight that the engine reads. */
  readonly headers?: readonly string[];
  /** How long a browser may remember a preflight, in seconds. */
  readonly maxAge?: number;
}

const ALLOWED_METHODS = EVERY_METHOD.map(({ name }) => name).join(", ");
const DEFAULT_HEADERS = [
  "content-type",
  "authorization",
  "if-none-match",
  "if-match",
  "prefer",
  "idempotency-key",
  "last-event-id",
  OVERRIDE,
];

/** The headers of answers that a page of another origin may read. */
const EXPOSED = `ETag, Allow, Retry-After, Preference-Applied, ${REPLAYED}`;

/**
 * Checks the options once.
 *
 * @throws Error for `*` with credentials, which would let every page act as its visitor.
 */
export function checkCors({ origin, credentials }: CorsOptions): void {
  const every = origin === "*" || (Array.isArray(origin) && origin.includes("*"));
  if (every && credentials === true)
    throw new Error('cors: origin "*" cannot be used with credentials; name the origins');
}

/** The headers of answers that differ by origin. */
export const varyingByOrigin = (headers: HeaderMap): HeaderMap => ({
  ...headers,
  vary: `${headers["vary"] ?? ""}, Origin`.replace(/^, /, ""),
});

/** The headers an answer to this origin needs; none for an origin that is not allowed. */
export function corsHeaders(options: CorsOptions, request: Request): HeaderMap {
  const origin = request.headers.get("origin");
  if (options.origin === "*")
    return { "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED };
  if (origin === null || !allowsOrigin(options, origin)) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": EXPOSED,
    ...(options.credentials === true && { "access-control-allow-credentials": "true" }),
  };
}

/** Whether pages of an origin may use the route. */
export function allowsOrigin({ origin: allowed }: CorsOptions, origin: string): boolean {
  if (typeof allowed === "function") {
    // Only a plain true opens: a promise, or whatever else an author answers, does not.
    const verdict: unknown = allowed(origin);
    if (verdict instanceof Promise) verdict.catch(() => undefined); // nobody waits for it
    return verdict === true;
  }
  const list = typeof allowed === "string" ? [allowed] : allowed;
  return list.includes("*") || list.includes(origin);
}

/** Whether a request only asks if another may be sent. */
export function isPreflight(request: Request): boolean {
  return (
    request.method === "OPTIONS" &&
    request.headers.has("origin") &&
    request.headers.has("access-control-request-method")
  );
}

/** What a preflight is answered beside the headers of every answer. */
export function preflightHeaders({ headers = DEFAULT_HEADERS, maxAge }: CorsOptions): HeaderMap {
  return {
    "access-control-allow-methods": ALLOWED_METHODS,
    "access-control-allow-headers": headers.join(", "),
    ...(maxAge !== undefined && { "access-control-max-age": String(maxAge) }),
  };
}
