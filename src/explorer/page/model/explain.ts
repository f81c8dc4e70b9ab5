import type { Explanation } from "../../../engine/explain.ts";
import { type Answer, type CallOptions, own } from "./call.ts";
import { type Asked, pathOf, type Place, takesBody } from "./request.ts";

/** What `$explain` answers: why a request is answered as it is. */
export type { Explanation };

/** Asks why a question is answered as it is; nothing of it is run. `values` shows those of its statements. */
export function explain(
  question: Asked,
  place: Place,
  { values = false, ...options }: CallOptions & { readonly values?: boolean } = {},
): Promise<Answer> {
  const { method, body } = question;
  const parameters = new URLSearchParams({ request: `${method} ${pathOf(question, place)}` });
  if (values) parameters.set("values", "");
  if (takesBody(method) && body !== undefined) parameters.set("body", JSON.stringify(body));
  return own(`$explain?${parameters}`, place, options);
}

/** An answer of `$explain`, where it is one. */
export const explanationIn = ({ status, body }: Answer): Explanation | undefined =>
  // The route's own answer of its own page.
  status === 200 ? (body as Explanation) : undefined;
