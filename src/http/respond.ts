import { Both, HttpError, internalError, QueryError } from "../error.ts";
import { traitsOf } from "../request/request.ts";
import { isResponse } from "../response.ts";
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
  if (isResponse(answer)) return respondAuthor(request, answer, base);
  const { json } = answer;
  const etag = etagOf(json);
  if (matches(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { ...base, etag } });
  }
  const headers = { ...base, "content-type": JSON_TYPE, etag };
  if (!isBodiless(request.method)) return new Response(json, { headers });
  return new Response(null, { headers: { ...headers, "content-length": String(byteLength(json)) } });
}

/** An author's `Response` of JSON carries an ETag like any other; one with its own, or a stream, is left alone. */
async function respondAuthor(request: Request, answer: Response, base: HeaderMap): Promise<Response> {
  const type = answer.headers.get("content-type") ?? "";
  const bodiless = isBodiless(request.method);
  if (answer.status !== 200 || answer.headers.has("etag") || !type.startsWith("application/json")) {
    return withHeaders(answer, base, bodiless);
  }
  const text = await answer.text();
  const headers = merged(answer.headers, base);
  const etag = etagOf(text);
  headers.set("etag", etag);
  if (!matches(request.headers.get("if-none-match"), etag)) {
    return withHeaders(new Response(text, { headers }), {}, bodiless);
  }
  headers.delete("content-type");
  headers.delete("content-length");
  return new Response(null, { status: 304, headers });
}

const isBodiless = (method: string): boolean => traitsOf(method)?.bodiless === true;

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength;

/** Answers a write. */
export function respondWrite(answer: Response | JSONText, base: HeaderMap): Response | Promise<Response> {
  if (isResponse(answer)) return withHeaders(answer, base, false);
  return new Response(answer.json, { headers: { ...base, "content-type": JSON_TYPE } });
}

/** Adds the route's headers to an author's `Response`; what the author set himself stays. */
export async function withHeaders(response: Response, base: HeaderMap, bodiless: boolean): Promise<Response> {
  const { status, statusText } = response;
  // A body whose type is known goes through as it comes; only for HEAD must its length be known.
  if (response.body === null || (!bodiless && response.headers.has("content-type")) || isEndless(response)) {
    return new Response(bodiless ? null : response.body, {
      status,
      statusText,
      headers: merged(response.headers, base),
    });
  }
  const headers = merged(response.headers, base);
  if (bodiless && headers.has("content-type")) {
    const length = await lengthOf(response.body);
    if (length !== undefined) headers.set("content-length", String(length));
    return new Response(null, { status, statusText, headers });
  }
  // The platform knows the type of a text's body, but its headers do not say so yet.
  const body = await response.blob();
  if (!headers.has("content-type") && body.type !== "") headers.set("content-type", body.type);
  if (bodiless) headers.set("content-length", String(body.size));
  return new Response(bodiless ? null : body, { status, statusText, headers });
}

/** How long a pause of a body may be that is read for its length alone, in milliseconds, and how many bytes. */
const MAX_PAUSE = 50;
const MAX_LENGTH = 2 ** 20;

/** The length of a body that is there; of a stream that goes on, nobody knows it. */
async function lengthOf(body: ReadableStream<Uint8Array>): Promise<number | undefined> {
  const reader = body.getReader();
  const end = performance.now() + MAX_PAUSE;
  let length = 0;
  while (length <= MAX_LENGTH && performance.now() < end) {
    const chunk = await Promise.race([reader.read(), pause(MAX_PAUSE)]);
    if (chunk === undefined) break;
    if (chunk.done) return length;
    length += chunk.value.byteLength;
  }
  reader.cancel().catch(() => undefined);
  return undefined;
}

const pause = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));

const isEndless = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") === true;

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
  if (thrown instanceof Both) {
    unexpected(thrown.first);
    return refuse(thrown.last, method, base, unexpected);
  }
  const error = thrown instanceof HttpError ? thrown : internalError(thrown);
  if (error instanceof QueryError && (error.status >= 500 || error.told)) {
    const known = error.code !== "internal-error" && error.cause === undefined;
    if (!known) unexpected(error.cause ?? error);
  }
  const headers: Record<string, string> = { ...base, "content-type": JSON_TYPE };
  if (error instanceof QueryError) Object.assign(headers, error.headers);
  const text = JSON.stringify(bodyOf(error));
  const bodiless = isBodiless(method);
  if (bodiless) headers["content-length"] = String(byteLength(text));
  return new Response(bodiless ? null : text, { status: error.status, headers });
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
