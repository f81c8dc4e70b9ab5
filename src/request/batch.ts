import { at, invalidBody, QueryError, quote, quoteAll } from "../error.ts";
import { didYouMean } from "../suggest.ts";
import { type ConflictWish, ON_CONFLICT, readConflict } from "./conflict.ts";
import { isMap } from "./map.ts";
import { isBodiless, type Method, RULED, traitsOf } from "./method.ts";
import type { Match, QueryRequest, Scope } from "./request.ts";
import { readSelector, type Selector } from "./selector.ts";

/** One request of a batch, as its client wrote it; what may refer to earlier answers is not read yet. */
export interface Operation {
  readonly method: Method;
  readonly resource: string;
  /** The name by which later ones refer to its answer. */
  readonly as: string | undefined;
  /** Its tree, a map: of its filter nothing is read yet. */
  readonly select: Readonly<Record<string, unknown>>;
  /** Absent where it has none. */
  readonly body?: unknown;
  /** All else it asks. */
  readonly wishes: Omit<QueryRequest, "method" | "resource" | "selector">;
}

/** Reads RJSON text of a question, at a path. */
export type ReadText = (text: string, path: string) => unknown;

const METHODS: readonly Method[] = RULED.filter((method) => !isBodiless(method));
const SCOPES: readonly Scope[] = ["mine", "guest", "mine|guest"];

/**
 * Reads the body of a batch: a list of requests, each a map.
 *
 * @throws QueryError `invalid-body`, the index of the request at the beginning of its path.
 */
export function readBatch(value: unknown, most: number, readText: ReadText): readonly Operation[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidBody("a batch is a list of requests", undefined, undefined, EXAMPLE);
  if (value.length > most) throw invalidBody(`${value.length} requests exceed ${most}`);
  const names = new Set<string>();
  return value.map((item: unknown, index) => {
    const operation = readOperation(item, String(index), readText);
    const { as } = operation;
    if (as === undefined) return operation;
    if (names.has(as)) throw invalidBody(`${quote(as)} names two requests`, at(String(index), "as"));
    names.add(as);
    return operation;
  });
}

const EXAMPLE = 'write [{ "method": "POST", "resource": "posts", "body": { … } }]';

/** What each member of a request is read by; the parameters a method takes are those of its URL. */
const MEMBERS = [
  "method",
  "resource",
  "as",
  "scope",
  "select",
  "body",
  "onConflict",
  "findFirst",
  "countTotal",
  "can",
  "ifMatch",
] as const;
type Member = (typeof MEMBERS)[number];
const KNOWN: ReadonlySet<string> = new Set(MEMBERS);

function readOperation(item: unknown, path: string, readText: ReadText): Operation {
  if (!isMap(item)) throw invalidBody("a request of a batch is a map", path, undefined, EXAMPLE);
  for (const key of Object.keys(item))
    if (!KNOWN.has(key))
      throw invalidBody(
        `${quote(key)} is no part of a request`,
        at(path, key),
        undefined,
        didYouMean(key, KNOWN) ?? `it takes ${quoteAll(KNOWN)}`,
      );
  const given = item as Partial<Record<Member, unknown>>;
  const method = oneOf(METHODS, given.method, at(path, "method"));
  const { resource, as } = given;
  if (typeof resource !== "string" || resource === "")
    throw invalidBody("`resource` names what is asked", at(path, "resource"));
  if (as !== undefined && (typeof as !== "string" || !NAME.test(as)))
    throw invalidBody(
      "`as` takes a name",
      at(path, "as"),
      undefined,
      "letters, digits and `_`, and a letter first: digits alone are places",
    );
  refuseBody(method, Object.hasOwn(given, "body"), path);
  return {
    method,
    resource,
    as,
    select: readTree(given.select, at(path, "select"), readText),
    wishes: { ...readWishes(given, method, path), ...readMeeting(given, method, path, readText) },
    ...(Object.hasOwn(given, "body") && { body: given.body }),
  };
}

const NAME = /^[A-Za-z_]\w{0,63}$/;

function refuseBody(method: Method, given: boolean, path: string): void {
  const { action } = traitsOf(method);
  const takes = action === "insert" || action === "update";
  if (takes === given) return;
  throw invalidBody(`${method} takes ${takes ? "a" : "no"} body`, at(path, "body"));
}

function readTree(value: unknown, path: string, readText: ReadText): Operation["select"] {
  const tree = typeof value === "string" && value !== "" ? readText(value, path) : (value ?? {});
  if (tree === "") return {};
  if (!isMap(tree)) throw invalidBody("`select` takes a map, or its RJSON", path);
  return tree;
}

function readWishes(
  given: Partial<Record<Member, unknown>>,
  method: Method,
  path: string,
): Operation["wishes"] {
  const { parameters, action } = traitsOf(method);
  const flag = (name: "findFirst" | "countTotal" | "can"): boolean | undefined => {
    const value = given[name];
    if (value === undefined) return undefined;
    if (!parameters.has(name)) throw invalidBody(`\`${name}\` is not taken by ${method}`, at(path, name));
    if (typeof value !== "boolean") throw invalidBody(`\`${name}\` takes true or false`, at(path, name));
    return value;
  };
  const [first, total, can] = [flag("findFirst"), flag("countTotal"), flag("can")];
  const scope = given.scope === undefined ? undefined : oneOf(SCOPES, given.scope, at(path, "scope"));
  const match = given.ifMatch === undefined ? undefined : readVersions(given.ifMatch, at(path, "ifMatch"));
  if (match !== undefined && action !== "update" && action !== "delete")
    throw invalidBody(`\`ifMatch\` is not taken by ${method}`, at(path, "ifMatch"));
  return {
    ...(scope !== undefined && { scope }),
    ...(first !== undefined && { first }),
    ...(total !== undefined && { total }),
    ...(can === true && { can }),
    ...(match !== undefined && { match }),
  };
}

/** What becomes of rows that new ones meet. */
function readMeeting(
  { onConflict }: Partial<Record<Member, unknown>>,
  method: Method,
  path: string,
  readText: ReadText,
): { readonly conflict?: ConflictWish } {
  if (onConflict === undefined) return {};
  const here = at(path, ON_CONFLICT);
  if (!traitsOf(method).parameters.has(ON_CONFLICT))
    throw invalidBody(`\`${ON_CONFLICT}\` is not taken by ${method}`, here);
  const wish = typeof onConflict === "string" ? readText(onConflict, here) : onConflict;
  try {
    return { conflict: readConflict(wish) };
  } catch (error) {
    throw error instanceof QueryError ? error.under(path) : error;
  }
}

/** The versions of rows that a change is made for: `"*"`, a number, or a list of some. */
function readVersions(value: unknown, path: string): Match {
  if (value === "*") return "any";
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.every((version): version is number => Number.isSafeInteger(version))) return list;
  throw invalidBody("`ifMatch` takes a version, a list of versions, or '*'", path);
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown, path: string): Word {
  const word = words.find((one) => one === value);
  if (word !== undefined) return word;
  throw invalidBody(
    `expected ${words.map((one) => `\`${one}\``).join(", ")}`,
    path,
    undefined,
    typeof value === "string" ? didYouMean(value.toUpperCase(), words) : undefined,
  );
}

/** The question of a request, its filter as it is when all it refers to is known. */
export function requestOf({ method, resource, select, wishes }: Operation): QueryRequest {
  const selector: Selector = readSelector(select, traitsOf(method).selector);
  return { method, resource, selector, ...wishes };
}
