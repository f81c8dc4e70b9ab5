import type { RequestOptions } from "./options.ts";
import type { SentQuestion } from "./params.ts";
import { unsendable } from "./wire.ts";

/**
 * The options of a request that changes rows, with the versions the rows must have.
 *
 * @example guarded({ ifVersion: [7, 8] }) // headers: If-Match: "7", "8"
 */
export function guarded(question: SentQuestion = {}, init?: RequestOptions): RequestOptions | undefined {
  // INVARIANT: a guard that went missing is an error, or the change would overwrite another's.
  if (!("ifVersion" in question)) return init;
  const headers = new Headers(init?.headers);
  headers.set("if-match", tags(question.ifVersion));
  return { ...init, headers };
}

function tags(versions: unknown): string {
  if (versions === "*") return versions;
  const list: readonly unknown[] = [versions].flat();
  if (list.length > 0 && list.every(Number.isSafeInteger)) return `"${list.join('", "')}"`;
  throw unsendable(JSON.stringify(versions), "ifVersion", "write whole numbers");
}
