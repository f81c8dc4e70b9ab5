import { HttpError, internalError, QueryError } from "../error.ts";
import { etagOf } from "./etag.ts";
import type { JSONText } from "./shape.ts";

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
export async function respondRead(
  request: Request,
  answer: Response | JSONText,
  base: Headers,
): Promise<Response> {
  const { json, init } =
    answer instanceof Response ? await readJSON(answer) : { json: answer.json, init: undefined };
  if (json === undefined) return withHeaders(init, base, request.method === "HEAD");
  const headers = new Headers(init?.headers);
  addMissing(headers, base);
  if (!headers.has("content-type")) headers.set("content-type", JSON_TYPE);
  const etag = etagOf(json);
  headers.set("etag", etag);
  if (matches(request.headers.get("if-none-match"), etag)) {
    headers.delete("content-type");
    headers.delete("content-length");
    return new Response(null, { status: 304, headers });
  }
  if (request.method !== "HEAD") return new Response(json, { status: init?.status ?? 200, headers });
  headers.set("content-length", String(new TextEncoder().encode(json).byteLength));
  return new Response(null, { status: init?.status ?? 200, headers });
}

/** The text of a `Response` an author made of JSON, so that it carries an ETag; one with its own, or a stream, is left alone. */
async function readJSON(
  init: Response,
): Promise<{ json: string; init: Response } | { json: undefined; init: Response }> {
  const type = init.headers.get("content-type") ?? "";
  if (init.status !== 200 || init.headers.has("etag") || !type.startsWith("application/json"))
    return { json: undefined, init };
  return { json: await init.text(), init };
}

/** Answers a write. */
export function respondWrite(answer: Response | JSONText, base: Headers): Response {
  if (answer instanceof Response) return withHeaders(answer, base, false);
  const headers = new Headers(base);
  headers.set("content-type", JSON_TYPE);
  return new Response(answer.json, { headers });
}

/** Adds the route's headers to an author's `Response`; what the author set himself stays. */
export function withHeaders(response: Response, base: Headers, bodiless: boolean): Response {
  const headers = new Headers(response.headers);
  addMissing(headers, base);
  return new Response(bodiless ? null : response.body, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

function addMissing(headers: Headers, base: Headers): void {
  for (const [name, value] of base) if (!headers.has(name)) headers.set(name, value);
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
  base: Headers,
  unexpected: (error: unknown) => void,
): Response {
  const error = thrown instanceof HttpError ? thrown : internalError(thrown);
  if (error instanceof QueryError && error.code === "internal-error") unexpected(error.cause ?? error);
  const headers = new Headers(base);
  headers.set("content-type", JSON_TYPE);
  if (error instanceof QueryError)
    for (const [name, value] of Object.entries(error.headers ?? {})) headers.set(name, value);
  const text = JSON.stringify(bodyOf(error));
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
