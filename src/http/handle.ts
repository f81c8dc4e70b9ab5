import { createContext } from "../author/author.ts";
import type { Engine } from "../engine/engine.ts";
import { QueryError, quote } from "../error.ts";
import { type Observer, unwatched } from "../observe.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import { type MethodTraits, type Principal, type QueryRequest, traitsOf } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { type Mount, resourceOf, searchOf } from "./address.ts";
import { type CorsOptions, corsHeaders, isPreflight, preflightHeaders, varyingByOrigin } from "./cors.ts";
import { refuseConditionalWrite } from "./etag.ts";
import { withHeaders } from "./forward.ts";
import type { HeaderMap } from "./headers.ts";
import { refuseForeignWrite } from "./origin.ts";
import { parse } from "./parse.ts";
import { authenticate, type SessionOptions } from "./principal.ts";
import { refuse } from "./refuse.ts";
import { inform, report, watchOf } from "./report.ts";
import { respondRead, respondWrite } from "./respond.ts";
import { Question, Visit } from "./visit.ts";

/** What a route is made of, checked. */
export interface Route {
  readonly engine: Engine;
  readonly mount: Mount;
  readonly session: SessionOptions<never>;
  /** Names who asks, where the author does. */
  readonly caller: ((context: never, request: Request) => unknown) | undefined;
  readonly cors: CorsOptions | undefined;
  /** The headers of every answer. */
  readonly headers: HeaderMap;
  readonly formatResult: AuthorFunction | undefined;
  /** How long a body, or a function of the author, may take, in milliseconds. */
  readonly timeout: number;
  readonly observe: Observer | undefined;
  /** Whether somebody wants to hear of every answer. */
  readonly watched: boolean;
  /** Whether answers carry the time spent in each room. */
  readonly serverTiming: boolean;
}

/** Walks one request from the street door to the garden door; whatever is thrown on the way ends in one place. */
export async function handle(route: Route, request: Request, from: unknown): Promise<Response> {
  const watch = watchOf(route);
  const visit = new Visit(route, request, from, watch?.mark ?? unwatched);
  let response: Response;
  try {
    response = await answer(visit, traitsOf(request.method));
  } catch (error) {
    response = refuse(error, request.method, visit.base, (cause) =>
      inform(route, { kind: "failed", error: cause }),
    );
  }
  if (watch !== undefined) report(route, request, visit.resource, response, watch);
  return response;
}

async function answer(visit: Visit, traits: MethodTraits | undefined): Promise<Response> {
  const { route, request, mark } = visit;
  if (route.cors !== undefined) {
    await allowOrigin(visit, route.cors);
    if (isPreflight(request)) return empty({ ...visit.base, ...preflightHeaders(route.cors) });
  }
  if (traits?.writes === true) {
    await asking(visit, () => refuseForeignWrite(request, route.cors));
    refuseConditionalWrite(request);
  }
  const resource = resourceOf(request, route.mount);
  visit.resource = resource;
  // A method that is not known has no parameters either.
  const query =
    traits === undefined
      ? parse("OPTIONS", resource, "")
      : parse(traits.name, resource, searchOf(request.url));
  mark("parse");
  const context = createContext(request, request.method, resource);
  const principal = await authenticate(request, context, route.session, visit);
  mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits?.bodiless === true);
  if (traits === undefined || traits.action === "inspect") return inspect(visit, traits, query, principal);
  const { caller } = route;
  if (caller !== undefined) visit.name(await visit.ask(() => caller(context as never, request)));
  const body = await route.engine.run(new Question(visit, query, principal));
  const { base } = visit;
  const response = await (traits.writes ? respondWrite(body, base) : respondRead(request, body, base));
  mark("shape");
  return response;
}

/** An author's function may look into the database for the origins he allows. */
const asking = <T>(visit: Visit, work: () => T): T | Promise<T> =>
  typeof visit.route.cors?.origin === "function" ? visit.ask(work) : work();

async function allowOrigin(visit: Visit, cors: CorsOptions): Promise<void> {
  visit.base = varyingByOrigin(visit.base);
  const headers = await asking(visit, () => corsHeaders(cors, visit.request));
  visit.base = { ...visit.base, ...headers };
}

/** Which methods the caller may use; to a method that is not known, as a refusal. */
function inspect(
  { route, request, base }: Visit,
  traits: MethodTraits | undefined,
  query: QueryRequest,
  principal: Principal,
): Response {
  const allow = route.engine.allow(query, principal).join(", ");
  if (traits === undefined) throw unknownMethod(request.method, allow);
  return empty({ ...base, allow });
}

const empty = (headers: HeaderMap): Response => new Response(null, { status: 204, headers });

const unknownMethod = (method: string, allow: string): QueryError =>
  new QueryError("method-not-allowed", `method ${quote(method)} is not known`, { headers: { Allow: allow } });
