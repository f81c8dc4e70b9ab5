import type { RequestOptions, WriteInit } from "./options.ts";
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

/**
 * The options of a write with its key, where it has one.
 *
 * @example keyed({ idempotencyKey: "7" }) // headers: Idempotency-Key: 7
 */
export function keyed(init: WriteInit = {}): RequestOptions {
  // INVARIANT: a key that went missing is an error, or what is sent again is done again.
  if (!("idempotencyKey" in init)) return init;
  const { idempotencyKey: key, ...others } = init;
  if (typeof key !== "string" || !/^[!-~]{1,255}$/.test(key))
    throw unsendable(JSON.stringify(key), "idempotencyKey", "write visible characters");
  const headers = new Headers(others.headers);
  headers.set("idempotency-key", key);
  return { ...others, headers };
}

function tags(versions: unknown): string {
  if (versions === "*") return versions;
  const list: readonly unknown[] = [versions].flat();
  if (list.length > 0 && list.every(Number.isSafeInteger)) return `"${list.join('", "')}"`;
  throw unsendable(JSON.stringify(versions), "ifVersion", "write whole numbers");
}
