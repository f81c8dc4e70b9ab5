import { METHOD_OF } from "../../../request/method.ts";
import { parseJSON } from "./digits.ts";
import { PREFER, ROLLBACK } from "./prefer.ts";
import { IF_MATCH, tagsOf } from "./versions.ts";
import { type Asked, isWrite, pathOf, type Place, takesBody } from "./request.ts";

/** Headers that a person has typed; they are kept in memory and are part of no form. */
export type HeaderLines = Readonly<Record<string, string>>;

/** An answer of the route, whatever it is. */
export interface Answer {
  readonly status: number;
  readonly headers: HeaderLines;
  /** What its JSON says; its text where it is none. */
  readonly body: unknown;
  /** The body as it came. */
  readonly text: string;
  readonly milliseconds: number;
}

/** What a call may be told. */
export interface CallOptions {
  readonly headers?: HeaderLines | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** Headers by which a call were another one than the page shows. */
const OWN: ReadonlySet<string> = new Set(["content-type", "x-http-method-override", "x-method-override"]);

/** What servers take of a URL at least. */
const LONGEST_URL = 6144;

/**
 * Sends a question to the route that answered the page, with the reader's own session.
 *
 * One that is too long for a URL goes into a body, which says so.
 *
 * @throws TypeError for an address elsewhere; whatever `fetch` throws where no answer comes.
 */
export function send(question: Asked, place: Place, options: CallOptions = {}): Promise<Answer> {
  const { method, body, ifVersion, dryRun } = question;
  const sends = takesBody(method) && body !== undefined;
  const init: RequestInit = {
    method,
    headers: {
      ...permitted(options.headers),
      ...(sends && { "content-type": "application/json" }),
      ...(ifVersion !== undefined && { [IF_MATCH]: tagsOf(ifVersion) }),
      ...(dryRun === true && { [PREFER]: ROLLBACK }),
    },
    ...(sends && { body: JSON.stringify(body) }),
  };
  const path = pathOf(question, place);
  return path.length > LONGEST_URL && !isWrite(method)
    ? ask(...inBody(path, place, init), options)
    : ask(path, place, init, options);
}

/** A read that is sent as a POST, and says that it stands for a GET. */
function inBody(path: string, place: Place, init: RequestInit): readonly [string, Place, RequestInit] {
  const question = path.indexOf("?");
  const headers = {
    ...(init.headers as HeaderLines), // which are lines, as `send` makes them
    "content-type": "application/x-www-form-urlencoded",
    "x-http-method-override": METHOD_OF.read,
  };
  const sent = { ...init, headers, method: METHOD_OF.insert, body: path.slice(question + 1) };
  return [path.slice(0, question), place, sent];
}

/** Asks the route for one of its own pages: `$access`, `$matrix`. */
export const own = (name: string, place: Place, options: CallOptions = {}): Promise<Answer> =>
  ask(`${place.base}/${name}`, place, { headers: permitted(options.headers) }, options);

const permitted = (headers: HeaderLines = {}): HeaderLines =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN.has(name.toLowerCase())));

async function ask(
  path: string,
  { origin }: Place,
  init: RequestInit,
  options: CallOptions,
): Promise<Answer> {
  // A path that begins with two slashes would be another host's, were it not behind the origin.
  const url = new URL(origin + path);
  if (url.origin !== origin) throw new TypeError("a question goes to the origin of the page alone");
  const began = performance.now();
  const response = await (options.fetch ?? fetch)(url.href, {
    ...init,
    credentials: "same-origin",
    mode: "same-origin",
    redirect: "error",
    referrerPolicy: "no-referrer",
    cache: "no-store",
    ...(options.signal && { signal: options.signal }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: jsonOf(text, response.headers.get("content-type") ?? ""),
    text,
    milliseconds: performance.now() - began,
  };
}

function jsonOf(text: string, type: string): unknown {
  if (!type.includes("json")) return text;
  try {
    return parseJSON(text);
  } catch {
    return text;
  }
}

/** Lines as people type headers: `name: value`. What is none is named in `wrong`, by its line from 0. */
export function readHeaderLines(text: string): {
  readonly headers: HeaderLines;
  readonly wrong: readonly number[];
} {
  const headers: Record<string, string> = {};
  const wrong: number[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trim();
    if (line.trim() === "") continue;
    if (isHeader(name, line.slice(colon + 1).trim()))
      headers[name.toLowerCase()] = line.slice(colon + 1).trim();
    else wrong.push(index);
  }
  return { headers, wrong };
}

function isHeader(name: string, value: string): boolean {
  try {
    return name !== "" && !OWN.has(name.toLowerCase()) && new Headers([[name, value]]).has(name);
  } catch {
    return false;
  }
}
