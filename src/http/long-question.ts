import { invalidValue } from "../error.ts";
import type { Method, MethodTraits } from "../request/request.ts";
import { searchOf } from "./address.ts";
import { readForm } from "./body.ts";
import type { Visit } from "./visit.ts";

/** The header by which a POST asks a question that is too long for a URL. */
export const OVERRIDE = "x-http-method-override";

/** The method it stands for then; it needs the header, so that no plain form of another page can be one. */
const ASKED: Method = "GET";

/**
 * The method whose question a request asks in its body; `undefined` where it is what it says.
 *
 * @throws QueryError `invalid-value` for a write that names any other: it would do what its sender does not expect.
 */
export function standsFor(
  { headers }: Request,
  { writes, action, standsFor }: MethodTraits,
): Method | undefined {
  const named = writes ? headers.get(OVERRIDE) : null;
  if (named === null) return standsFor;
  if (named.trim() === ASKED && action === "insert") return ASKED;
  throw invalidValue(
    "no method stands for another but a POST for a GET",
    "X-HTTP-Method-Override",
    "send the method itself",
  );
}

/** What tells of a body, which a question in a URL has not. */
const OF_BODIES = ["content-type", "content-length", "content-encoding", "transfer-encoding", OVERRIDE];

/** The headers of a request, for one that has no body. */
export function withoutBody(own: Headers): Headers {
  const headers = new Headers(own);
  for (const name of OF_BODIES) headers.delete(name);
  return headers;
}

/** The request that asks in its URL what this one asks in its body. */
export async function inURL(visit: Visit, method: Method): Promise<Request> {
  const { request, route } = visit;
  const { engine, maxQuestionSize, bodies } = route;
  const form = await engine.receive(visit, () => readForm(request, maxQuestionSize, bodies));
  const headers = withoutBody(request.headers);
  const asked = new Request(withForm(request.url, form), { method, headers, signal: visit.signal });
  const { params } = request as { params?: unknown };
  return params === undefined ? asked : Object.defineProperty(asked, "params", { value: params });
}

/** A URL with the parameters of a form behind its own, whatever they hold that would end a URL or be left out of one. */
function withForm(url: string, form: string): string {
  if (form === "") return url;
  const [base] = url.split("#", 1) as [string];
  const sign = searchOf(base) === "" ? "?" : "&";
  return base + sign + form.replace(/[#\t\r\n]/g, encodeURIComponent);
}
