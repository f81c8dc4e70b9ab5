import { invalidBody } from "../../error.ts";
import { parse, RJSONParseError } from "../../rjson/rjson.ts";

/** Decodes an RJSON body. */
export function decodeRJSON(text: string): unknown {
  try {
    return parse(text, { words: true, protoKeys: "error", maxNodes: Math.max(100_000, text.length) });
  } catch (error) {
    if (error instanceof RJSONParseError)
      throw invalidBody(`the body is not RJSON at character ${error.index + 1}`);
    throw error;
  }
}
