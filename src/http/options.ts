import type { LaneOptions } from "../dialect/dialect.ts";
import type { LimitOptions } from "../policy/policy.ts";
import { didYouMean } from "../suggest.ts";
import type { BatchOptions } from "./batch.ts";
import type { CorsOptions } from "./cors.ts";
import type { OpenAPIRouteOptions } from "./openapi.ts";
import type { IdempotencyKeyOptions, QueryRouteOptions } from "./route-options.ts";

/** The names of an object's members, each once: the compiler finds one that is missing here. */
type Names<Options> = Readonly<Record<keyof Options, true>>;

const ROUTE: Names<QueryRouteOptions> = {
  acl: true,
  tables: true,
  access: true,
  openapi: true,
  inspect: true,
  explorer: true,
  batch: true,
  problems: true,
  database: true,
  schema: true,
  idParam: true,
  basePath: true,
  defaults: true,
  session: true,
  caller: true,
  secret: true,
  cursorMaxAge: true,
  afterWrite: true,
  afterCommit: true,
  onError: true,
  observe: true,
  serverTiming: true,
  cors: true,
  idempotency: true,
  jsonPatch: true,
  live: true,
  headers: true,
  reader: true,
  dialect: true,
  ownConnection: true,
  lane: true,
  strict: true,
  onWarning: true,
  timeout: true,
  maxInFlight: true,
  busyTimeout: true,
};

const SESSION: Names<NonNullable<QueryRouteOptions["session"]>> = { parser: true, getRole: true };
const CORS: Names<CorsOptions> = { origin: true, credentials: true, headers: true, maxAge: true };
const IDEMPOTENCY: Names<IdempotencyKeyOptions> = { table: true, caller: true, maxAge: true, maxSize: true };
const LANE: Names<LaneOptions> = { open: true, processes: true };
const OPENAPI: Names<OpenAPIRouteOptions> = { title: true, version: true, servers: true, public: true };
const BATCH: Names<BatchOptions> = { maxOperations: true };
const LIMITS: Names<LimitOptions> = {
  maxLimit: true,
  maxOffset: true,
  maxDepth: true,
  maxConditions: true,
  maxList: true,
  maxRows: true,
  maxBodySize: true,
  maxCost: true,
  maxWork: true,
  maxAnswerSize: true,
  onSurpassMaxLimit: true,
};

/** The options that hold options. */
const INNER: Readonly<Record<string, object>> = {
  defaults: { ...LIMITS, formatResult: true },
  session: SESSION,
  cors: CORS,
  idempotency: IDEMPOTENCY,
  lane: LANE,
  batch: BATCH,
  openapi: OPENAPI,
};

/**
 * Looks whether all options exist; one that is undefined is none.
 *
 * @throws Error that names every option that does nothing, for its author believes in it.
 */
export function checkOptions(options: object): void {
  const mistakes: string[] = [];
  for (const [name, value] of given(options)) {
    const inner = Object.hasOwn(INNER, name) ? INNER[name] : undefined;
    if (!Object.hasOwn(ROUTE, name)) mistakes.push(unknown(name, name, homeOf(name), ROUTE));
    else if (inner !== undefined && typeof value === "object" && value !== null)
      for (const [member] of given(value))
        if (!Object.hasOwn(inner, member))
          mistakes.push(unknown(`${name}.${member}`, member, besides(member, name), inner));
  }
  if (mistakes.length > 0)
    throw new Error(`the options have mistakes:\n${mistakes.map((sentence) => `  ${sentence}`).join("\n")}`);
}

const given = (options: object): readonly (readonly [string, unknown])[] =>
  Object.entries(options).filter(([, value]) => value !== undefined);

function unknown(path: string, name: string, place: string | undefined, known: object): string {
  const hint = place ?? didYouMean(name, Object.keys(known));
  return `${path}: there is no such option${hint === undefined ? "" : ` (${hint})`}`;
}

/** Where an option stands that does not stand at the top. */
function homeOf(name: string): string | undefined {
  const home = Object.keys(INNER).find((place) => Object.hasOwn(INNER[place]!, name));
  return home && `it stands in \`${home}\``;
}

/** Where one stands that is looked for too deep. */
const besides = (name: string, place: string): string | undefined =>
  Object.hasOwn(ROUTE, name) ? `it stands beside \`${place}\`` : homeOf(name);
