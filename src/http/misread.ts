import { quote } from "../error.ts";
import type { RJSONParseError } from "../rjson/rjson.ts";

/** What somebody who wrote no RJSON probably meant; else where it stops being so. */
export function misreadHint(text: string, { message, index }: RJSONParseError): string {
  if (!message.startsWith("unexpected `")) return message;
  if (text[index] === "{") return "a map is written (limit:5)";
  if (text[index] === "[") return "a list is written _(a,b)_";
  const value = unquoted(text, index);
  return value === undefined ? message : `quote texts: ${quote(`'${value}'`)}`;
}

/** What may follow a value. */
const END = /[,()~'"`]|$/;

/** The value around an index, where it begins as a text or number without quotes does. */
function unquoted(text: string, index: number): string | undefined {
  let start = index;
  while (start > 0 && !":,()~'\"`".includes(text[start - 1]!)) start--;
  const opened = text.slice(Math.max(0, start - 2), start);
  if (!opened.endsWith(":") && !opened.endsWith(",") && opened !== "_(") return undefined;
  const rest = text.slice(start);
  const end = rest.search(END);
  const value = rest.slice(0, end).trim();
  if (!/^[\p{L}\p{N}%]/u.test(value) || /['"`]/.test(rest[end] ?? "")) return undefined;
  // Behind a comma it may be a key; and one may stand in it, behind a comma that was left out.
  const key = opened.endsWith(",") ? value.includes(":") : /\s/.test(value) && /[A-Za-z_]:/.test(value);
  return key ? undefined : value;
}
