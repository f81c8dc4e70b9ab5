import type { Engine } from "../engine.ts";
import { QueryError, quote } from "../error.ts";
import type { Observer } from "../observe.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import { type Method, METHODS } from "../request/request.ts";
import { readBody } from "./body.ts";
import { type CorsOptions, corsHeaders, isPreflight, preflightHeaders } from "./cors.ts";
import { parse } from "./parse.ts";
import { authenticate, type SessionOptions } from "./principal.ts";
import { refuse, respondRead, respondWrite, withHeaders } from "./respond.ts";
import { shape } from "./shape.ts";

/** What a route is made of, checked. */
export interface Route {
  readonly engine: Engine;
  /** The name of the path parameter that holds the resource, where the server parses paths. */
  readonly idParam: string;
  readonly session: SessionOptions<never>;
  readonly cors: CorsOptions | undefined;
  readonly headers: Headers;
  readonly formatResult: AuthorFunction | undefined;
  readonly observe: Observer;
}

/** Walks one request from the street door to the garden door; whatever is thrown on the way ends in one place. */
export async function handle(route: Route, request: Request): Promise<Response> {
  const started = performance.now();
  const base = baseHeaders(route, request);
  let resource = "";
  let response: Response;
  try {
    resource = resourceOf(request, route.idParam);
    response = await answer(route, request, resource, base);
  } catch (error) {
    response = refuse(error, request.method, base, (cause) =>
      tell(route.observe, { kind: "failed", error: cause }),
    );
  }
  const milliseconds = performance.now() - started;
  tell(route.observe, {
    kind: "answered",
    method: request.method,
    resource,
    status: response.status,
    milliseconds,
  });
  return response;
}

async function answer(route: Route, request: Request, resource: string, base: Headers): Promise<Response> {
  if (route.cors !== undefined && isPreflight(request)) {
    return withHeaders(
      new Response(null, { status: 204, headers: preflightHeaders(route.cors) }),
      base,
      true,
    );
  }
  const method = methodOf(request);
  const query = parse(method, resource, searchOf(request.url));
  const context: Record<string, unknown> = { request, method, resourceId: resource, role: undefined };
  const principal = await authenticate(request, context, route.session);
  if (principal instanceof Response) return withHeaders(principal, base, method === "HEAD");
  if (method === "OPTIONS") {
    const allow = route.engine.allow(query, principal).join(", ");
    return withHeaders(new Response(null, { status: 204, headers: { allow } }), base, true);
  }
  const answered = await route.engine.run(query, principal, (maxBytes) => readBody(request, maxBytes));
  const body = await shape(answered, resource, request, context, route.formatResult);
  return METHODS.get(method)!.action === "read" ? respondRead(request, body, base) : respondWrite(body, base);
}

function methodOf({ method }: Request): Method {
  if (METHODS.has(method)) return method as Method;
  throw new QueryError("method-not-allowed", `method ${quote(method)} is not known`, {
    headers: { Allow: [...METHODS.keys()].join(", ") },
  });
}

/** The resource: the server's path parameter, else the last segment of the path. */
function resourceOf(request: Request, idParam: string): string {
  const { params } = request as { params?: Readonly<Record<string, string | undefined>> };
  const named = params?.[idParam];
  if (named !== undefined) return named;
  const path = new URL(request.url).pathname;
  const segment = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function searchOf(url: string): string {
  const start = url.indexOf("?");
  if (start < 0) return "";
  const hash = url.indexOf("#", start);
  return hash < 0 ? url.slice(start) : url.slice(start, hash);
}

function baseHeaders({ headers, cors }: Route, request: Request): Headers {
  const base = new Headers(headers);
  if (cors === undefined) return base;
  base.append("vary", "Origin");
  for (const [name, value] of Object.entries(corsHeaders(cors, request))) base.set(name, value);
  return base;
}

function tell(observe: Observer, observation: Parameters<Observer>[0]): void {
  try {
    observe(observation);
  } catch {
    // watching cannot change an answer
  }
}
