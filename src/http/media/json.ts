import { invalidBody } from "../../error.ts";

/** Decodes a JSON body. */
export function decodeJSON(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidBody("the body is not JSON");
  }
}
