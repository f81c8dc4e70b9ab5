import { invalidBody } from "../../error.ts";
import { MAX_DEPTH, nestsTooDeep } from "../../nesting.ts";

/** Decodes a JSON body. */
export function decodeJSON(text: string): unknown {
  if (nestsTooDeep(text)) throw invalidBody(`the body nests more than ${MAX_DEPTH} levels deep`);
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody("the body is not JSON");
  }
}
