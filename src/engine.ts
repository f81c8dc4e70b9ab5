import {
  admit,
  type Body,
  type Context,
  finishRows,
  readBodyRows,
  type Rows,
  setBody,
  setFindFirst,
} from "./author/author.ts";
import {
  holdsFirst,
  nameOf,
  type ReaderChoice,
  readCompiler,
  typesOfViews,
  type Unreadable,
  writeCompiler,
} from "./compile/compile.ts";
import { bounded, within } from "./clock.ts";
import { detectDialect } from "./dialect/dialect.ts";
import { busy, checkFailed, limitExceeded } from "./error.ts";
import { execute, type Outside, type Task } from "./execute/execute.ts";
import type { Mark } from "./observe.ts";
import { planRead, planWrite, type ReadPlan, type WritePlan } from "./plan/plan.ts";
import {
  allowedMethods,
  type AnyACL,
  buildRegistry,
  costs,
  find,
  type LimitOptions,
  type Policy,
  type QueryResult,
  type Registry,
  resolve,
  suspicions,
} from "./policy/policy.ts";
import type { Principal, QueryRequest } from "./request/request.ts";
import { isResponse } from "./response.ts";
import {
  type Catalog,
  type ColumnInfo,
  type DatabaseKind,
  mistypes,
  namesOfViews,
  readCatalog,
  type ViewTypes,
} from "./schema/schema.ts";

/** What an engine is made of. */
export interface EngineOptions {
  readonly acl: AnyACL;
  readonly database: unknown;
  readonly schema: Record<string, unknown>;
  readonly defaults?: LimitOptions;
  /** How long a write waits for its turn, in milliseconds. */
  readonly busyTimeout: number;
  /** Whether reads may have a connection of their own. */
  readonly ownConnection: boolean;
  /** How long a transaction and its hooks may take, in milliseconds. */
  readonly timeout: number;
  /** How many requests may be at the database, or waiting for it, at once. */
  readonly maxInFlight: number;
  /** Whether every answer is formatted, so that rows are wanted and not their text. */
  readonly formats: boolean;
  /** Whether what looks like an oversight in the access-control file is refused. */
  readonly strict: boolean;
  /** Told what looks like an oversight, one sentence each. */
  readonly onWarning: (sentence: string) => void;
  /** Told what is wrong with the database though a request was answered. */
  readonly onError: (error: Error) => void;
  /** `"portable"` reads through Drizzle's relational queries only. */
  readonly reader: ReaderChoice;
}

export type { Outside } from "./execute/execute.ts";

/** What a request came to. */
export interface Answer {
  readonly policy: Policy;
  /** Whether one row was asked for instead of a list. */
  readonly first: boolean;
  /** Rows may have come as the JSON they will be sent as. */
  readonly outcome: QueryResult & { readonly json?: string };
}

/** Makes of an answer what is sent; that of a write before it is kept. */
export type Shape<Shaped> = (answer: Answer) => Shaped | Promise<Shaped>;

/** Reads a body of at most so many bytes. */
export type BodyReader = (maxBytes: number) => Promise<Body>;

/** The corridor without HTTP. */
export interface Engine {
  /** The methods that resolve for a caller, and a refusal for a resource that does not exist. */
  allow(request: QueryRequest, principal: Principal): readonly string[];
  /**
   * Answers a request, or gives the `Response` a hook answered; the body is a function because it is read only once a rule
   * was found.
   */
  run<Shaped>(
    request: QueryRequest,
    principal: Principal,
    body: BodyReader,
    shape: Shape<Shaped>,
    mark: Mark,
  ): Promise<Shaped | Response>;
  /** Runs a function of the author that may use the database: in its turn, and no longer than it may take. */
  readonly outside: Outside;
  /** How many statements are remembered, and how many of them the driver keeps prepared. */
  remembered(): { readonly statements: number; readonly prepared: number };
}

/**
 * Reads the schema, checks the access-control file against it and finds the dialect of the database.
 *
 * @throws Error that names every mistake of the file, or the database that is not supported.
 */
export function createEngine(options: EngineOptions): Engine {
  const { timeout, maxInFlight } = options;
  const dialect = detectDialect(options.database, {
    busyTimeout: options.busyTimeout,
    ownConnection: options.ownConnection,
    timeout,
  });
  const catalog = readCatalog(options.schema);
  checkSpeech(catalog, dialect.speaks);
  let registry = buildRegistry(options.acl, catalog, options.defaults);
  warn(suspicions(registry, catalog, dialect.refers), registry, options);
  const unreadable = onceEach((found) => {
    // In its turn: who hears may look into the database too. Or though that does not come.
    const tell = (): void => options.onError(found);
    const telling = outside(tell);
    if (telling instanceof Promise) telling.catch(tell);
  });
  const readers = readCompiler(options.database, dialect, options.reader, unreadable);
  const writers = writeCompiler(options.database, dialect, options.reader, readers, unreadable);
  const plans = new PlanMemory();
  let inFlight = 0;
  const counted = async <T>(work: () => T | Promise<T>): Promise<T> => {
    if (inFlight >= maxInFlight) throw busy();
    inFlight++;
    try {
      return await work();
    } finally {
      inFlight--;
    }
  };
  const outside: Outside = (work, late) => {
    const { door } = dialect;
    if (door === undefined) return bounded(timeout, work, late);
    const guest = () => door.guest(() => bounded(timeout, work, late), options.busyTimeout);
    return door.open ? guest() : counted(guest);
  };
  const run = <Outcome, Answer>(
    task: Omit<Task<Outcome, Answer>, "timeout" | "outside">,
  ): Promise<Answer | Response> => counted(() => execute(dialect, { ...task, timeout, outside }));
  /** Reads the schema anew with what the database says of its views. */
  const askOfViews = async (): Promise<void> => {
    const named = namesOfViews(options.schema);
    const shown = new Map([...named].filter(([name]) => isShown(registry, name)));
    const types = (await run<ViewTypes, ViewTypes>({
      mode: "read",
      atomic: false,
      hooks: { beforeQuery: undefined, afterQuery: undefined, onQueryError: undefined },
      context: {},
      statement: (database) => typesOfViews(database, dialect, shown),
    })) as ViewTypes;
    const known = readCatalog(options.schema, types);
    registry = buildRegistry(options.acl, known, options.defaults);
    unknown = types.size < shown.size; // a view that is not there may come yet
    mistypes(known).forEach((sentence) => options.onWarning(sentence));
  };
  // SQLite compares values of any type, whatever a view computes.
  let unknown = dialect.speaks === "postgresql";
  let asking: Promise<void> | undefined;
  const isFormatted = ({ formatResult }: Policy): boolean => options.formats || formatResult !== undefined;
  const wantsRows = (policy: Policy): boolean => isFormatted(policy) || policy.hooks.afterQuery !== undefined;

  async function read<Shaped>(
    policy: Policy,
    request: QueryRequest,
    principal: Principal,
    shape: Shape<Shaped>,
    mark: Mark,
  ): Promise<Shaped | Response> {
    const { context } = principal;
    const plan = plans.get(policy, request);
    setFindFirst(context, plan.first);
    const admitted = outside(() => admitAll(plan, context));
    const rows = admitted instanceof Promise ? await admitted : admitted;
    mark("plan");
    const statement = readers.compile(plan, rows, wantsRows(policy));
    mark("compile");
    const { hooks } = policy;
    const outcome = await run<QueryResult, QueryResult>({
      mode: "read",
      atomic: false,
      hooks,
      context,
      statement,
    });
    mark("execute");
    if (isResponse(outcome)) return outcome;
    const answer = { policy, first: plan.first, outcome };
    return isFormatted(policy) ? outside(() => shape(answer)) : shape(answer);
  }

  /** The rows a write's total counts: those of its rule, or, where it says nothing of rows, those the caller may read. */
  function totalRows(
    { kind, policy }: WritePlan,
    rows: Rows,
    request: QueryRequest,
    principal: Principal,
  ): Rows | Promise<Rows> {
    if (kind !== "insert" || policy.using !== undefined) return rows;
    const reads = find(registry, { ...request, method: "GET" }, principal);
    if (reads === undefined) return "none";
    return admit(reads.using, reads.table, principal.context, `${reads.path}.where`);
  }

  async function write<Shaped>(
    policy: Policy,
    request: QueryRequest,
    principal: Principal,
    body: BodyReader,
    shape: Shape<Shaped>,
    mark: Mark,
  ): Promise<Shaped | Response> {
    const { context } = principal;
    const plan = planWrite(policy, request);
    const { kind } = plan;
    setFindFirst(context, false);
    mark("plan");
    if (kind !== "delete") {
      const sent = await body(policy.limits.maxBodySize);
      setBody(context, await outside(() => readBodyRows(policy, sent, kind === "insert", context)));
      mark("body");
    }
    const rows = await outside(() => admitAll(plan, context));
    const leaves = kind !== "delete";
    const check = leaves ? await outside(() => admitCheck(policy, rows, context)) : "all";
    const ensure =
      policy.ensure === undefined
        ? "all"
        : await outside(() => admit(policy.ensure, policy.table, context, `${policy.path}.ensure`));
    const triggered =
      leaves && (policy.triggers ?? (await within(timeout, writers.isTriggered(policy.table))));
    const counted = plan.total
      ? await outside(() => totalRows(plan, rows[0]!, request, principal))
      : rows[0]!;
    const write = writers.compile(
      plan,
      { rows, check, ensure, counted },
      { asRows: wantsRows(policy), triggered },
    );
    const statement = async (database: unknown): Promise<QueryResult> => {
      const values = kind === "delete" ? [] : finishRows(policy, kind, context.body);
      const { passed, ...outcome } = await write(database, values);
      if (!passed) throw checkFailed();
      if (outcome.rowsAffected > policy.maxAffected) {
        throw limitExceeded(`${outcome.rowsAffected} rows exceed ${policy.maxAffected}`, "select.where");
      }
      return { ...outcome, count: outcome.rowsAffected };
    };
    const atomic =
      isFormatted(policy) ||
      triggered ||
      ensure !== "all" ||
      holdsFirst(plan, { rows, check }) ||
      isAtomic(plan, check, context.body);
    const { hooks } = policy;
    const finish = (outcome: QueryResult): Shaped | Promise<Shaped> =>
      shape({ policy, first: false, outcome });
    mark("compile");
    const answer = await run({ mode: "write", atomic, hooks, context, statement, finish });
    mark("execute");
    return answer;
  }

  return {
    outside,
    remembered: () => ({ statements: readers.size + writers.size, prepared: dialect.prepared }),
    allow(request, principal) {
      if (!registry.has(request.resource)) resolve(registry, request, principal);
      return allowedMethods(registry, request, principal);
    },
    async run(request, principal, body, shape, mark) {
      let policy = resolve(registry, request, principal);
      if (unknown && policy.table.kind === "view") {
        await (asking ??= askOfViews().finally(() => (asking = undefined)));
        policy = resolve(registry, request, principal);
      }
      const reads = request.method === "GET" || request.method === "HEAD";
      return reads
        ? read(policy, request, principal, shape, mark)
        : write(policy, request, principal, body, shape, mark);
    },
  };
}

/** Tells of a column that holds what it cannot read, once: every read of the row would tell again. */
function onceEach(tell: (error: Error) => void): Unreadable {
  const told = new Set<string>();
  return (column, cause) => {
    const name = nameOf(column);
    if (told.has(name)) return;
    told.add(name);
    tell(new Error(`${name} holds a value that its column cannot read: it is answered as null`, { cause }));
  };
}

/** Whether some resource shows a table or a view. */
const isShown = (registry: Registry, name: string): boolean =>
  [...registry.values()].some((methods) =>
    [...methods.values()].some((rules) => [...rules.values()].some(({ table }) => table.name === name)),
  );

/** Refuses a schema that was written for another database. */
function checkSpeech(catalog: Catalog, speaks: DatabaseKind): void {
  for (const { name, database } of catalog.values())
    if (database !== speaks)
      throw new Error(`table \`${name}\` of the schema is for ${database}, the database speaks ${speaks}`);
}

function warn(suspected: readonly string[], registry: Registry, { strict, onWarning }: EngineOptions): void {
  if (strict && suspected.length > 0) {
    const lines = suspected.map((sentence) => `  ${sentence}`);
    throw new Error(`the access-control file looks suspicious:\n${lines.join("\n")}`);
  }
  // What is slow is told and never refused: the database may have an index the schema does not tell of.
  [...suspected, ...costs(registry)].forEach((sentence) => onWarning(sentence));
}

/** The plans of questions that are asked again: a plan holds no caller, so one serves all who fall under its policy. */
class PlanMemory {
  readonly #plans = new WeakMap<QueryRequest, Map<Policy, ReadPlan>>();

  get(policy: Policy, request: QueryRequest): ReadPlan {
    if (request.recurring !== true) return planRead(policy, request);
    let plans = this.#plans.get(request);
    if (plans === undefined) this.#plans.set(request, (plans = new Map()));
    let plan = plans.get(policy);
    if (plan === undefined) plans.set(policy, (plan = planRead(policy, request)));
    return plan;
  }
}

/** What a written row must satisfy: the rule's `check`, which is its `where` unless it says otherwise. */
function admitCheck(
  { check, using, table, path }: Policy,
  rows: readonly Rows[],
  context: Context,
): Rows | Promise<Rows> {
  return check === using ? rows[0]! : admit(check, table, context, `${path}.check`);
}

const isMapped = ({ kind, element }: ColumnInfo): boolean =>
  kind === "custom" || (element !== undefined && isMapped(element));

/** Whether a write needs a transaction: what can still be refused after its statement, or takes more than one. */
function isAtomic({ policy, total, answer }: WritePlan, check: Rows, body: unknown): boolean {
  return (
    answer.extras.size > 0 ||
    answer.columns.some(isMapped) || // an author's mapping may throw
    check !== "all" ||
    Array.isArray(body) ||
    total ||
    answer.relations.size > 0 ||
    policy.maxAffected !== Number.POSITIVE_INFINITY
  );
}

/** The rows each node of a plan admits for this caller, by the node's index. */
function admitAll(
  { nodes }: Pick<ReadPlan, "nodes">,
  context: Context,
): readonly Rows[] | Promise<readonly Rows[]> {
  const admitted = nodes.map(({ policy, table }) =>
    admit(policy.using, table, context, `${policy.path}.where`),
  );
  // Most filters answer at once; then nobody waits.
  return admitted.some((rows) => rows instanceof Promise) ? all(admitted) : (admitted as readonly Rows[]);
}

async function all(admitted: readonly (Rows | Promise<Rows>)[]): Promise<readonly Rows[]> {
  return Promise.all(admitted.map(async (rows) => rows));
}
