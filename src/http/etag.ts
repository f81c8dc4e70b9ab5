import crypto from "node:crypto";
import { invalidValue } from "../error.ts";
import type { Action, Match, MethodTraits } from "../request/request.ts";

/** The part of Bun that is used where it is there: it hashes small texts in half the time. */
interface Runtime {
  readonly SHA256?: { readonly hash: (text: string, encoding: "base64url") => string };
}
const { Bun: runtime } = globalThis as { Bun?: Runtime };

/**
 * Refuses a write under a condition that it does not look at: a client that sends it believes that no change is lost.
 * Changes of rows that are there look at `If-Match`.
 *
 * @throws QueryError `invalid-value`.
 */
export function refuseConditionalWrite({ headers }: Request, { action }: MethodTraits): void {
  for (const name of ["If-Match", "If-None-Match", "If-Unmodified-Since"])
    if (headers.has(name) && !(name === "If-Match" && CHANGES.has(action)))
      throw invalidValue(`writes do not look at \`${name}\``, name, "ask for the old value in `where`");
}

/** What is done with rows that are there. */
const CHANGES: ReadonlySet<Action> = new Set<Action>(["update", "delete"]);

/** The versions of rows that a change is made for; whether these are any, the plan knows. */
export function readMatch({ headers }: Request): Match | undefined {
  const text = headers.get("If-Match");
  if (text === null) return undefined;
  if (text.trim() === "*") return "any";
  const tags = text.split(",").map((tag) => tag.trim());
  return tags.filter((tag) => tag !== "").map(readVersion);
}

/** A strong tag that is a number. */
function readVersion(tag: string): number | undefined {
  const digits = /^"(0|-?[1-9]\d{0,15})"$/.exec(tag)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * A strong ETag of a body: equal bodies have equal tags, in every process and on every runtime. Who writes rows chooses
 * bodies, so the hash is one for which nobody finds two bodies of one tag.
 */
export const etagOf = (body: string): string => `"${sha256(body)}"`;

/** A text's hash, in 43 characters. */
export const sha256: (text: string) => string = hasher();

function hasher(): (text: string) => string {
  const fast = runtime?.SHA256?.hash;
  if (fast !== undefined) return (text) => fast(text, "base64url");
  // Node has it since 20.12.
  const { hash } = crypto as Partial<typeof crypto>;
  if (hash !== undefined) return (text) => hash("sha256", text, "base64url");
  return (text) => crypto.createHash("sha256").update(text).digest("base64url");
}
