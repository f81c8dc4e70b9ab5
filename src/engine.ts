import { compileRead, compileWrite } from "./compile/compile.ts";
import { detectDialect, type Dialect } from "./dialect/dialect.ts";
import { limitExceeded, QueryError } from "./error.ts";
import { execute } from "./execute/execute.ts";
import {
  admit,
  type Body,
  finishRows,
  planRead,
  planWrite,
  readBodyRows,
  type ReadPlan,
  type Rows,
  type WritePlan,
} from "./plan/plan.ts";
import {
  allowedMethods,
  type AnyACL,
  buildRegistry,
  type LimitOptions,
  type Policy,
  type QueryResult,
  resolve,
} from "./policy/policy.ts";
import type { Principal, QueryRequest } from "./request/request.ts";
import { readCatalog } from "./schema/schema.ts";

/** What an engine is made of. */
export interface EngineOptions {
  readonly acl: AnyACL;
  readonly database: unknown;
  readonly schema: Record<string, unknown>;
  readonly defaults?: LimitOptions;
  /** How long a write waits for its turn, in milliseconds. */
  readonly busyTimeout: number;
}

/** What a request came to: a result to be shaped, or the `Response` a hook answered. */
export interface Answer {
  readonly policy: Policy;
  /** Whether one row was asked for instead of a list. */
  readonly first: boolean;
  readonly outcome: QueryResult | Response;
}

/** The corridor without HTTP. */
export interface Engine {
  /** The methods that resolve for a caller, and a refusal for a resource that does not exist. */
  allow(request: QueryRequest, principal: Principal): readonly string[];
  /** Answers a request; the body is a function because it is read only once a rule was found. */
  run(
    request: QueryRequest,
    principal: Principal,
    body: (maxBytes: number) => Promise<Body>,
  ): Promise<Answer>;
}

/**
 * Reads the schema, checks the access-control file against it and finds the dialect of the database.
 *
 * @throws Error that names every mistake of the file, or the database that is not supported.
 */
export function createEngine({ acl, database, schema, defaults, busyTimeout }: EngineOptions): Engine {
  const registry = buildRegistry(acl, readCatalog(schema), defaults);
  const dialect = detectDialect(database, { busyTimeout });
  return {
    allow: (request, principal) => {
      if (!registry.has(request.resource)) resolve(registry, request, principal);
      return allowedMethods(registry, request, principal);
    },
    async run(request, principal, body) {
      const policy = resolve(registry, request, principal);
      principal.context["findFirst"] = false;
      return request.method === "GET" || request.method === "HEAD"
        ? read(dialect, policy, request, principal)
        : write(dialect, policy, request, principal, body);
    },
  };
}

async function read(
  dialect: Dialect,
  policy: Policy,
  request: QueryRequest,
  { context }: Principal,
): Promise<Answer> {
  const plan = planRead(policy, request);
  context["findFirst"] = plan.first;
  const statement = compileRead(plan, await admitAll(plan, context));
  const outcome = await execute(dialect, {
    mode: "read",
    atomic: false,
    hooks: policy.hooks,
    context,
    statement,
  });
  return { policy, first: plan.first, outcome };
}

async function write(
  dialect: Dialect,
  policy: Policy,
  request: QueryRequest,
  { context }: Principal,
  body: (maxBytes: number) => Promise<Body>,
): Promise<Answer> {
  const plan = planWrite(policy, request);
  const { kind } = plan;
  if (kind !== "delete")
    context["body"] = await readBodyRows(
      policy,
      await body(policy.limits.maxBodySize),
      kind === "insert",
      context,
    );
  const rows = await admitAll(plan, context);
  const check = policy.check === policy.using ? rows[0]! : await admit(policy.check, policy.table, context);
  const write = compileWrite(plan, { rows, check: kind === "delete" ? "all" : check });
  const statement = async (database: unknown): Promise<QueryResult> => {
    const values = kind === "delete" ? [] : finishRows(policy, kind, context["body"]);
    const { passed, ...outcome } = await write(database, values);
    if (!passed) throw new QueryError("check-failed", "a row would leave what you may write");
    if (outcome.rowsAffected > policy.maxAffected) {
      throw limitExceeded(`${outcome.rowsAffected} rows exceed ${policy.maxAffected}`, "select.where");
    }
    return { ...outcome, count: outcome.rowsAffected };
  };
  const atomic = isAtomic(plan, check, context["body"]);
  const outcome = await execute(dialect, { mode: "write", atomic, hooks: policy.hooks, context, statement });
  return { policy, first: false, outcome };
}

/** Whether a write needs a transaction: what can still be refused after its statement, or takes more than one. */
function isAtomic({ kind, policy, total, answer }: WritePlan, check: Rows, body: unknown): boolean {
  const checked = kind !== "delete" && check !== "all";
  return (
    checked ||
    Array.isArray(body) ||
    total ||
    answer.relations.size > 0 ||
    policy.maxAffected !== Number.POSITIVE_INFINITY
  );
}

/** The rows each node of a plan admits for this caller, by the node's index. */
async function admitAll({ nodes }: Pick<ReadPlan, "nodes">, context: unknown): Promise<readonly Rows[]> {
  return Promise.all(nodes.map(async ({ policy, table }) => admit(policy.using, table, context)));
}
