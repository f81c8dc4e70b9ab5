import { didYouMean } from "../suggest.ts";
import { RELATION_LIMITS, REQUEST_LIMITS } from "./limits.ts";

/** What the value of a key must be. */
type Expected = "boolean" | "map" | "anything";

const LIMITS = [...RELATION_LIMITS, "onSurpassMaxLimit"] as const;
// Limits, functions, column choices and orders are looked at where they are used, and refused there.
const elsewhere = (keys: readonly string[]): [string, Expected][] => keys.map((key) => [key, "anything"]);

const RELATION: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ...elsewhere(LIMITS),
  ...elsewhere(["select", "orderBy", "where", "deleted", "dependsOn"]),
  ["unrestricted", "boolean"],
  ["parent", "map"],
  ["extras", "map"],
  ["with", "map"],
  ["forbidQuery", "map"],
  ["search", "boolean"],
]);

const LIST: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ...RELATION,
  ...elsewhere(["through", "throughWhere", "resource"]),
]);

const BORROWED: ReadonlyMap<string, Expected> = new Map(elsewhere(["through", "throughWhere", "resource"]));

const NESTED: ReadonlyMap<string, Expected> = new Map(elsewhere(["through", "resource", "join"]));

const HOOKS = elsewhere(["beforeQuery", "afterQuery", "onQueryError", "afterCommit", "formatResult"]);

const RULE: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ...RELATION,
  ...elsewhere(REQUEST_LIMITS),
  ...elsewhere(["validateBody", "injectBody", "write", "check", "ensure", "maxAffected"]),
  ...elsewhere(["transition", "requireWhere", "aggregate", "live"]),
  ["nest", "map"],
  ["dryRun", "boolean"],
  ...HOOKS,
]);

const ENTRY: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ...elsewhere(LIMITS),
  ...elsewhere(REQUEST_LIMITS),
  ...elsewhere(["table"]),
  ...HOOKS,
  ["params", "map"],
  ["control", "map"],
  ["findFirst", "boolean"],
  ["countTotal", "boolean"],
  ["triggers", "boolean"],
]);

const TABLE: ReadonlyMap<string, Expected> = new Map<string, Expected>([
  ...elsewhere(["where", "softDelete", "version"]),
  ["set", "map"],
  ["search", "map"],
]);

/** A place of an access-control file, or of the tables' rules, where keys stand. */
export type Place = "entry" | "rule" | "relation" | "list" | "borrowed list" | "nested list" | "table";

const KEYS: Readonly<Record<Place, ReadonlyMap<string, Expected>>> = {
  entry: ENTRY,
  rule: RULE,
  relation: RELATION,
  list: LIST,
  "borrowed list": BORROWED,
  "nested list": NESTED,
  table: TABLE,
};

/**
 * What is wrong with the keys of an object of the file: a key that does nothing is a rule its author believes in and
 * nobody keeps.
 */
export function checkKeys(value: unknown, place: Place, path: string): readonly string[] {
  if (!isMap(value)) return [`${path}: expected an object`];
  const known = KEYS[place];
  return Object.entries(value).flatMap(([key, member]) => {
    const expected = known.get(key);
    if (expected === undefined) {
      const hint = didYouMean(key, known.keys());
      return [`${path}: unknown key \`${key}\`${hint === undefined ? "" : ` (${hint})`}`];
    }
    return member === undefined || fits(member, expected) ? [] : [`${path}.${key}: expected a ${expected}`];
  });
}

/** Whether a rule may have a key of that name. */
export const isKeyOfRules = (name: string): boolean => RULE.has(name);

/** Whether a value is an object that holds members. */
export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const fits = (value: unknown, expected: Expected): boolean =>
  expected === "anything" || (expected === "map" ? isMap(value) : typeof value === expected);
