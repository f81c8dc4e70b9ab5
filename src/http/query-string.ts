import { repeatedParameter, unknownParameter } from "../error.ts";

/**
 * Decodes a raw query string as the platform's `URLSearchParams` does: `+` is a space, a `%` that starts no escape stays,
 * bytes that are no UTF-8 become U+FFFD.
 *
 * @throws QueryError `unknown-parameter` for a name that is unknown or written twice.
 */
export function readQueryString(search: string, known: ReadonlySet<string>): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let start = search.charCodeAt(0) === QUESTION_MARK ? 1 : 0;
  while (start < search.length) {
    let end = search.indexOf("&", start);
    if (end < 0) end = search.length;
    if (end > start) add(parameters, search.slice(start, end), known);
    start = end + 1;
  }
  return parameters;
}

const QUESTION_MARK = 63;

function add(parameters: Map<string, string>, pair: string, known: ReadonlySet<string>): void {
  const equals = pair.indexOf("=");
  const name = decode(equals < 0 ? pair : pair.slice(0, equals));
  if (!known.has(name)) throw unknownParameter(name, known);
  if (parameters.has(name)) throw repeatedParameter(name);
  parameters.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  // Behind a name the platform decodes it as a value, whatever `=` it holds.
  return new URLSearchParams(`v=${text}`).get("v")!;
}
