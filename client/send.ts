import { refused, unanswered, unreadable } from "./error.ts";
import type { ClientOptions, Method, RequestOptions } from "./options.ts";
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
export type Call<Place, Question> = (
  place: Place,
  question?: Question,
  init?: RequestOptions,
) => Promise<unknown>;

/** A method of a client that takes a body. */
export type BodyCall<Place, Question> = (
  place: Place,
  body: unknown,
  question?: Question,
  init?: RequestOptions,
) => Promise<unknown>;

/** Gives what sends a client's requests: to URLs after its base, with its options. */
export function sender(
  baseUrl: string | URL | undefined,
  { fetch: custom, ...shared }: Omit<ClientOptions, "path">,
): Send {
  const base = baseUrl === undefined ? undefined : String(baseUrl);
  return async (method, url, params, init, body) => {
    const target = locate(url, base, params);
    return answer(custom ?? fetch, target, {
      ...shared,
      ...init,
      method,
      headers: headersOf(shared.headers, init?.headers, body),
      body: body === undefined ? null : JSON.stringify(wire(body, "")),
    });
  };
}

/** The headers of a request: the client's, then the call's own, then what a JSON body needs. */
function headersOf(shared: HeadersInit | undefined, own: HeadersInit | undefined, body: unknown): Headers {
  const headers = new Headers({ accept: "application/json" });
  for (const source of [shared, own]) new Headers(source).forEach((value, name) => headers.set(name, value));
  if (body !== undefined) headers.set("content-type", "application/json");
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
