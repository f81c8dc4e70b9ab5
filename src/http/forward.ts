import { within } from "../clock.ts";
import { type HeaderMap, merged } from "./headers.ts";

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
    const chunk = await within<Chunk | undefined>(MAX_PAUSE, reader.read(), () => LATE).catch(unlessLate);
    if (chunk === undefined) break;
    if (chunk.done) return length;
    length += chunk.value.byteLength;
  }
  reader.cancel().catch(() => undefined);
  return undefined;
}

type Chunk = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>;

/** What a chunk that does not come is given up with. */
const LATE = new Error("late");

function unlessLate(error: unknown): undefined {
  if (error !== LATE) throw error;
}

const isEndless = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") === true;
