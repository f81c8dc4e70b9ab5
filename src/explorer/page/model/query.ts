import { isPlain, readNotation } from "./notation.ts";
import { Misread, type Plain, plainOf, type Scope } from "./request.ts";

/** What a URL asks, beside the method. */
export interface Located {
  readonly resource: string;
  readonly scope?: Scope;
  readonly parameters: Readonly<Record<string, string>>;
  readonly select?: Plain;
  readonly aggregate?: Plain;
}

const SCOPES: ReadonlySet<string> = new Set<Scope>(["mine", "guest", "mine|guest"]);
const isScope = (name: string): name is Scope => SCOPES.has(name);

/**
 * Reads a URL, or its path and query alone: whatever stands before the last part of the path is not looked at, because
 * nothing is ever sent there.
 *
 * @throws Misread.
 */
export function readURL(text: string, from = 0): Located {
  const url = withoutFragment(text);
  const question = url.indexOf("?");
  const path = question < 0 ? url : url.slice(0, question);
  const trimmed = path.endsWith("/") ? path.slice(0, -1) : path;
  const resource = decode(trimmed.slice(trimmed.lastIndexOf("/") + 1), true);
  if (resource === "" || resource.includes(":"))
    throw new Misread("it names no resource", from, "write /query/<resource>");
  const found: Found = { parameters: {} };
  if (question >= 0) readPairs(url, question + 1, from, found);
  if (found.select !== undefined && found.aggregate !== undefined)
    throw new Misread("`select` is of rows, and `aggregate` answers none", from + url.indexOf("select"));
  return { resource, ...found };
}

interface Found {
  scope?: Scope;
  parameters: Record<string, string>;
  select?: Plain;
  aggregate?: Plain;
}

function withoutFragment(text: string): string {
  const hash = text.indexOf("#");
  return hash < 0 ? text : text.slice(0, hash);
}

function readPairs(url: string, start: number, from: number, found: Found): void {
  const seen = new Set<string>();
  let begin = start;
  for (const pair of url.slice(start).split("&")) {
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (seen.has(name)) throw new Misread(`\`${name}\` is written twice`, from + begin);
    seen.add(name);
    const behind = equals < 0 ? begin + pair.length : begin + equals + 1;
    if (pair !== "") readPair(name, equals < 0 ? "" : pair.slice(equals + 1), from + behind, found);
    begin += pair.length + 1;
  }
}

function readPair(name: string, raw: string, from: number, found: Found): void {
  const value = decode(raw);
  if (name === "__proto__") throw new Misread("no parameter has that name", from);
  if (isScope(name) && isYes(value)) {
    if (found.scope !== undefined) throw new Misread("only one scope can be asked for", from);
    found.scope = name;
  } else if (isScope(name) && isNo(value)) {
    // It is as good as not written.
  } else if (name === "select" || name === "aggregate") {
    if (value === "") return;
    const read = readNotation(value);
    if ("unread" in read)
      throw new Misread(read.unread.message, from + rawIndex(raw, read.unread.at), "RJSON is expected here");
    const map = plainOf(read.value, name, from);
    if (name === "aggregate" || Object.keys(map).length > 0) found[name] = map;
  } else found.parameters[name] = isYes(value) ? "" : isNo(value) ? "F" : value;
}

const isYes = (value: string): boolean => value === "" || value === "T" || value === "true";
const isNo = (value: string): boolean => value === "F" || value === "false";

/** As the server decodes it: a `+` is a space, a `%` that starts no escape stays. */
function decode(text: string, path = false): string {
  const plus = path ? text.replaceAll("+", "%2B") : text;
  if (!plus.includes("%") && !plus.includes("+")) return plus;
  return new URLSearchParams(`v=${plus.replaceAll("&", "%26")}`).get("v") ?? "";
}

/** Where a place of a decoded text is in the text as it is written. */
function rawIndex(raw: string, index: number): number {
  let low = 0;
  let high = raw.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (decode(wholeTo(raw, middle + 1)).length > index) high = middle;
    else low = middle + 1;
  }
  const escape = raw.lastIndexOf("%", low);
  return escape > low - 3 && escape >= 0 ? escape : low;
}

/** A text to a place, without an escape that is cut there. */
function wholeTo(raw: string, end: number): string {
  const percent = raw.lastIndexOf("%", end - 1);
  return percent >= 0 && percent > end - 3 ? raw.slice(0, percent) : raw.slice(0, end);
}

/** A parameter that is RJSON, as a map; `undefined` for any other text. */
export function mapOf(text: string): Plain | undefined {
  const read = readNotation(text);
  return "value" in read && isPlain(read.value) ? read.value : undefined;
}
