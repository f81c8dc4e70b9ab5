import { createContext } from "../author/author.ts";
import type { Engine, Outside } from "../engine/engine.ts";
import { QueryError, quote } from "../error.ts";
import { type Mark, type Observation, type Observer, Stopwatch, tell, unwatched } from "../observe.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import { traitsOf } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { readBody } from "./body.ts";
import { type CorsOptions, corsHeaders, isPreflight, preflightHeaders } from "./cors.ts";
import { refuseConditionalWrite } from "./etag.ts";
import { refuseForeignWrite } from "./origin.ts";
import { parse, rememberedQuestions } from "./parse.ts";
import { authenticate, type SessionOptions } from "./principal.ts";
import { type Mount, resourceOf } from "./resource.ts";
import { type HeaderMap, refuse, respondRead, respondWrite, withHeaders } from "./respond.ts";
import { type JSONText, shape } from "./shape.ts";

/** What a route is made of, checked. */
export interface Route {
  readonly engine: Engine;
  readonly mount: Mount;
  readonly session: SessionOptions<never>;
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
export async function handle(route: Route, request: Request): Promise<Response> {
  const watch = route.watched || route.serverTiming ? new Stopwatch() : undefined;
  const visit: Visit = { resource: "", base: route.headers };
  let response: Response;
  try {
    response = await answer(route, request, visit, watch?.mark ?? unwatched);
  } catch (error) {
    response = refuse(error, request.method, visit.base, (cause) =>
      inform(route, { kind: "failed", error: cause }),
    );
  }
  if (watch !== undefined) report(route, request, visit, response, watch);
  return response;
}

/** What is known of a request so far, should it be refused. */
interface Visit {
  resource: string;
  base: HeaderMap;
}

async function answer(route: Route, request: Request, visit: Visit, mark: Mark): Promise<Response> {
  const { cors } = route;
  // An author's function may look into the database for the origins he allows.
  const asking: Outside = typeof cors?.origin === "function" ? route.engine.outside : (work) => work();
  if (cors !== undefined) {
    visit.base = { ...visit.base, vary: `${visit.base["vary"] ?? ""}, Origin`.replace(/^, /, "") };
    visit.base = { ...visit.base, ...(await asking(() => corsHeaders(cors, request))) };
    if (isPreflight(request)) {
      return new Response(null, { status: 204, headers: { ...visit.base, ...preflightHeaders(cors) } });
    }
  }
  const { method } = request;
  const traits = traitsOf(method);
  if (traits?.writes === true) {
    await asking(() => refuseForeignWrite(request, cors));
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
  const context = createContext(request, method, resource);
  const principal = await authenticate(request, context, route.session, route.engine);
  mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits?.bodiless === true);
  if (traits === undefined || traits.action === "inspect") {
    const allow = route.engine.allow(query, principal).join(", ");
    if (traits === undefined) throw unknownMethod(method, allow);
    return new Response(null, { status: 204, headers: { ...visit.base, allow } });
  }
  const body = await route.engine.run<Response | JSONText>(
    query,
    principal,
    (maxBytes) => readBody(request, maxBytes, route.timeout),
    (answered) => shape(answered, resource, request, context, route.formatResult),
    mark,
  );
  const response = await (traits.writes
    ? respondWrite(body, visit.base)
    : respondRead(request, body, visit.base));
  mark("shape");
  return response;
}

function report(
  route: Route,
  request: Request,
  { resource }: Visit,
  response: Response,
  watch: Stopwatch,
): void {
  if (route.serverTiming) response.headers.set("server-timing", watch.toHeader());
  inform(route, {
    kind: "answered",
    method: request.method,
    resource,
    status: response.status,
    milliseconds: performance.now() - watch.started,
    rooms: watch.rooms,
    remembered: { ...route.engine.remembered(), questions: rememberedQuestions() },
  });
}

const unknownMethod = (method: string, allow: string): QueryError =>
  new QueryError("method-not-allowed", `method ${quote(method)} is not known`, { headers: { Allow: allow } });

function searchOf(url: string): string {
  const start = url.indexOf("?");
  if (start < 0) return "";
  const hash = url.indexOf("#", start);
  return hash < 0 ? url.slice(start) : url.slice(start, hash);
}

/** Tells in its turn, or though that does not come: who watches may look into the database too. */
function inform({ observe, engine }: Route, observation: Observation): void {
  if (observe === undefined) return;
  const telling = (): void => tell(observe, observation);
  const waiting = engine.outside(telling);
  if (waiting instanceof Promise) waiting.catch(telling);
}
