import { refused, unanswered, unreadable } from "./error.ts";
import type { ClientOptions, Method, RequestOptions, WriteInit } from "./options.ts";
import { locate } from "./url.ts";
import { wire } from "./wire.ts";

/** Sends a request and gives what was answered; every failure is a rejection. */
export type Send = (
  method: Method,
  url: string | URL,
  params: URLSearchParams,
  init?: RequestOptions,
  body?: unknown,
) => Promise<unknown>;

/** A method of a client that takes no body, whatever it asks, and of what. */
export type Call<Place, Question> = (place: Place, question?: Question, init?: WriteInit) => Promise<unknown>;

/** A method of a client that walks a list from page to page. */
export type PagesCall<Place, Question> = (
  place: Place,
  question?: Question,
  init?: RequestOptions,
) => AsyncGenerator<unknown, void, undefined>;

/** A method of a client that takes a body. */
export type BodyCall<Place, Question> = (
  place: Place,
  body: unknown,
  question?: Question,
  init?: WriteInit,
) => Promise<unknown>;

/** Gives what sends a client's requests: to URLs after its base, with its options. */
export function sender(
  base: string | undefined,
  { fetch: custom, ...shared }: Omit<ClientOptions, "path" | "live">,
): Send {
  return async (method, url, params, init, body) => {
    const target = locate(url, base, params);
    const headers = headersOf(await given(shared.headers), init?.headers, body);
    const request = { ...shared, ...init, method, headers };
    if (method === "GET" && target.length > LONGEST_URL)
      return ask(custom ?? fetch, new URL(target), request);
    return answer(custom ?? fetch, target, {
      ...request,
      body: body === undefined ? null : JSON.stringify(wire(body, "")),
    });
  };
}

/** Some servers, and what stands before them, refuse URLs of 8 KiB; the origin and headers want room too. */
const LONGEST_URL = 6144;

/** Sends a question that is too long for a URL in a body: as a POST that says it stands for a GET. */
async function ask(
  send: NonNullable<ClientOptions["fetch"]>,
  url: URL,
  request: RequestInit & { readonly headers: Headers },
): Promise<unknown> {
  const body = url.search.slice(1);
  url.search = "";
  request.headers.set("content-type", "application/x-www-form-urlencoded");
  request.headers.set("x-http-method-override", "GET");
  return answer(send, url.href, { ...request, method: "POST", body });
}

/** The headers of a client, as they are now. */
export const given = (headers: ClientOptions["headers"]): HeadersInit | undefined | Promise<HeadersInit> =>
  typeof headers === "function" ? headers() : headers;

/** The headers of a request: the client's, then the call's own, then what a JSON body needs. */
export function headersOf(
  shared: HeadersInit | undefined,
  own: HeadersInit | undefined,
  body: unknown,
): Headers {
  const headers = new Headers({ accept: "application/json" });
  for (const source of [shared, own]) new Headers(source).forEach((value, name) => headers.set(name, value));
  // A change may be sent in another form of JSON: as a merge patch.
  if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  return headers;
}

async function answer(
  send: NonNullable<ClientOptions["fetch"]>,
  url: string,
  request: RequestInit,
): Promise<unknown> {
  let response: Response, text: string;
  try {
    response = await send(url, request);
    text = await response.text();
  } catch (cause) {
    throw unanswered(cause, request.signal);
  }
  const body = parse(text, response);
  if (!response.ok) throw refused(response, body);
  return body;
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw unreadable(response, cause);
  }
}
