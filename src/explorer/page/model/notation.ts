import { Digits, exact } from "./digits.ts";
import { parse, RJSONParseError, stringifyKey, stringifyText } from "../../../rjson/rjson.ts";

/** Whether a value is a map, and no list, and no number. */
export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);

/** The keys under which the same word stands for many names: `~T(id,title)~`. */
const NAMES: ReadonlySet<string> = new Set(["columns", "count", "countDistinct", "sum", "avg", "min", "max"]);

/** The keys whose texts are names and directions, which need no quotes. */
const WORDS: ReadonlySet<string> = new Set([
  "orderBy",
  "groupBy",
  "relation",
  "sort",
  "nulls",
  "target",
  "update",
]);

/** Whether a text can stand without quotes as a value. */
const isWord = (text: string): boolean => /^[A-Za-z][A-Za-z0-9_.]{1,63}$/.test(text);

/** RJSON on one line, as people write it. */
export function compact(value: unknown, key = "", words = false): string {
  const bare = words || WORDS.has(key);
  if (value instanceof Digits) return String(value);
  if (Array.isArray(value)) return `_(${value.map((item) => compact(item, "", bare)).join(",")})_`;
  if (!isPlain(value)) return leaf(value, bare);
  const mapped = mappedOf(value, key);
  if (mapped !== undefined) return mapped;
  return `(${Object.entries(value)
    .map(([name, item]) => `${stringifyKey(name)}:${compact(item, name, bare)}`)
    .join(",")})`;
}

/** How wide a line may be. */
const WIDTH = 64;

/** RJSON for an editor: what is long stands on lines of its own. */
export function pretty(value: unknown, key = "", words = false, indent = ""): string {
  const line = compact(value, key, words);
  if (indent.length + line.length <= WIDTH || !(Array.isArray(value) || isPlain(value))) return line;
  const bare = words || WORDS.has(key);
  const deeper = `${indent}  `;
  const lines = (items: readonly string[]): string =>
    `\n${items.map((item) => deeper + item).join(",\n")}\n${indent}`;
  if (Array.isArray(value)) return `_(${lines(value.map((item) => pretty(item, "", bare, deeper)))})_`;
  if (mappedOf(value, key) !== undefined) return line;
  const members = Object.entries(value).map(
    ([name, item]) => `${stringifyKey(name)}:${pretty(item, name, bare, deeper)}`,
  );
  return `(${lines(members)})`;
}

/** A map of names that all have the same flag. */
function mappedOf(value: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const names = Object.keys(value);
  const [first] = Object.values(value);
  if (!NAMES.has(key) || typeof first !== "boolean" || names.includes("")) return undefined;
  if (!Object.values(value).every((flag) => flag === first)) return undefined;
  return `~${first ? "T" : "F"}(${names.map((name) => stringifyKey(name)).join(",")})~`;
}

function leaf(value: unknown, bare: boolean): string {
  switch (typeof value) {
    case "string":
      return bare && isWord(value) ? value : stringifyText(value);
    case "number":
      return numeral(value);
    case "boolean":
      return value ? "T" : "F";
    default:
      return value === null ? "N" : "U";
  }
}

function numeral(number: number): string {
  if (Number.isNaN(number)) return "X";
  if (!Number.isFinite(number)) return number < 0 ? "-I" : "I";
  return Object.is(number, -0) ? "-0" : `${number}`;
}

/** What stands in a text that is no RJSON, and where. */
export interface Unread {
  readonly message: string;
  readonly at: number;
}

/** Reads RJSON as the server reads questions; what no double keeps stays a text. */
export function readNotation(text: string): { readonly value: unknown } | { readonly unread: Unread } {
  let twice: string | undefined;
  try {
    const value = parse(text, {
      words: "dotted",
      protoKeys: "error",
      number: exact,
      duplicateKey: (key) => (twice ??= key),
    });
    if (twice === undefined) return { value };
    const message = `\`${twice}\` is written twice in one map`;
    return { unread: { message, at: Math.max(0, text.lastIndexOf(twice)) } };
  } catch (error) {
    if (!(error instanceof RJSONParseError)) throw error;
    return { unread: { message: sentence(error), at: error.index } };
  }
}

/** The reason without its place. */
const sentence = ({ message, index }: RJSONParseError): string => message.replace(` at index ${index}`, "");
