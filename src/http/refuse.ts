import { Both, HttpError, internalError, QueryError } from "../error.ts";
import { isBodiless } from "../request/request.ts";
import { allowHeader } from "./allow.ts";
import type { HeaderMap } from "./headers.ts";
import { type ErrorBody, PROBLEM_TYPE, prefersProblems, problemOf } from "./problem.ts";
import { JSON_TYPE, send } from "./send.ts";
import type { Visit } from "./visit.ts";

/**
 * Turns whatever was thrown into an answer. `unexpected` hears of what is a fault of the server; its text stays here.
 */
export function refuse(
  thrown: unknown,
  visit: Pick<Visit, "request" | "base" | "route">,
  unexpected: (error: unknown) => void,
): Response {
  if (thrown instanceof Both) {
    unexpected(thrown.first);
    return refuse(thrown.last, visit, unexpected);
  }
  const error = thrown instanceof HttpError ? thrown : internalError(thrown);
  if (error instanceof QueryError && (error.status >= 500 || error.told)) {
    const known = error.code !== "internal-error" && error.cause === undefined;
    if (!known) unexpected(error.cause ?? error);
  }
  const { request, base, route } = visit;
  const problem = route.problems || prefersProblems(request.headers.get("accept"));
  const headers: Record<string, string> = {
    ...base,
    vary: varyingByAccept(base),
    "content-type": problem ? PROBLEM_TYPE : JSON_TYPE,
  };
  if (error instanceof QueryError) {
    Object.assign(headers, error.headers);
    if (error.allow !== undefined) headers["allow"] = allowHeader(error.allow, route);
  }
  const body = bodyOf(error);
  return send(JSON.stringify(problem ? problemOf(body, error.status) : body), headers, {
    bodiless: isBodiless(request.method),
    status: error.status,
  });
}

/** The code that a client reads of whatever was thrown. */
export function codeOf(thrown: unknown): string {
  if (thrown instanceof Both) return codeOf(thrown.last);
  return bodyOf(thrown instanceof HttpError ? thrown : internalError(thrown)).code;
}

/** A refusal as the last event of a stream tells it. */
export function refusalText(error: HttpError, { request, route }: Pick<Visit, "request" | "route">): string {
  const body = bodyOf(error);
  const problem = route.problems || prefersProblems(request.headers.get("accept"));
  return JSON.stringify(problem ? problemOf(body, error.status) : body);
}

/** What a refusal is told by depends on what its client takes. */
const varyingByAccept = ({ vary = "" }: HeaderMap): string =>
  /(?:^|[\s,])(?:accept|\*)(?:$|[\s,])/i.test(vary) ? vary : `${vary}, Accept`.replace(/^, /, "");

function bodyOf(error: HttpError): ErrorBody {
  const { message, path } = error;
  const place = path !== undefined && { path };
  if (!(error instanceof QueryError)) return { error: message, code: "refused", ...place };
  const { code, hint, issues } = error;
  return {
    error: message,
    code,
    ...place,
    ...(hint !== undefined && { hint }),
    ...(issues !== undefined && { issues }),
  };
}
