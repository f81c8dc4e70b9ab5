import { readNumber } from "../../digits.ts";
import { invalidBody } from "../../error.ts";
import { parse, RJSONParseError } from "../../rjson/rjson.ts";

/** Decodes an RJSON body; `found` hears of numbers that no double keeps. */
export function decodeRJSON(text: string, found: () => void): unknown {
  const number = (written: string): unknown => {
    const read = readNumber(written);
    if (typeof read !== "number") found();
    return read;
  };
  try {
    return parse(text, { words: true, protoKeys: "error", maxNodes: Math.max(100_000, text.length), number });
  } catch (error) {
    if (error instanceof RJSONParseError)
      throw invalidBody(`the body is not RJSON at character ${error.index + 1}`);
    throw error;
  }
}
