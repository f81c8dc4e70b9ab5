import type { ApplyPatch, Body, PatchFormat } from "../author/author.ts";
import { SharedLimit } from "../clock.ts";
import { internalError, invalidBody, QueryError, tooLarge } from "../error.ts";
import { decodeForm } from "./media/form.ts";
import { decodeJSON } from "./media/json.ts";
import { decodeRJSON } from "./media/rjson.ts";

/** Makes a value of a text, and calls `found` where it holds numbers that no double keeps. */
type Decoder = (text: string, found: () => void) => unknown;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["application/json", decodeJSON],
  ["application/rjson", decodeRJSON],
  ["application/x-www-form-urlencoded", decodeForm],
]);
const FORM = "application/x-www-form-urlencoded";
const MERGE_PATCH = "application/merge-patch+json";
const JSON_PATCH = "application/json-patch+json";

const NO_PATCHES: ReadonlyMap<string, PatchFormat> = new Map();

/** The formats in which a PATCH says what becomes of a row. */
const patchesOf = (jsonPatch: ApplyPatch | undefined): ReadonlyMap<string, PatchFormat> =>
  new Map<string, PatchFormat>([
    [MERGE_PATCH, "merge"],
    ...(jsonPatch === undefined ? [] : [[JSON_PATCH, jsonPatch] as const]),
  ]);

/** What is minded where many bodies are decoded, which holds up everybody. */
export interface Decoding {
  /** Waits for others, where there is a reason to. */
  readonly othersFirst: () => Promise<unknown> | undefined;
  /** Hears of the milliseconds that it took. */
  readonly spent: (milliseconds: number) => void;
  /** Applies JSON Patch, where the route takes it. */
  readonly jsonPatch?: ApplyPatch | undefined;
  /** Hears of the text, where somebody wants to. */
  readonly heard?: ((text: string) => void) | undefined;
}

/**
 * Reads a body, counting its bytes while they come.
 *
 * @throws QueryError `unsupported-media-type`, `too-large` or `invalid-body`.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  limit: SharedLimit,
  { othersFirst, spent, jsonPatch, heard }: Decoding,
): Promise<Body> {
  const type = mediaType(request);
  const patches = request.method === "PATCH" ? patchesOf(jsonPatch) : NO_PATCHES;
  const patch = patches.get(type);
  const decode = patch === undefined ? DECODERS.get(type) : decodeJSON;
  if (decode === undefined) throw otherType(type, [...DECODERS.keys(), ...patches.keys()]);
  refuseCompressed(request.headers.get("content-encoding") ?? "");
  const text = await readText(request, maxBytes, limit);
  if (text.trim() === "") throw invalidBody("the body is empty");
  heard?.(text);
  await othersFirst();
  let digits = false;
  const began = performance.now();
  try {
    const value = decode(text, () => (digits = true));
    return { value, form: type === FORM, digits, patch, spent: performance.now() - began };
  } finally {
    spent(performance.now() - began);
  }
}

/**
 * Reads a form as it was sent, its bytes counted while they come; where there is no body, there is no form either.
 *
 * @throws QueryError `unsupported-media-type`, `too-large` or `invalid-body`.
 */
export async function readForm(request: Request, maxBytes: number, limit: SharedLimit): Promise<string> {
  const type = mediaType(request);
  if (type === "" && request.body === null) return "";
  if (type !== FORM) throw otherType(type, [FORM]);
  refuseCompressed(request.headers.get("content-encoding") ?? "");
  return readText(request, maxBytes, limit);
}

/** The content type of a body, without parameters. */
export function mediaType({ headers }: Request): string {
  const sent = headers.get("content-type") ?? "";
  return DECODERS.has(sent) ? sent : sent.split(";", 1)[0]!.trim().toLowerCase();
}

const otherType = (type: string, taken: Iterable<string>): QueryError =>
  new QueryError(
    "unsupported-media-type",
    type === "" ? "the body has no content type" : "a body of this content type is not taken",
    { hint: `send ${[...taken].join(", ")}` },
  );

/** Nothing decompresses a body here, and decompressed it could be of any size. */
function refuseCompressed(encoding: string): void {
  if (encoding.trim() === "" || encoding.trim().toLowerCase() === "identity") return;
  throw new QueryError("unsupported-media-type", "a compressed body is not taken", {
    hint: "send it without `Content-Encoding`",
    headers: { "Accept-Encoding": "identity" },
  });
}

/** A body announced to be this small is read in one go, which costs a fraction of reading it by chunks. */
const SMALL = 65_536;

async function readText(request: Request, maxBytes: number, limit: SharedLimit): Promise<string> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  // An announced size saves reading, but only counted bytes are trusted.
  if (announced > maxBytes) throw tooLarge(maxBytes);
  let read: Read;
  try {
    read =
      announced <= SMALL
        ? await readWhole(request, maxBytes, limit)
        : await readChunks(request, maxBytes, limit);
  } catch (error) {
    throw error instanceof QueryError ? error : invalidBody("the body ended before it was complete");
  }
  // A server hands over the bytes that were announced, or fails; none are left where somebody took them.
  if (announced > 0 && read.bytes === 0) throw readBefore();
  return read.text;
}

/** A body that was read. */
interface Read {
  readonly bytes: number;
  readonly text: string;
}

async function readWhole(request: Request, maxBytes: number, limit: SharedLimit): Promise<Read> {
  const bytes = await limit.within(whole(request));
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  return { bytes: bytes.byteLength, text: decoded(WHOLE, bytes) };
}

/** Reads a body by chunks, and stops the reading of what is late. */
async function readChunks(request: Request, maxBytes: number, limit: SharedLimit): Promise<Read> {
  const utf8 = new UTF8();
  // What is left of a body that was begun elsewhere would read as a whole one.
  if (request.bodyUsed || request.body?.locked === true) throw readBefore();
  const reader = request.body?.getReader();
  if (reader === undefined) return { bytes: 0, text: "" };
  await limit.within(drain(reader, maxBytes, utf8), () => void reader.cancel().catch(() => undefined));
  return { bytes: utf8.bytes, text: utf8.end() };
}

async function drain(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  utf8: UTF8,
): Promise<void> {
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    utf8.add(value);
    if (utf8.bytes > maxBytes) throw tooLarge(maxBytes);
  }
}

/** All bytes of a body. The platform has no other reason for a TypeError than that they cannot be had any more. */
async function whole(request: Request): Promise<ArrayBuffer> {
  try {
    return await request.arrayBuffer();
  } catch (error) {
    throw error instanceof TypeError ? readBefore() : error;
  }
}

/** Bytes as text, as they come. */
class UTF8 {
  bytes = 0;
  #text = "";
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  add(chunk: Uint8Array): void {
    this.bytes += chunk.byteLength;
    this.#text += decoded(this.#decoder, chunk, true);
  }

  end(): string {
    return this.#text + decoded(this.#decoder);
  }
}

/** For bytes that are there at once, of which it keeps none. */
const WHOLE = new TextDecoder("utf-8", { fatal: true });

function decoded(decoder: TextDecoder, bytes?: Uint8Array | ArrayBuffer, stream = false): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw invalidBody("the body is not UTF-8");
  }
}

/** How long the bodies of a route may take. */
export const bodiesWithin = (milliseconds: number): SharedLimit =>
  new SharedLimit(milliseconds, () => invalidBody("the body did not arrive in time"));

/** Not the client's doing: somebody before the route, or its author, took the body. */
const readBefore = (): QueryError =>
  internalError(
    new Error(
      "the body of a request was read before the route could read it: mount the route before what parses bodies, " +
        "such as `express.json()`, and read a body in `session.parser` from `request.clone()`",
    ),
  );
