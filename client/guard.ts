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
 * The options of a write with its key, where it has one, and with the way in which it is to be done.
 *
 * @example keyed({ idempotencyKey: "7" }) // headers: Idempotency-Key: 7
 */
export function keyed(wished?: WriteInit): RequestOptions {
  const init = preferring(wished);
  // INVARIANT: a key that went missing is an error, or what is sent again is done again.
  if (!("idempotencyKey" in init)) return init;
  const { idempotencyKey: key, ...others } = init;
  if (typeof key !== "string" || !/^[!-~]{1,255}$/.test(key))
    throw unsendable(JSON.stringify(key), "idempotencyKey", "write visible characters");
  const headers = new Headers(others.headers);
  headers.set("idempotency-key", key);
  return { ...others, headers };
}

/** What a write is asked by `Prefer`, each with the name it has there. */
const WISHES = { dryRun: "tx", maxAffected: "max-affected", minAffected: "min-affected" } as const;

/**
 * The options of a write with the way in which it is to be done.
 */
function preferring(init: WriteInit = {}): WriteInit {
  const headers = new Headers(init.headers);
  const others = Object.fromEntries(Object.entries(init).filter(([name]) => !(name in WISHES)));
  const wishes: string[] = [];
  for (const [name, preference] of Object.entries(WISHES)) {
    // INVARIANT: a wish that went missing is an error, or more is done than was meant.
    if (!(name in init)) continue;
    const wish = init[name as keyof typeof WISHES];
    if (name === "dryRun" ? typeof wish !== "boolean" : !Number.isSafeInteger(wish))
      throw unsendable(JSON.stringify(wish), name, "write a number, or true");
    if (wish !== false) wishes.push(`${preference}=${wish === true ? "rollback" : wish}`);
  }
  if (wishes.length === 0) return others;
  // The first of a name counts.
  const own = headers.get("prefer");
  headers.set("prefer", [...wishes, ...(own === null ? [] : [own])].join(", "));
  return { ...others, headers };
}

const tags = (versions: unknown): string => {
  const known = knownVersions(versions);
  return known === "*" ? known : `"${known.join('", "')}"`;
};

/** Versions as a list, or any; what went missing is an error. */
export function knownVersions(versions: unknown): readonly unknown[] | "*" {
  if (versions === "*") return versions;
  const list: readonly unknown[] = [versions].flat();
  if (list.length > 0 && list.every(Number.isSafeInteger)) return list;
  throw unsendable(JSON.stringify(versions), "ifVersion", "write whole numbers");
}
