import { invalidBody } from "../../error.ts";
import { parse, RJSONParseError } from "../../rjson/rjson.ts";

/** Decodes an RJSON body. */
export function decodeRJSON(text: string): unknown {
  try {
    return parse(text, { words: true, protoKeys: "error", maxNodes: Number.POSITIVE_INFINITY });
  } catch (error) {
    if (error instanceof RJSONParseError)
      throw invalidBody(`the body is not RJSON at character ${error.index + 1}`);
    throw error;
  }
}
