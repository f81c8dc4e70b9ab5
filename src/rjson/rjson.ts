import { parse, RJSONParseError } from "./parse.ts";
import { encodeURLValue, stringify, stringifyKey, stringifyMappedArray } from "./stringify.ts";

export { parse, RJSONParseError } from "./parse.ts";
export type { ParseOptions } from "./parse.ts";
export {
  encodeURLValue,
  stringify,
  stringifyKey,
  stringifyMappedArray,
  stringifyNumber,
  stringifyText,
} from "./stringify.ts";

/** What `RJSON` holds. */
export interface RJSONNamespace {
  readonly parse: typeof parse;
  readonly stringify: typeof stringify;
  readonly stringifyKey: typeof stringifyKey;
  readonly stringifyMappedArray: typeof stringifyMappedArray;
  readonly encodeURIComponent: typeof encodeURLValue;
}

/**
 * The notation under one name, used as `JSON` is.
 * @example
 * RJSON.parse("(a:T)"); // { a: true }
 * RJSON.stringify({ a: true }); // (a:T)
 */
export const RJSON: RJSONNamespace = /* @__PURE__ */ Object.freeze({
  parse,
  stringify,
  stringifyKey,
  stringifyMappedArray,
  encodeURIComponent: encodeURLValue,
});

/**
 * Reads a literal; each hole is written as RJSON first, so whatever it holds stays one value or key.
 * @example
 * rjson`(title:${"it's"},tags:_('sweet')_)`; // { title: "it's", tags: ["sweet"] }
 */
export function rjson(literal: TemplateStringsArray, ...holes: readonly unknown[]): unknown {
  let text = literal.raw[0] ?? "";
  let quote = openQuote(text);
  holes.forEach((hole, i) => {
    if (quote !== "") throw new RJSONParseError("a hole cannot stand inside a string", text.length);
    // The key list would follow `~` at once; the spaces keep a hole from melting into its neighbours.
    const escape = text.trimEnd().endsWith("~") ? "\\" : "";
    const part = literal.raw[i + 1] ?? "";
    text += `${escape} ${stringify(hole)} ${part}`;
    quote = openQuote(part);
  });
  return parse(text);
}

// The delimiter of the string still open after `part`, if any.
function openQuote(part: string): string {
  let quote = "";
  for (let i = 0; i < part.length; i++) {
    const unit = part.charAt(i);
    if (quote === "") quote = /['"`]/.test(unit) ? unit : "";
    else if (unit === quote) quote = "";
    else if (unit === "\\" && (part[i + 1] === quote || part[i + 1] === "\\")) i++;
  }
  return quote;
}
