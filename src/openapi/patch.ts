import type { JSONSchema } from "./document.ts";

/** A JSON Patch (RFC 6902). */
export const PATCH: JSONSchema = {
  type: "array",
  items: {
    type: "object",
    properties: {
      op: { enum: ["add", "remove", "replace", "move", "copy", "test"] },
      path: { type: "string" },
      from: { type: "string" },
      value: {},
    },
    required: ["op", "path"],
  },
};
