import { Cache, Seen } from "../cache.ts";
import { readNumber } from "../digits.ts";
import { at, invalidValue, QueryError, quote, unknownParameter } from "../error.ts";
import {
  type AggregateWish,
  askedAs,
  EVERY_METHOD,
  type Filling,
  type Method,
  ON_CONFLICT,
  type QueryRequest,
  readAggregate,
  readConflict,
  readSelector,
  type Scope,
  type Selector,
  type Template,
  traitsOf,
} from "../request/request.ts";
import { parse as parseRJSON, RJSONParseError } from "../rjson/rjson.ts";
import { misreadHint } from "./misread.ts";
import { readQueryString } from "./query-string.ts";
import { Lately } from "./lately.ts";
import { Blanks, type Outline, outline, type Stencil } from "./template.ts";

const SCOPES: readonly Scope[] = ["mine", "guest", "mine|guest"];
const NOTHING: Selector = {};

const PARAMETERS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  EVERY_METHOD.map(({ name, parameters }) => [name, new Set<string>([...SCOPES, ...parameters])]),
);

/** The names of the parameters that a method takes. */
export const parametersOf = (method: Method): ReadonlySet<string> => PARAMETERS.get(method)!;

/** A refusal of a parameter, beside those that are `declared`; of a part of `select` with where it belongs. */
export function unknownTo(method: Method, name: string, declared: Iterable<string> = []): Error {
  const part = (traitsOf(method).selector as ReadonlySet<string>).has(name);
  const hint = part ? `write select=(${name}:…)` : undefined;
  return unknownParameter(name, [...parametersOf(method), ...declared], hint);
}

/**
 * Reads the client's question from a request. Nothing of it is decided yet.
 *
 * @throws QueryError `unknown-parameter`, `invalid-syntax` or `invalid-value`.
 */
export function parse(method: Method, resource: string, search: string): QueryRequest {
  const again = lately.find(method, resource, search);
  if (again !== undefined) return again;
  // With its length, so that a resource never reads as another one and its parameters.
  const key = `${method} ${resource.length} ${resource}${search}`;
  const known = questions.get(key);
  if (known !== undefined) {
    lately.keep(method, resource, (other) => (other === search ? known : undefined));
    return known;
  }
  const filled = ASKING.has(method) ? fill(method, resource, search) : undefined;
  if (filled !== undefined) return filled;
  const question = read(method, resource, search);
  if (key.length > MAX_REMEMBERED || !seen.before(key)) return question;
  const recurring = askedAs(question, { recurring: true });
  questions.set(key, recurring);
  return recurring;
}

/** The methods whose plans are remembered. */
const ASKING: ReadonlySet<Method> = new Set(
  EVERY_METHOD.flatMap(({ name, action }) => (action === "read" ? [name] : [])),
);

/** The question as one that fills a template, where others did before it: it need not be read, nor planned. */
function fill(method: Method, resource: string, search: string): QueryRequest | undefined {
  const outlined = outline(search);
  if (outlined === undefined) return undefined;
  const { text, values, stencil } = outlined;
  const key = `${method} ${resource.length} ${resource}${text}`;
  if (key.length > MAX_REMEMBERED) return undefined;
  let template = templates.get(key);
  if (template === undefined) {
    if (!seen.before(key)) return undefined;
    templates.set(key, (template = readTemplate(method, resource, outlined)));
  }
  if (template === "none" || !template.fits) return undefined;
  lately.keep(method, resource, fillerOf(template, stencil));
  return new Filled({ template, values }, search);
}

/** Reads what fills a template, as long as anything does. */
const fillerOf =
  (template: Template, stencil: Stencil) =>
  (search: string): QueryRequest | undefined => {
    const values = template.fits ? stencil.valuesOf(search) : undefined;
    return values && new Filled({ template, values }, search);
  };

/** Every member of a question, so that none is forgotten. */
type Members = { readonly [Member in keyof Required<QueryRequest>]: QueryRequest[Member] };

/** A question that fills a template; what it selects is read where somebody asks, which is seldom. */
class Filled implements Members {
  readonly method: Method;
  readonly resource: string;
  readonly scope: Members["scope"];
  readonly first: Members["first"];
  readonly can: Members["can"];
  readonly cursor: Members["cursor"];
  readonly filtered: Members["filtered"];
  readonly aggregate: Members["aggregate"];
  readonly total: Members["total"];
  readonly conflict: Members["conflict"];
  readonly match: Members["match"];
  readonly prefer: Members["prefer"];
  readonly recurring: Members["recurring"];
  readonly filling: Filling;
  readonly #search: string;
  #selector: Selector | undefined;

  constructor(filling: Filling, search: string) {
    const { request } = filling.template;
    this.method = request.method;
    this.resource = request.resource;
    this.scope = request.scope;
    this.first = request.first;
    this.can = request.can;
    this.cursor = request.cursor;
    this.filtered = request.filtered;
    this.aggregate = request.aggregate;
    this.total = request.total;
    this.conflict = request.conflict;
    this.match = request.match;
    this.prefer = request.prefer;
    this.recurring = request.recurring;
    this.filling = filling;
    this.#search = search;
  }

  get selector(): Selector {
    return (this.#selector ??= read(this.method, this.resource, this.#search).selector);
  }
}

function readTemplate(method: Method, resource: string, { text, values }: Outline): Template | "none" {
  const blanks = new Blanks(values);
  try {
    const request = read(method, resource, text, blanks.placeIn);
    if (!blanks.complete) return "none";
    const { inFilter, cursor } = blanks;
    return { request: askedAs(request, { recurring: true }), blanks: inFilter, cursor, fits: true };
  } catch (error) {
    if (error instanceof QueryError) return "none"; // which says so when it is read as it is
    throw error;
  }
}

/** A question asked once is not remembered. */
const seen = new Seen();

/**
 * What all questions of a generation may have in characters. A question with its plans takes up to a hundred times the
 * bytes, so this is a few MiB.
 */
const MAX_CHARACTERS = 131_072;
/** Front ends repeat themselves: the questions asked lately, by their very text. */
const questions = new Cache<QueryRequest>(350, { most: 0.75 * MAX_CHARACTERS });
/** Questions whose values are left blank; `"none"` where one depends on its values, or is none. */
const templates = new Cache<Template | "none">(150, { most: 0.25 * MAX_CHARACTERS });
/** Questions and templates that were found last. */
const lately = new Lately();
/** How many questions are remembered. */
export const rememberedQuestions = (): number => questions.size + templates.size;
/** Longer questions are read anew, so that what is remembered has a bound in bytes too. */
const MAX_REMEMBERED = 2_048;

/** `place`: puts blanks into what was parsed of `select`. */
function read(
  method: Method,
  resource: string,
  search: string,
  place?: (selector: unknown) => unknown,
): QueryRequest {
  if (search.length < 2) return { method, resource, selector: NOTHING };
  const parameters = readQueryString(search, parametersOf(method), (name) => unknownTo(method, name));
  const scope = readScope(parameters);
  const first = readFlag(parameters, "findFirst");
  const total = readFlag(parameters, "countTotal");
  const filtered = readFlag(parameters, "countFiltered");
  const can = readFlag(parameters, "can");
  const aggregate = readAggregates(parameters);
  const cursor = readFlag(parameters, "cursor");
  const onConflict = parameters.get(ON_CONFLICT);
  return {
    method,
    resource,
    selector: readSelect(parameters.get("select"), method, place),
    ...(scope !== undefined && { scope }),
    ...(first !== undefined && { first }),
    ...(total !== undefined && { total }),
    ...(filtered === true && { filtered }),
    ...(can === true && { can }),
    ...(aggregate !== undefined && { aggregate }),
    ...(cursor === true && { cursor }),
    ...(onConflict !== undefined && { conflict: readConflict(readRJSON(onConflict, ON_CONFLICT)) }),
  };
}

/** What is said of rows, and not of numbers about them. */
const OF_ROWS = ["select", "findFirst", "countTotal", "cursor", "can"];

function readAggregates(parameters: ReadonlyMap<string, string>): AggregateWish | undefined {
  const text = parameters.get("aggregate");
  if (text === undefined) return undefined;
  for (const name of OF_ROWS)
    if (parameters.has(name))
      throw new QueryError("unknown-parameter", `\`${name}\` is of rows, and \`aggregate\` answers none`, {
        path: name,
        hint: "`aggregate` has `where`, `orderBy`, `limit` and `offset` of its own",
      });
  return readAggregate(readRJSON(text, "aggregate"));
}

function readFlag(parameters: ReadonlyMap<string, string>, name: string): boolean | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  if (text === "" || text === "T" || text === "true") return true;
  if (text === "F" || text === "false") return false;
  throw invalidValue(`\`${name}\` is a flag: it takes T, F or nothing`, name);
}

function readScope(parameters: ReadonlyMap<string, string>): Scope | undefined {
  const asked = SCOPES.filter((scope) => readFlag(parameters, scope) === true);
  if (asked.length > 1)
    throw invalidValue("only one scope can be asked for", asked[1]!, "write `mine|guest` for both");
  return asked[0];
}

function readSelect(
  text: string | undefined,
  method: Method,
  place: (selector: unknown) => unknown = (selector) => selector,
): Selector {
  if (text === undefined || text === "") return NOTHING;
  const value = place(readRJSON(text, "select"));
  return value === undefined ? NOTHING : readSelector(value, traitsOf(method).selector);
}

/**
 * Parses RJSON as the engine takes it: bare words are text, paths among them, `__proto__` is refused as is a key that its
 * map has already, since one of the two would go unheard, and a text stands for few more values than it has characters,
 * however its mapped arrays nest.
 */
export function readRJSON(text: string, path: string): unknown {
  try {
    const maxNodes = Math.max(1_000, text.length);
    const duplicateKey = (key: string): never => {
      throw invalidValue(`${quote(key)} is written twice in one map`, at("", path), "write it once");
    };
    return parseRJSON(text, {
      words: "dotted",
      protoKeys: "error",
      maxNodes,
      number: readNumber,
      duplicateKey,
    });
  } catch (error) {
    if (!(error instanceof RJSONParseError)) throw error;
    throw new QueryError("invalid-syntax", `\`${path}\` is not RJSON at character ${error.index + 1}`, {
      path: at("", path),
      hint: misreadHint(text, error),
    });
  }
}
