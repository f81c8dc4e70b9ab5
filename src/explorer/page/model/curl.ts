import { METHOD_OF, traitsOf } from "../../../request/method.ts";
import { parseJSON } from "./digits.ts";
import { readURL } from "./query.ts";
import {
  type Asked,
  isWrite,
  type Method,
  Misread,
  normal,
  type Place,
  takesBody,
  urlOf,
} from "./request.ts";
import { PREFER, readPrefer, ROLLBACK } from "./prefer.ts";
import { IF_MATCH, readIfMatch, tagsOf, type Versions } from "./versions.ts";
import { quoteWord, type Word, wordsOf } from "./shell.ts";

/** A question as a command for any POSIX shell. It never holds who asks. */
export function writeCurl(question: Asked, place: Place): string {
  const url = urlOf(question, place);
  const words = ["curl", ...(/[[\]{}]/.test(url) ? ["--globoff"] : [])];
  if (isWrite(question.method)) words.push("-X", question.method);
  const lines = [[...words, quoteWord(url)].join(" ")];
  if (question.ifVersion !== undefined)
    lines.push(`-H ${quoteWord(`${IF_MATCH}: ${tagsOf(question.ifVersion)}`)}`);
  if (question.dryRun === true) lines.push(`-H '${PREFER}: ${ROLLBACK}'`);
  if (takesBody(question.method) && question.body !== undefined)
    lines.push(
      "-H 'content-type: application/json'",
      `--data-raw ${quoteWord(visible(JSON.stringify(question.body)))}`,
    );
  return lines.join(" \\\n  ");
}

/** JSON in which no key of a terminal stands: to one that it is pasted into, DEL would erase the quote before it. */
const visible = (json: string): string =>
  json.replace(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Options that are followed by a word, which says nothing of what is asked. */
const WITH_WORD: ReadonlySet<string> = new Set(
  "-A --user-agent -b --cookie -c --cookie-jar -u --user -e --referer -o --output -m --max-time --connect-timeout -w --write-out --retry -x --proxy --oauth2-bearer --cacert".split(
    " ",
  ),
);
const DATA: ReadonlySet<string> = new Set([
  "-d",
  "--data",
  "--data-raw",
  "--data-binary",
  "--data-ascii",
  "--json",
]);

/** What a command is made of. */
interface Command {
  url?: Word;
  method?: Word;
  data?: Word;
  ifVersion?: Versions | undefined;
  dryRun?: boolean | undefined;
  /** Whether what it sends stands in its URL. */
  get: boolean;
}

/**
 * Reads a command of curl. Of headers `If-Match` and `Prefer: tx` alone are taken over, so that nobody's cookie or token comes into a
 * question.
 *
 * @throws Misread.
 */
export function readCurl(text: string): Asked {
  const [program, ...words] = wordsOf(text.trimStart().startsWith("$ ") ? text.replace("$ ", "  ") : text);
  if (program === undefined || (program.text !== "curl" && !program.text.endsWith("/curl")))
    throw new Misread("a command begins with `curl`", program?.at ?? 0);
  const command: Command = { get: false };
  for (let index = 0; index < words.length; index++) index = readOption(words, index, command);
  const { url, data, ifVersion, dryRun } = command;
  if (url === undefined) throw new Misread("it has no URL", text.length);
  const located = readURL(url.text, url.at + 1);
  const method = methodOf(command);
  return normal({
    method,
    ...located,
    ...(data !== undefined && !command.get && { body: readBody(data.text, data.at) }),
    ...(ifVersion !== undefined && { ifVersion }),
    ...(dryRun === true && { dryRun }),
  });
}

/** Reads a word, and those that belong to it; answers the place of the last. */
function readOption(words: readonly Word[], index: number, command: Command): number {
  const word = words[index]!;
  const [name, value, used] = optionOf(words, index);
  if (!word.text.startsWith("-") || word.text === "-") {
    if (command.url !== undefined) throw new Misread("it has two URLs", word.at);
    command.url = word;
    return index;
  }
  if (name === "--url") command.url = demanded(value, word);
  else if (name === "-X" || name === "--request") command.method = demanded(value, word);
  else if (DATA.has(name)) {
    if (command.data !== undefined) throw new Misread("it sends two bodies", word.at);
    command.data = demanded(value, word);
  } else if (name === "-G" || name === "--get") {
    command.get = true;
    return index;
  } else if (name === "-H" || name === "--header") {
    const header = demanded(value, word);
    command.ifVersion = readIfMatch(header.text, header.at + 1) ?? command.ifVersion;
    command.dryRun ??= readPrefer(header.text, header.at + 1);
  } else if (!WITH_WORD.has(name)) return index;
  return used;
}

/** An option, its value, and the place of the word that the value stands in: `-XPOST`, `--url=…`, `-X POST`. */
function optionOf(words: readonly Word[], index: number): readonly [string, Word | undefined, number] {
  const { text, at } = words[index]!;
  const equals = text.startsWith("--") ? text.indexOf("=") : -1;
  if (equals > 0)
    return [text.slice(0, equals), { text: text.slice(equals + 1), at: at + equals + 1 }, index];
  if (!text.startsWith("--") && text.length > 2 && "XHdAbcuemowx".includes(text[1]!))
    return [text.slice(0, 2), { text: text.slice(2), at: at + 2 }, index];
  return [text, words[index + 1], index + 1];
}

function demanded(value: Word | undefined, option: Word): Word {
  if (value === undefined) throw new Misread(`\`${option.text}\` wants a value`, option.at);
  return value;
}

function methodOf({ method, data, get }: Command): Method {
  if (method === undefined) return data === undefined || get ? METHOD_OF.read : METHOD_OF.insert;
  return readMethod(method.text, method.at);
}

/** @throws Misread for a method that the page does not send. */
export function readMethod(text: string, at: number): Method {
  const name = text.toUpperCase();
  const known = Object.values(METHOD_OF).find((method) => method === name);
  if (known !== undefined) return known;
  const hint = `write ${Object.values(METHOD_OF).join(", ")}`;
  throw new Misread(
    traitsOf(name) === undefined ? "no such method" : `\`${name}\` is not asked here`,
    at,
    hint,
  );
}

/** @throws Misread for a text that is no JSON. */
export function readBody(text: string, at: number): unknown {
  try {
    return parseJSON(text);
  } catch {
    throw new Misread("the body is no JSON", at);
  }
}
