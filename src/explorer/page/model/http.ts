import { readBody, readMethod } from "./curl.ts";
import { readURL } from "./query.ts";
import { PREFER, readPrefer, ROLLBACK } from "./prefer.ts";
import { IF_MATCH, readIfMatch, tagsOf } from "./versions.ts";
import { type Asked, Misread, normal, type Place, takesBody, urlOf } from "./request.ts";

/** A question as editors with a REST client send it. */
export function writeHTTP(question: Asked, place: Place): string {
  const { ifVersion, dryRun } = question;
  const guard = ifVersion === undefined ? "" : `\n${IF_MATCH}: ${tagsOf(ifVersion)}`;
  const tried = dryRun === true ? `\n${PREFER}: ${ROLLBACK}` : "";
  const line = `${question.method} ${urlOf(question, place)}${guard}${tried}`;
  if (!takesBody(question.method) || question.body === undefined) return line;
  return `${line}\ncontent-type: application/json\n\n${JSON.stringify(question.body, undefined, 2)}`;
}

/**
 * Reads the first request of such a text. Of headers `If-Match` and `Prefer: tx` alone are taken over.
 *
 * @throws Misread.
 */
export function readHTTP(text: string): Asked {
  const lines = linesOf(text);
  const first = lines.findIndex(({ text: line }) => line.trim() !== "" && !isAside(line));
  const begin = lines[first];
  if (begin === undefined) throw new Misread("there is no request", 0, "write GET /query/<resource>");
  const rest = lines.slice(first + 1);
  const next = rest.findIndex(({ text: line }) => line.startsWith("###"));
  const own = next < 0 ? rest : rest.slice(0, next);
  // A long query may go on on lines of its own.
  const goingOn = own.findIndex(({ text: line }) => !/^\s{0,16}[?&]/.test(line));
  const more = goingOn < 0 ? own : own.slice(0, goingOn);
  const { method, url, at } = requestLine(begin, more);
  const blank = own.findIndex(({ text: line }) => line.trim() === "");
  const headers = own.slice(more.length, blank < 0 ? undefined : blank);
  const ifVersion = firstOf(headers, readIfMatch);
  const dryRun = firstOf(headers, readPrefer);
  const behind = blank < 0 ? [] : own.slice(blank + 1);
  const body = behind
    .map(({ text: line }) => line)
    .join("\n")
    .trim();
  return normal({
    method,
    ...readURL(url, at),
    ...(body !== "" && { body: readBody(body, behind[0]!.at) }),
    ...(ifVersion !== undefined && { ifVersion }),
    ...(dryRun === true && { dryRun }),
  });
}

interface Line {
  readonly text: string;
  readonly at: number;
}

/** What the first header says that says something. */
const firstOf = <Said>(
  headers: readonly Line[],
  read: (line: string, at: number) => Said | undefined,
): Said | undefined => headers.map(({ text, at }) => read(text, at)).find((said) => said !== undefined);

function linesOf(text: string): readonly Line[] {
  let at = 0;
  return text.split("\n").map((line) => {
    const found = { text: line.endsWith("\r") ? line.slice(0, -1) : line, at };
    at += line.length + 1;
    return found;
  });
}

/** A comment, or a variable. */
const isAside = (line: string): boolean => /^\s{0,16}(?:#|\/\/|@)/.test(line);

function requestLine({ text, at }: Line, more: readonly Line[]) {
  const line = text.trim();
  const start = at + text.indexOf(line);
  const space = line.indexOf(" ");
  const word = space < 0 ? "" : line.slice(0, space);
  const isNamed = /^[A-Za-z]{1,16}$/.test(word);
  const rest = isNamed ? line.slice(space + 1).trim() : line;
  const whole = rest + more.map(({ text: part }) => part.trim()).join("");
  const version = whole.lastIndexOf(" HTTP/");
  const url = version < 0 ? whole : whole.slice(0, version);
  return {
    method: readMethod(isNamed ? word : "get", start),
    url,
    at: start + line.indexOf(rest),
  };
}
