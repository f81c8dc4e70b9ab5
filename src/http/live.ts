import { createContext, setHears } from "../author/author.ts";
import { invalidBody, invalidValue, HttpError, QueryError, quote } from "../error.ts";
import type { LiveAnswers } from "../live/answers.ts";
import type { Asked, Source } from "../live/subscription.ts";
import { type Method, METHOD_OF, type MethodTraits, OPEN } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { decoded, searchOf } from "./address.ts";
import { allowHeader } from "./allow.ts";
import { readBody } from "./body.ts";
import { withHeaders } from "./forward.ts";
import type { HeaderMap } from "./headers.ts";
import { withoutBody } from "./long-question.ts";
import { admitGiven, takeGiven } from "./params.ts";
import { parse } from "./parse.ts";
import { readPreferences } from "./prefer.ts";
import { authenticate } from "./principal.ts";
import { weightOf } from "./problem.ts";
import { refuseParameters } from "./query-string.ts";
import { refusalText } from "./refuse.ts";
import type { JSONText } from "./shape.ts";
import { Question, type Visit } from "./visit.ts";

/** The name under which a route takes lists of questions whose answers it keeps true. */
export const LIVE = "$live";

const STREAM = "text/event-stream";

const ALLOWED: readonly Method[] = [...OPEN, METHOD_OF.insert];

/** Answers a request for a stream; `undefined` where it is none. */
export function respondLive(
  visit: Visit,
  traits: MethodTraits | undefined,
  live: LiveAnswers,
): Promise<Response> | undefined {
  if (visit.resource === LIVE) return respondList(visit, traits, live);
  if (traits?.action !== "read" || !wantsStream(visit.request)) return undefined;
  return respondStream(visit, traits, live);
}

/** Whether a request wants to be told what becomes of its answer; who takes anything has said nothing of it. */
function wantsStream({ headers }: Request): boolean {
  const accept = headers.get("accept");
  return accept !== null && accept.toLowerCase().includes(STREAM) && weightOf(accept, STREAM) > 0;
}

/** Answers a read with the events of its answer. */
async function respondStream(
  visit: Visit,
  { bodiless, name }: MethodTraits,
  live: LiveAnswers,
): Promise<Response> {
  const { request, resource } = visit;
  if (readPreferences(request.headers)?.preferences.rollback === true)
    throw invalidValue("a dry run is not kept true", "Prefer", "leave out `tx=rollback`");
  const source = new Asking(visit, request, resource, name);
  const headers = streamHeaders(visit.base);
  try {
    if (bodiless === true) {
      const question = await source.ready();
      const answer = await question.ask(source.asker);
      return isResponse(answer) ? withHeaders(answer, visit.base, true) : new Response(null, { headers });
    }
    const last = request.headers.get("last-event-id") ?? undefined;
    const body = await live.one({ source, last });
    visit.keepOpen();
    return new Response(body, { headers });
  } catch (error) {
    if (error instanceof Responded) return withHeaders(error.response, visit.base, bodiless === true);
    throw error;
  }
}

/** Answers a list of questions with the events of all their answers. */
async function respondList(
  visit: Visit,
  traits: MethodTraits | undefined,
  live: LiveAnswers,
): Promise<Response> {
  const { request, route, base } = visit;
  if (traits === undefined || !(traits.action === "insert" || traits.action === "inspect"))
    throw new QueryError("method-not-allowed", `\`${LIVE}\` takes lists of questions by POST`, {
      allow: ALLOWED,
    });
  refuseParameters(searchOf(request.url), LIVE);
  const context = createContext(request, request.method, LIVE, visit.known);
  const principal = await authenticate(request, context, route.session, visit);
  if (isResponse(principal)) return withHeaders(principal, base, false);
  if (traits.action === "inspect")
    return new Response(null, { status: 204, headers: { ...base, allow: allowHeader(ALLOWED, route) } });
  await visit.nameFrom(context);
  const { engine, maxQuestionSize, bodies } = route;
  const { value } = await engine.receive(visit, () =>
    readBody(request, maxQuestionSize, bodies, {
      othersFirst: () => engine.othersFirst(visit),
      spent: (milliseconds) => engine.charge(visit, milliseconds),
    }),
  );
  const body = await live.several(visit.caller, readQuestions(value, visit, live.settings.maxQuestions));
  visit.keepOpen();
  return new Response(body, { headers: streamHeaders(base) });
}

const streamHeaders = (base: HeaderMap): HeaderMap => ({
  ...base,
  "cache-control": "no-store, no-transform",
  "content-type": STREAM,
  "x-accel-buffering": "no",
});

const LONGEST_KEY = 64;

/** Reads the questions of a list. Whether they may be asked, each is told for itself. */
function readQuestions(body: unknown, visit: Visit, most: number): readonly Asked[] {
  if (!Array.isArray(body) || body.length === 0)
    throw invalidBody(
      "expected a list of questions",
      undefined,
      undefined,
      'send [{"key":"a","url":"/query/…"}]',
    );
  if (body.length > most) throw invalidBody(`${body.length} questions exceed ${most}`);
  const keys = new Set<string>();
  return body.map((question: unknown, place) => {
    const { key, url, last } = readQuestion(question, String(place));
    if (keys.has(key)) throw invalidBody(`${quote(key)} is another question's key`, `${place}.key`);
    keys.add(key);
    return { source: sourceOf(visit, url, `${place}.url`), key, ...(last !== undefined && { last }) };
  });
}

interface Written {
  readonly key: string;
  readonly url: string;
  readonly last: string | undefined;
}

function readQuestion(question: unknown, place: string): Written {
  if (typeof question !== "object" || question === null || Array.isArray(question))
    throw invalidBody("expected a question", place);
  const { key, url, last, ...others } = question as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalidBody(`unknown member ${quote(other)}`, place);
  if (typeof key !== "string" || key === "" || key.length > LONGEST_KEY)
    throw invalidBody(`expected a text of ${LONGEST_KEY} characters at most`, `${place}.key`);
  if (typeof url !== "string") throw invalidBody("expected the URL of a GET", `${place}.url`);
  if (last !== undefined && last !== null && typeof last !== "string")
    throw invalidBody("expected the id of an answer", `${place}.last`);
  return { key, url, last: last ?? undefined };
}

/**
 * A question of a list, as if it had been sent by itself: with the headers of the list, and beside it. Of its URL only the
 * resource and the query count, so that who judges by the path of the list has judged of its questions too.
 */
function sourceOf(visit: Visit, url: string, path: string): Source {
  const { request: list, route } = visit;
  if (!URL.canParse(url, list.url)) throw invalidBody("expected the URL of a GET", path);
  const asked = new URL(url, list.url);
  if (!/^https?:$/.test(asked.protocol)) throw invalidBody("expected the URL of a GET", path);
  const segment = segmentsOf(asked).at(-1)!;
  const beside = new URL(list.url);
  beside.pathname = [...segmentsOf(beside).slice(0, -1), segment].join("/");
  beside.search = asked.search;
  const resource = decoded(segment);
  const request = new Request(beside, { headers: withoutBody(list.headers), signal: visit.signal });
  const { params } = list as { params?: Readonly<Record<string, unknown>> };
  if (params !== undefined)
    Object.defineProperty(request, "params", { value: { ...params, [route.mount.idParam]: resource } });
  return new Asking(visit, request, resource, METHOD_OF.read);
}

/** What stands between the slashes of a path, which one more may end. */
const segmentsOf = ({ pathname }: URL): readonly string[] => pathname.replace(/\/$/, "").split("/");

/** Thrown where an author answers the question who asks by a `Response` of his own. */
class Responded extends HttpError {
  readonly response: Response;
  constructor(response: Response) {
    super("the session has ended", response.status >= 400 && response.status < 500 ? response.status : 401);
    this.response = response;
  }
}

/** A question that is asked again and again for one who has asked it: each time as if he had just sent it. */
class Asking implements Source {
  readonly #visit: Visit;
  readonly #request: Request;
  readonly #resource: string;
  readonly #method: Method;
  #caller: string | undefined;

  constructor(visit: Visit, request: Request, resource: string, method: Method) {
    this.#visit = visit;
    this.#request = request;
    this.#resource = resource;
    this.#method = method;
  }

  get caller(): string {
    return (this.#caller ??= this.#visit.caller);
  }

  get asker(): Visit {
    return this.#visit;
  }

  async ready(): ReturnType<Source["ready"]> {
    const request = this.#request;
    const resource = this.#resource;
    const visit = this.#visit.again(request, resource);
    const { route } = visit;
    const { engine } = route;
    const search = searchOf(request.url);
    const given = engine.declared(resource) && takeGiven(this.#method, search);
    const query = parse(this.#method, resource, given?.rest ?? search);
    const context = createContext(request, request.method, resource, visit.known);
    const live = engine.live!;
    setHears(context, live.hears);
    const principal = await authenticate(request, context, route.session, visit);
    if (isResponse(principal)) throw new Responded(principal);
    if (given !== undefined) await admitGiven(visit, query, principal, given);
    if (route.caller !== undefined) await visit.nameFrom(context);
    this.#caller = visit.caller;
    return live.ask<Response | JSONText>(new Question(visit, query, principal));
  }

  tell(error: HttpError): string {
    return refusalText(error, { request: this.#request, route: this.#visit.route });
  }
}
