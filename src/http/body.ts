import { invalidBody, QueryError } from "../error.ts";
import { decodeForm } from "./media/form.ts";
import { decodeJSON } from "./media/json.ts";
import { decodeRJSON } from "./media/rjson.ts";

const DECODERS: ReadonlyMap<string, (text: string) => unknown> = new Map([
  ["application/json", decodeJSON],
  ["application/rjson", decodeRJSON],
  ["application/x-www-form-urlencoded", decodeForm],
]);
const FORM = "application/x-www-form-urlencoded";

/**
 * Reads a body, counting its bytes while they come.
 *
 * @throws QueryError `unsupported-media-type`, `too-large` or `invalid-body`.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  milliseconds: number,
): Promise<{ value: unknown; form: boolean }> {
  const type = (request.headers.get("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
  const decode = DECODERS.get(type);
  if (decode === undefined) {
    throw new QueryError(
      "unsupported-media-type",
      type === "" ? "the body has no content type" : "a body of this content type is not taken",
      {
        hint: `send ${[...DECODERS.keys()].join(", ")}`,
      },
    );
  }
  refuseCompressed(request.headers.get("content-encoding") ?? "");
  const text = await readText(request, maxBytes, milliseconds);
  if (text.trim() === "") throw invalidBody("the body is empty");
  return { value: decode(text), form: type === FORM };
}

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

async function readText(request: Request, maxBytes: number, milliseconds: number): Promise<string> {
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  // An announced size saves reading, but only counted bytes are trusted.
  if (announced > maxBytes) throw tooLarge(maxBytes);
  let late = false;
  let cancel: (() => void) | undefined;
  const timer = setTimeout(() => {
    late = true;
    cancel?.();
  }, milliseconds);
  try {
    if (announced <= SMALL) {
      const lateness = new Promise<never>((_, reject) => {
        cancel = () => reject(lateBody());
      });
      const bytes = await Promise.race([request.arrayBuffer(), lateness]);
      if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    }
    const reader = request.body?.getReader();
    if (reader === undefined) return "";
    cancel = () => void reader.cancel().catch(() => undefined);
    return await readChunks(reader, maxBytes, () => late);
  } catch (error) {
    if (error instanceof QueryError) throw error;
    throw error instanceof TypeError
      ? invalidBody("the body is not UTF-8")
      : invalidBody("the body ended before it was complete");
  } finally {
    clearTimeout(timer);
  }
}

async function readChunks(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  isLate: () => boolean,
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (isLate()) throw lateBody();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    text += decoder.decode(value, { stream: true });
  }
}

const lateBody = (): QueryError => invalidBody("the body did not arrive in time");

const tooLarge = (maxBytes: number): QueryError =>
  new QueryError("too-large", `the body exceeds ${maxBytes} bytes`);
