import { Both, HttpError, internalError, QueryError } from "../error.ts";
import { isBodiless } from "../request/request.ts";
import { allowHeader } from "./allow.ts";
import { JSON_TYPE, send } from "./send.ts";
import type { Visit } from "./visit.ts";

/** The body of every refusal. */
interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly path?: string;
  readonly hint?: string;
  readonly issues?: readonly { readonly message: string; readonly path?: string }[];
}

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
  const headers: Record<string, string> = { ...base, "content-type": JSON_TYPE };
  if (error instanceof QueryError) {
    Object.assign(headers, error.headers);
    if (error.allow !== undefined) headers["allow"] = allowHeader(error.allow, route);
  }
  return send(JSON.stringify(bodyOf(error)), headers, {
    bodiless: isBodiless(request.method),
    status: error.status,
  });
}

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
