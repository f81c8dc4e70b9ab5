import { createHash } from "node:crypto";

/** A strong ETag of a body: equal bodies have equal tags on every server. */
export function etagOf(body: string): string {
  return `"${createHash("sha1").update(body).digest("base64url")}"`;
}
