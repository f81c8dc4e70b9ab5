import { Buffer } from "node:buffer";
import type { Context } from "../author/author.ts";
import type { Keyed, Packed } from "../engine/engine.ts";
import { invalidValue } from "../error.ts";
import { isResponse } from "../response.ts";
import { pathOf, searchOf } from "./address.ts";
import { mediaType } from "./body.ts";
import { sha256 } from "./etag.ts";
import { JSON_TYPE } from "./send.ts";
import type { JSONText } from "./shape.ts";
import type { Visit } from "./visit.ts";

/** The header that names a write, so that it is done once. */
const KEY = "Idempotency-Key";
/** Says that an answer was stored, and nothing was done for it. */
export const REPLAYED = "Idempotency-Replayed";

/** One to so many characters that are seen, none of which is another in another script, or in another case. */
const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/**
 * The key of a write. Whether the route `takes` keys is known at start.
 *
 * @throws QueryError `invalid-value` for what is no key, and where none is looked at: who sends one believes in it.
 */
export function readKey({ headers }: Request, takes: boolean): string | undefined {
  const key = headers.get(KEY);
  if (key === null) return undefined;
  if (!takes)
    throw invalidValue("nobody looks at an idempotency key here", KEY, "send the request without it");
  if (VISIBLE.test(key)) return key;
  throw invalidValue("expected 1 to 255 visible characters of ASCII, as of a UUID", KEY);
}

/** Names are columns of an index: of a longer one, or one that a database cannot hold, its hash is stored. */
const LONGEST = 128;

/** A caller's name as it is stored; what is no text, or empty, is nobody's. */
function ownerOf(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return undefined;
  const plain = name.length <= LONGEST && name.isWellFormed() && !name.includes("\0");
  // Each in a way of its own, so that no name is the hash of another. JSON tells apart what UTF-8 does not.
  return plain ? `n:${name}` : `h:${sha256(JSON.stringify(name))}`;
}

/** What two requests have in common beside their method, path, query and body, or they are not the same. */
const TELLING = ["Prefer", "If-Match"];

/** An answer as it is stored. */
interface Stored {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | null;
  /** Whether the body is written in base64, because it is no text. */
  readonly base64?: true;
}

/** What is not answered again: it is of one answer alone, or a secret that does not belong into a table. */
const OWN = new Set(["set-cookie", "content-length", "transfer-encoding", "connection", "date"]);

/** The key of a write, with the name of its caller. */
export async function keyOf(visit: Visit, key: string, context: Context): Promise<WriteKey> {
  const { keysOf } = visit.route;
  return new WriteKey(visit.request, key, await visit.ask(() => keysOf!(context as never)));
}

/** The key of a write as HTTP knows it. */
export class WriteKey implements Keyed<Response | JSONText> {
  readonly key: string;
  readonly caller: string | undefined;
  readonly #request: Request;
  #body = "";

  /** `caller` is what the author calls him whose key it is. */
  constructor(request: Request, key: string, caller: unknown) {
    this.key = key;
    this.caller = ownerOf(caller);
    this.#request = request;
  }

  /** Hears of the body's text. */
  readonly heard = (text: string): void => {
    this.#body = sha256(text);
  };

  request(role: string): string {
    const { method, url, headers } = this.#request;
    const told = TELLING.map((name) => headers.get(name));
    const type = mediaType(this.#request);
    return sha256(JSON.stringify([method, pathOf(url), searchOf(url), type, told, role, this.#body]));
  }

  /** `answer` is an author's `Response`, or JSON: as text, where it is that of several requests. */
  async pack<Sent>(answer: Sent | Response, most: number): Promise<Packed<Sent> | undefined> {
    if (isResponse(answer)) return answer.ok ? packResponse(answer, most) : undefined;
    const json = typeof answer === "string" ? answer : (answer as JSONText).json;
    const stored: Stored = { status: 200, headers: [["content-type", JSON_TYPE]], body: json };
    return { text: JSON.stringify(stored), size: Buffer.byteLength(json), answer };
  }

  unpack(text: string): Response {
    const { status, headers, body, base64 } = JSON.parse(text) as Stored;
    const bytes = body === null ? null : base64 === true ? Buffer.from(body, "base64") : body;
    const answer = new Response(bytes, {
      status,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
    });
    answer.headers.set(REPLAYED, "true");
    return answer;
  }
}

/** An author's `Response` is read whole, or as far as it may be stored, and sent as it was. */
async function packResponse(answer: Response, most: number): Promise<Packed<never>> {
  const { status, statusText } = answer;
  const headers = new Headers(answer.headers);
  if (answer.body !== null && !(await fits(answer.clone().body!, most)))
    return { text: "", size: Number.POSITIVE_INFINITY, answer: new Response(null, { status }) };
  const blob = answer.body === null ? null : await answer.blob();
  // The platform may know the type of a body, and its headers not.
  if (blob !== null && !headers.has("content-type") && blob.type !== "")
    headers.set("content-type", blob.type);
  const bytes = blob === null ? null : new Uint8Array(await blob.arrayBuffer());
  const stored: Stored = {
    status,
    headers: [...headers].filter(([name]) => !OWN.has(name)),
    ...writtenBody(bytes),
  };
  return {
    text: JSON.stringify(stored),
    size: bytes?.byteLength ?? 0,
    answer: new Response(bytes, { status, statusText, headers }),
  };
}

/** Whether a body has no more than so many bytes; one that goes on is left. */
async function fits(body: ReadableStream<Uint8Array>, most: number): Promise<boolean> {
  const reader = body.getReader();
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    bytes += value.byteLength;
    if (bytes <= most) continue;
    reader.cancel().catch(() => undefined);
    return false;
  }
}

function writtenBody(bytes: Uint8Array | null): Pick<Stored, "body" | "base64"> {
  if (bytes === null) return { body: null };
  try {
    return { body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body: Buffer.from(bytes).toString("base64"), base64: true };
  }
}
