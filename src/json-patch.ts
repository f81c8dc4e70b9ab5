import { applyPatch, type Operation } from "rfc6902";
import type { ApplyPatch } from "./author/patch.ts";

/**
 * Lets a route take JSON Patch (RFC 6902) on `PATCH`, by the package `rfc6902`.
 *
 * @example
 * import { jsonPatch } from "@bepalo/query/json-patch";
 * createQueryRoute({ acl, database, schema, jsonPatch });
 */
export const jsonPatch: ApplyPatch = (document, operation) =>
  applyPatch(document, [operation as Operation])[0] === null;
