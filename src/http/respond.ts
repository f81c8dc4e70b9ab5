import { HttpError, internalError, QueryError } from "../error.ts";
import { etagOf } from "./etag.ts";
import type { JSONText } from "./shape.ts";

/** Headers by their names in small letters. */
export type HeaderMap = Readonly<Record<string, string>>;

/** The body of every refusal. */
interface ErrorBody {
  readonly error: string;
  readonly code: string;
  readonly path?: string;
  readonly hint?: string;
  readonly issues?: readonly { readonly message: string; readonly path?: string }[];
}

const JSON_TYPE = "application/json;charset=utf-8";

/** Answers a read: with an ETag of its body alone, without the body where it has not changed or for HEAD. */
export function respondRead(
  request: Request,
  answer: Response | JSONText,
  base: HeaderMap,
): Response | Promise<Response> {
  if (answer instanceof Response) return respondAuthor(request, answer, base);
  const headers: Record<string, string> = { ...base, "content-type": JSON_TYPE };
  return respondText(request, answer.json, 200, headers);
}

/** An author's `Response` of JSON carries an ETag like any other; one with its own, or a stream, is left alone. */
async function respondAuthor(request: Request, answer: Response, base: HeaderMap): Promise<Response> {
  const type = answer.headers.get("content-type") ?? "";
  if (answer.status !== 200 || answer.headers.has("etag") || !type.startsWith("application/json")) {
    return withHeaders(answer, base, request.method === "HEAD");
  }
  return respondText(request, await answer.text(), 200, Object.fromEntries(merged(answer.headers, base)));
}

function respondText(
  request: Request,
  text: string,
  status: number,
  headers: Record<string, string>,
): Response {
  const etag = etagOf(text);
  headers["etag"] = etag;
  if (matches(request.headers.get("if-none-match"), etag)) {
    delete headers["content-type"];
    delete headers["content-length"];
    return new Response(null, { status: 304, headers });
  }
  if (request.method !== "HEAD") return new Response(text, { status, headers });
  headers["content-length"] = String(byteLength(text));
  return new Response(null, { status, headers });
}

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;

/** Answers a write. */
export function respondWrite(answer: Response | JSONText, base: HeaderMap): Response {
  if (answer instanceof Response) return withHeaders(answer, base, false);
  return new Response(answer.json, { headers: { ...base, "content-type": JSON_TYPE } });
}

/** Adds the route's headers to an author's `Response`; what the author set himself stays. */
export function withHeaders(response: Response, base: HeaderMap, bodiless: boolean): Response {
  return new Response(bodiless ? null : response.body, {
    status: response.status,
    statusText: response.statusText,
    headers: merged(response.headers, base),
  });
}

/** An author's headers and the route's where he has none; an answer that differs by origin says so whatever he wrote. */
function merged(own: Headers, base: HeaderMap): Headers {
  const headers = new Headers(own);
  for (const [name, value] of Object.entries(base)) {
    if (!headers.has(name)) headers.set(name, value);
    else if (name === "vary" && /\borigin\b/i.test(value) && !/\borigin\b|\*/i.test(headers.get("vary")!)) {
      headers.append("vary", "Origin");
    }
  }
  return headers;
}

function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return (
    header.trim() === "*" ||
    header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag)
  );
}

/**
 * Turns whatever was thrown into an answer. `unexpected` hears of what is a fault of the server; its text stays here.
 */
export function refuse(
  thrown: unknown,
  method: string,
  base: HeaderMap,
  unexpected: (error: unknown) => void,
): Response {
  const error = thrown instanceof HttpError ? thrown : internalError(thrown);
  if (error instanceof QueryError && error.code === "internal-error") unexpected(error.cause ?? error);
  const headers: Record<string, string> = { ...base, "content-type": JSON_TYPE };
  if (error instanceof QueryError) Object.assign(headers, error.headers);
  const text = JSON.stringify(bodyOf(error));
  if (method === "HEAD") headers["content-length"] = String(byteLength(text));
  return new Response(method === "HEAD" ? null : text, { status: error.status, headers });
}

function bodyOf(error: HttpError): ErrorBody {
  if (!(error instanceof QueryError)) return { error: error.message, code: "refused" };
  const { message, code, path, hint, issues } = error;
  return {
    error: message,
    code,
    ...(path !== undefined && { path }),
    ...(hint !== undefined && { hint }),
    ...(issues !== undefined && { issues }),
  };
}
