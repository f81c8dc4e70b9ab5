import { at, invalidValue, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";

/** What a client wants done where a row that it sends meets one that exists. */
export interface ConflictWish {
  /** The columns of the key by which rows meet. */
  readonly target: readonly string[];
  /** The columns that are changed then: these, those that a row was sent with, or none, so that it stays as it is. */
  readonly update: readonly string[] | "sent" | "none";
}

/** The name of the parameter, and where its parts stand. */
export const ON_CONFLICT = "onConflict";

const KEYS = ["target", "update", "ignore"] as const;

const EXAMPLE = "write onConflict=(target:~T(email)~,update:~T(name)~), or ignore:T in place of `update`";

/**
 * Turns what a client wrote, as RJSON or JSON say it, into a wish for rows that are met.
 *
 * @throws QueryError `invalid-value`, where it is none.
 */
export function readConflict(value: unknown): ConflictWish {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidValue("`onConflict` takes a map", ON_CONFLICT, EXAMPLE);
  const { target, update, ignore, ...others } = value as Record<(typeof KEYS)[number], unknown>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw unknownKey(other);
  if (target === undefined)
    throw invalidValue("`target` says by which key rows meet", at(ON_CONFLICT, "target"), EXAMPLE);
  if (ignore !== undefined && typeof ignore !== "boolean")
    throw invalidValue("`ignore` takes T or F", at(ON_CONFLICT, "ignore"));
  if (ignore === true && update !== undefined)
    throw invalidValue("a row that is met is changed or ignored", at(ON_CONFLICT, "ignore"), EXAMPLE);
  return { target: readNames("target", target), update: ignore === true ? "none" : readUpdate(update) };
}

const readUpdate = (update: unknown): ConflictWish["update"] =>
  update === undefined ? "sent" : readNames("update", update);

const unknownKey = (key: string): Error =>
  invalidValue(
    `${quote(key)} is unknown`,
    at(ON_CONFLICT, key),
    didYouMean(key, KEYS) ?? `\`${ON_CONFLICT}\` takes ${quoteAll(KEYS)}`,
  );

/** Names of columns: a list of them, or a map to T, or to F for those that are not meant. */
function readNames(key: string, value: unknown): readonly string[] {
  const path = at(ON_CONFLICT, key);
  const names = Array.isArray(value) ? value : namesIn(value, path);
  if (names === undefined || names.length === 0)
    throw invalidValue(`\`${key}\` takes a map of columns`, path, EXAMPLE);
  const wrong = names.findIndex((name) => typeof name !== "string");
  if (wrong >= 0) throw invalidValue("expected the name of a column", at(path, wrong));
  const twice = names.find((name, index) => names.indexOf(name) < index) as string | undefined;
  if (twice !== undefined) throw invalidValue(`${quote(twice)} is named twice`, at(path, twice));
  return names as readonly string[];
}

function namesIn(value: unknown, path: string): readonly unknown[] | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const named = Object.entries(value);
  for (const [name, wanted] of named)
    if (typeof wanted !== "boolean") throw invalidValue("a column is named with T", at(path, name));
  return named.filter(([, wanted]) => wanted === true).map(([name]) => name);
}
