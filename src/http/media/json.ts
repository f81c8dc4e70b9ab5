import { parseJSON } from "../../digits.ts";
import { invalidBody } from "../../error.ts";
import { MAX_DEPTH, nestsTooDeep } from "../../nesting.ts";

/** Decodes a JSON body; `found` hears of numbers that no double keeps. */
export function decodeJSON(text: string, found: () => void): unknown {
  if (nestsTooDeep(text)) throw invalidBody(`the body nests more than ${MAX_DEPTH} levels deep`);
  try {
    return parseJSON(text, found);
  } catch {
    throw invalidBody("the body is not JSON");
  }
}
