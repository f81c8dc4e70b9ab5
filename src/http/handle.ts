import { type ApplyPatch, createContext, setHears } from "../author/author.ts";
import { goOn, type Later, type SharedLimit } from "../clock.ts";
import type { Engine } from "../engine/engine.ts";
import { QueryError, quote } from "../error.ts";
import { type Observer, unwatched } from "../observe.ts";
import type { LiveAnswers } from "../live/answers.ts";
import type { AuthorFunction } from "../policy/policy.ts";
import {
  askedAs,
  type Method,
  type MethodTraits,
  type Principal,
  type QueryRequest,
  traitsOf,
} from "../request/request.ts";
import { isResponse } from "../response.ts";
import { ACCESS, respondAccess } from "./access.ts";
import { allowHeader } from "./allow.ts";
import { type Mount, resourceOf, searchOf } from "./address.ts";
import { BATCH, respondBatch } from "./batch.ts";
import { type CorsOptions, corsHeaders, isPreflight, preflightHeaders, varyingByOrigin } from "./cors.ts";
import { readMatch, refuseConditionalWrite } from "./etag.ts";
import { withHeaders } from "./forward.ts";
import { EXPLORER, type Explore, respondExplorer } from "./explorer.ts";
import type { HeaderMap } from "./headers.ts";
import { keyOf, readKey } from "./idempotency.ts";
import { OPENAPI, type OpenAPIRoute, respondOpenAPI } from "./openapi.ts";
import { LIVE, respondLive } from "./live.ts";
import { refuseForeignWrite } from "./origin.ts";
import { admitGiven, type Given, refuseUndeclared, takeGiven } from "./params.ts";
import { parse } from "./parse.ts";
import { type Preferred, readPreferences, telling } from "./prefer.ts";
import { authenticate, type SessionOptions } from "./principal.ts";
import { codeOf, refuse } from "./refuse.ts";
import { refusePath } from "./refuse-path.ts";
import { announce, inform, report, watchOf } from "./report.ts";
import { respondRead, respondWrite } from "./respond.ts";
import { EXPLAIN, type Inspect, MATRIX, respondInspection } from "./inspect.ts";
import { inURL, standsFor } from "./long-question.ts";
import type { JSONText } from "./shape.ts";
import { Question, Visit } from "./visit.ts";

/** What a route is made of, checked. */
export interface Route {
  readonly engine: Engine;
  /** Whether its server hands on methods that only few know. */
  readonly handsOnAll: boolean;
  readonly mount: Mount;
  readonly session: SessionOptions<never>;
  /** Names who asks, where the author does. */
  readonly caller: ((context: never, request: Request) => unknown) | undefined;
  readonly cors: CorsOptions | undefined;
  /** Names whose the keys of writes are; absent where none are taken. */
  readonly keysOf: ((context: never) => unknown) | undefined;
  /** Applies JSON Patch; absent where none is taken. */
  readonly jsonPatch: ApplyPatch | undefined;
  /** Whether it tells its callers what they may do. */
  readonly access: boolean;
  /** Says who may look behind the rules; absent where nobody may. */
  readonly inspect: Inspect | undefined;
  /** Says who gets the page by which people look around; absent where nobody does. */
  readonly explore: Explore | undefined;
  /** What its OpenAPI documents say; absent where it has none. */
  readonly openapi: OpenAPIRoute | undefined;
  /** Whether every refusal is told as a problem (RFC 9457), whatever its client takes. */
  readonly problems: boolean;
  /** The most requests of a batch; absent where it takes none. */
  readonly batch: number | undefined;
  /** Keeps answers true; absent where none are. */
  readonly live: LiveAnswers | undefined;
  /** The headers of every answer. */
  readonly headers: HeaderMap;
  readonly formatResult: AuthorFunction | undefined;
  /** How long bodies may take. */
  readonly bodies: SharedLimit;
  /** How many bytes a question in a body may have. */
  readonly maxQuestionSize: number;
  readonly observe: Observer | undefined;
  /** Whether somebody wants to hear of every answer. */
  readonly watched: boolean;
  /** Whether answers carry the time spent in each room. */
  readonly serverTiming: boolean;
}

/**
 * Walks one request from the street door to the garden door; whatever is thrown on the way ends in one place. A plain read
 * that waits for nothing is a promise for its server alone.
 */
export async function handle(route: Route, request: Request, from: unknown): Promise<Response> {
  const watch = watchOf(route);
  const visit = new Visit(route, request, from, watch?.mark ?? unwatched);
  announce(route, request);
  let response: Response;
  try {
    const answered = answer(visit, traitsOf(request.method));
    response = answered instanceof Promise ? await answered : answered;
  } catch (error) {
    response = await refused(visit, error);
  }
  if (watch !== undefined) report(visit, request, response, watch, OWN.has(visit.resource));
  return response;
}

function refused(visit: Visit, error: unknown): Later<Response> {
  visit.code = codeOf(error);
  return refuse(error, visit, (cause) => inform(visit.route, { kind: "failed", error: cause }));
}

function answer(visit: Visit, sent: MethodTraits | undefined): Later<Response> {
  const { cors } = visit.route;
  return cors === undefined ? answerOrigin(visit, sent) : answerOthers(visit, sent, cors);
}

/** Answers one that may have come from another origin. */
async function answerOthers(
  visit: Visit,
  sent: MethodTraits | undefined,
  cors: CorsOptions,
): Promise<Response> {
  await allowOrigin(visit, cors);
  if (isPreflight(visit.request)) return empty({ ...visit.base, ...preflightHeaders(cors) });
  return answerOrigin(visit, sent);
}

/** Answers one whose origin may ask. */
function answerOrigin(visit: Visit, sent: MethodTraits | undefined): Later<Response> {
  const other = sent && standsFor(visit.request, sent);
  return goOn(other === undefined ? sent : standIn(visit, other), answerMethod, visit);
}

const answerMethod = (traits: MethodTraits | undefined, visit: Visit): Later<Response> =>
  traits?.writes === true ? answerWrite(visit, traits) : answerAs(visit, traits, undefined);

async function answerWrite(visit: Visit, traits: MethodTraits): Promise<Response> {
  const { request, route } = visit;
  await asking(visit, () => refuseForeignWrite(request, route.cors));
  refuseConditionalWrite(request, traits);
  return answerAs(visit, traits, readKey(request, route.keysOf !== undefined));
}

/** Answers one by what its method does. */
function answerAs(visit: Visit, traits: MethodTraits | undefined, key: string | undefined): Later<Response> {
  const { route, request, mark } = visit;
  const resource = resourceOf(request, route.mount);
  if (resource === undefined) return refusePath(visit);
  visit.resource = resource;
  const own = ownPage(visit, traits, key);
  if (own !== undefined) return own;
  // A method that is not known has no parameters either.
  const method = traits?.name ?? "OPTIONS";
  const search = traits === undefined ? "" : searchOf(request.url);
  const given = route.engine.declared(resource) && takeGiven(method, search);
  const query = read(visit, method, given?.rest ?? search);
  mark("parse");
  const context = createContext(request, request.method, resource, visit.known);
  if (route.engine.live !== undefined) setHears(context, route.engine.live.hears);
  return goOn(authenticate(request, context, route.session, visit), answerTo, visit, {
    traits,
    query,
    given,
    key,
  });
}

/** What is asked, before it is known by whom. */
interface Heard {
  readonly traits: MethodTraits | undefined;
  readonly query: QueryRequest;
  readonly given: Given | undefined;
  readonly key: string | undefined;
}

/** Answers one by who asks. */
function answerTo(
  principal: Principal | Response,
  visit: Visit,
  { traits, query, given, key }: Heard,
): Later<Response> {
  visit.mark("principal");
  if (isResponse(principal)) return withHeaders(principal, visit.base, traits?.bodiless === true);
  if (traits === undefined || traits.action === "inspect")
    return inspect(visit, traits, query, principal, given);
  const admitted = given && admitGiven(visit, query, principal, given);
  const named = goOn(admitted, nameFrom, visit, principal);
  const question = new Question(visit, query, principal);
  return traits.writes ? goOn(named, respondToWrite, question, key) : goOn(named, respondToRead, question);
}

const nameFrom = (_: unknown, visit: Visit, { context }: Principal): Later<void> => visit.nameFrom(context);

/** The engine's own names. */
const OWN: ReadonlySet<string> = new Set([ACCESS, BATCH, EXPLAIN, EXPLORER, LIVE, MATRIX, OPENAPI]);

/** Answers what is no question about a resource: the engine's own names, and streams. */
function ownPage(
  visit: Visit,
  traits: MethodTraits | undefined,
  key: string | undefined,
): Promise<Response> | undefined {
  const { route, resource } = visit;
  if (route.access && resource === ACCESS) return respondAccess(visit, traits);
  if (route.inspect !== undefined && (resource === EXPLAIN || resource === MATRIX))
    return respondInspection(visit, traits, route.inspect);
  if (route.explore !== undefined && resource === EXPLORER)
    return respondExplorer(visit, traits, route.explore);
  if (route.openapi !== undefined && resource === OPENAPI)
    return respondOpenAPI(visit, traits, route.openapi);
  if (route.batch !== undefined && resource === BATCH) return respondBatch(visit, traits, route.batch, key);
  return route.live && respondLive(visit, traits, route.live);
}

const respondToRead = (_: unknown, question: Question): Later<Response> =>
  goOn(question.visit.route.engine.run<Response | JSONText>(question), respondWith, question.visit);

const respondWith = (answer: Response | JSONText, visit: Visit): Later<Response> =>
  goOn(respondRead(visit.request, answer, visit.base), shaped, visit);

function shaped(response: Response, visit: Visit): Response {
  visit.mark("shape");
  return response;
}

async function respondToWrite(
  _: unknown,
  { visit, request: query, principal }: Question,
  key: string | undefined,
): Promise<Response> {
  const { route, request, base } = visit;
  const preferred = readPreferences(request.headers);
  const asked = wishing(query, request, preferred);
  const keyed = key === undefined ? undefined : await keyOf(visit, key, principal.context);
  const body = await route.engine.run<Response | JSONText>(new Question(visit, asked, principal, keyed));
  const response = await respondWrite(body, telling(base, preferred));
  visit.mark("shape");
  return response;
}

/** Has a request answered as the one that it stands for. */
async function standIn(visit: Visit, method: Method): Promise<MethodTraits> {
  visit.request = await inURL(visit, method);
  await visit.route.engine.othersFirst(visit);
  return traitsOf(method);
}

/** What no URL is longer than, as servers have it. */
const LONG = 16_384;

/** Reads a question; while a long one is read, all others wait. */
function read(visit: Visit, method: Method, search: string): QueryRequest {
  if (search.length <= LONG) return parse(method, visit.resource, search);
  const began = performance.now();
  try {
    return parse(method, visit.resource, search);
  } finally {
    visit.route.engine.charge(visit, performance.now() - began);
  }
}

/** The question of a write, with what its client knows of the rows it changes, and how it wants it done. */
function wishing(query: QueryRequest, request: Request, preferred: Preferred | undefined): QueryRequest {
  const match = readMatch(request);
  if (match === undefined && preferred === undefined) return query;
  return askedAs(query, {
    ...(match !== undefined && { match }),
    ...(preferred !== undefined && { prefer: preferred.preferences }),
  });
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
  given: Given | undefined,
): Response {
  if (given !== undefined) refuseUndeclared(route.engine, query, given);
  const allow = route.engine.allow(query, principal);
  if (traits === undefined) throw unknownMethod(request.method, allow);
  return empty({ ...base, allow: allowHeader(allow, route) });
}

const empty = (headers: HeaderMap): Response => new Response(null, { status: 204, headers });

const unknownMethod = (method: string, allow: readonly Method[]): QueryError =>
  new QueryError("method-not-allowed", `method ${quote(method)} is not known`, { allow });
