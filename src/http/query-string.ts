import { at, QueryError, repeatedParameter } from "../error.ts";

/**
 * Decodes a raw query string as the platform's `URLSearchParams` does: `+` is a space, a `%` that starts no escape stays,
 * bytes that are no UTF-8 become U+FFFD.
 *
 * @throws QueryError `unknown-parameter` for a name that is unknown or written twice.
 */
export function readQueryString(
  search: string,
  known: ReadonlySet<string>,
  unknown: (name: string) => Error,
): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  eachPair(search, (pair) => {
    const name = nameOf(pair);
    if (!known.has(name)) throw unknown(name);
    add(parameters, name, pair);
  });
  return parameters;
}

/**
 * What a raw query string gives beside known parameters, and the string without that.
 *
 * @throws QueryError `unknown-parameter` for a name that is written twice.
 */
export function takeOthers(
  search: string,
  known: ReadonlySet<string>,
): { readonly rest: string; readonly values: ReadonlyMap<string, string> } {
  const values = new Map<string, string>();
  const rest: string[] = [];
  eachPair(search, (pair) => {
    const name = nameOf(pair);
    if (known.has(name)) rest.push(pair);
    else add(values, name, pair);
  });
  return { rest: rest.length > 0 ? `?${rest.join("&")}` : "", values };
}

/** @throws QueryError `unknown-parameter` for any that a query string has. */
export function refuseParameters(search: string, asked: string): void {
  const [first] = takeOthers(search, NONE).values.keys();
  if (first === undefined) return;
  throw new QueryError("unknown-parameter", `\`${asked}\` takes no parameters`, { path: at("", first) });
}

const NONE: ReadonlySet<string> = new Set();

/** Goes through the pairs of a raw query string that are not empty. */
function eachPair(search: string, take: (pair: string) => void): void {
  let start = search.charCodeAt(0) === QUESTION_MARK ? 1 : 0;
  while (start < search.length) {
    let end = search.indexOf("&", start);
    if (end < 0) end = search.length;
    if (end > start) take(search.slice(start, end));
    start = end + 1;
  }
}

const QUESTION_MARK = 63;

function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return decode(equals < 0 ? pair : pair.slice(0, equals));
}

function add(parameters: Map<string, string>, name: string, pair: string): void {
  const equals = pair.indexOf("=");
  if (parameters.has(name)) throw repeatedParameter(name);
  parameters.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
}

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  // Behind a name the platform decodes it as a value, whatever `=` it holds.
  return new URLSearchParams(`v=${text}`).get("v")!;
}
