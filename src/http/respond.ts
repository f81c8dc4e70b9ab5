import type { Later } from "../clock.ts";
import { isBodiless } from "../request/request.ts";
import { isResponse } from "../response.ts";
import { etagOf } from "./etag.ts";
import { withHeaders } from "./forward.ts";
import { type HeaderMap, merged } from "./headers.ts";
import { JSON_TYPE, send } from "./send.ts";
import type { JSONText } from "./shape.ts";

/** Answers a read: with an ETag of its body alone, without the body where it has not changed or for HEAD. */
export function respondRead(request: Request, answer: Response | JSONText, base: HeaderMap): Later<Response> {
  if (isResponse(answer)) return respondAuthor(request, answer, base);
  return respondText(request, answer.json, base, JSON_TYPE);
}

/** Answers a text: with an ETag of it, without it where it has not changed or for HEAD. */
export function respondText(request: Request, text: string, base: HeaderMap, type: string): Response {
  const etag = etagOf(text);
  if (matches(request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers: { ...base, etag } });
  }
  const headers = { ...base, "content-type": type, etag };
  return send(text, headers, { bodiless: isBodiless(request.method) });
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

/** Answers a write. */
export function respondWrite(answer: Response | JSONText, base: HeaderMap): Later<Response> {
  if (isResponse(answer)) return withHeaders(answer, base, false);
  return send(answer.json, { ...base, "content-type": JSON_TYPE }, { bodiless: false });
}

function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  return (
    header.trim() === "*" ||
    header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag)
  );
}
