import type { Explanation } from "../engine/engine.ts";
import { at, HttpError, invalidValue, QueryError, unknownParameter } from "../error.ts";
import { type Mark, Stopwatch } from "../observe.ts";
import {
  type Method,
  type MethodTraits,
  type Principal,
  type QueryRequest,
  traitsOf,
} from "../request/request.ts";
import { isResponse } from "../response.ts";
import { decoded, searchOf } from "./address.ts";
import { environment, insistOn, readerOf } from "./own-read.ts";
import { admitGiven, takeGiven } from "./params.ts";
import { parse } from "./parse.ts";
import { readQueryString } from "./query-string.ts";
import { respondRead } from "./respond.ts";
import { Question, type Visit } from "./visit.ts";

/** The names under which a route explains requests, and tells who may do what. */
export const EXPLAIN = "$explain";
export const MATRIX = "$matrix";

/** Says whether who asks may look behind the rules: only a plain true does. */
export type Inspect = (context: never, request: Request) => unknown;

/** Answers who may look behind the rules, and nobody in production. */
export async function respondInspection(
  visit: Visit,
  traits: MethodTraits | undefined,
  inspect: Inspect,
): Promise<Response> {
  const { request, resource } = visit;
  const reader = await readerOf(visit, traits, { bare: false });
  if (isResponse(reader)) return reader;
  // What runs for the public says nothing of how it is made, whatever its author's function answers.
  const closed = environment() === "production";
  insistOn(!closed && (await visit.ask(() => inspect(reader.context as never, request))), visit);
  const answer = resource === MATRIX ? await matrix(visit) : await explanation(visit, reader.principal);
  const headers = { ...visit.base, "cache-control": "private, no-store" };
  return respondRead(request, { json: JSON.stringify(answer) }, headers);
}

function matrix(visit: Visit): Promise<object> {
  readQueryString(searchOf(visit.request.url), new Set(), (name) => unknownParameter(name, []));
  return visit.route.engine.matrix();
}

const PARAMETERS: ReadonlySet<string> = new Set(["request", "values", "body"]);

/** What is explained: a request of the same caller, of whom nothing else can be said here. */
async function explanation(visit: Visit, principal: Principal): Promise<object> {
  const parameters = readQueryString(searchOf(visit.request.url), PARAMETERS, (name) =>
    unknownParameter(name, PARAMETERS),
  );
  const text = parameters.get("request");
  if (text === undefined)
    throw invalidValue("`request` says what is to be explained", "request", `write ${EXPLAIN}?request=…`);
  const watch = new Stopwatch();
  const wishes = { values: parameters.has("values"), body: bodyIn(parameters.get("body")) };
  const told = await explained(visit, principal, text, wishes, watch);
  return { ...told, milliseconds: watch.rooms };
}

/** What a write is thought to be sent with. */
function bodyIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw invalidValue("`body` takes JSON", "body");
  }
}

async function explained(
  visit: Visit,
  principal: Principal,
  text: string,
  wishes: { readonly values: boolean; readonly body?: unknown },
  watch: Stopwatch,
): Promise<Explanation> {
  const { method, resource, search } = readRequest(text);
  try {
    const { engine } = visit.route;
    const given = engine.declared(resource) && takeGiven(method, search);
    const query = parse(method, resource, given?.rest ?? search);
    watch.mark("parse");
    if (given !== undefined && engine.has(resource)) await admitGiven(visit, query, principal, given);
    return await engine.explain(new Examined(visit, query, principal, watch.mark), wishes);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    const { status, message, path } = error;
    const { code, hint } = error instanceof QueryError ? error : { code: "refused", hint: undefined };
    const { roles } = principal;
    const refused = { status, code, error: message, ...(path && { path }), ...(hint && { hint }) };
    return { method, resource, scope: "none", roles, rules: [], refused };
  }
}

/** A question that is explained, and timed by itself. */
class Examined extends Question {
  readonly #mark: Mark;

  constructor(visit: Visit, request: QueryRequest, principal: Principal, mark: Mark) {
    super(visit, request, principal);
    this.#mark = mark;
  }

  override get mark(): Mark {
    return this.#mark;
  }
}

/** A request as it is written in one line: `GET /query/posts?select=(limit:2)`; the method may be left out. */
function readRequest(text: string): {
  readonly method: Method;
  readonly resource: string;
  readonly search: string;
} {
  const line = text.trim();
  const space = line.indexOf(" ");
  const written = space < 0 ? "GET" : line.slice(0, space).toUpperCase();
  const traits = traitsOf(written);
  if (traits === undefined || traits.action === "inspect" || traits.standsFor !== undefined)
    throw invalidValue(
      "a request begins with a method, or with its path",
      at("", "request"),
      "write GET /query/posts",
    );
  const url = line.slice(space + 1).trim();
  const question = url.indexOf("?");
  const path = (question < 0 ? url : url.slice(0, question)).replace(/\/$/, "");
  const resource = decoded(path.slice(path.lastIndexOf("/") + 1));
  return { method: traits.name, resource, search: question < 0 ? "" : searchOf(url) };
}
