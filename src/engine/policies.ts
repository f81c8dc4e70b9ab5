import { describeAccess, type View, viewOf } from "../access/access.ts";
import { setRole } from "../author/author.ts";
import { Cache } from "../cache.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { typesOfViews } from "../execute/execute.ts";
import {
  type AnyACL,
  type AnyTableRules,
  Binder,
  Declared,
  buildRegistry,
  costs,
  exampleOf,
  keysOf,
  limitsOf,
  type Limits,
  placedRules,
  type LimitOptions,
  type Parameters,
  type Policy,
  type Registry,
  find,
  resolve,
  roleUnder,
  suspicions,
} from "../policy/policy.ts";
import type { Change } from "../plan/plan.ts";
import { type Method, type Principal, type QueryRequest, RULED, traitsOf } from "../request/request.ts";
import {
  type Catalog,
  Lineage,
  mistypes,
  namesOfViews,
  readCatalog,
  type TableInfo,
} from "../schema/schema.ts";

/** What policies are made of. */
export interface PolicyOptions {
  readonly acl: AnyACL;
  readonly tables?: AnyTableRules;
  readonly schema: Record<string, unknown>;
  readonly defaults?: LimitOptions;
  /** How long the database may take to say what its views are, in milliseconds. */
  readonly timeout: number;
  /** Whether what looks like an oversight in the access-control file is refused. */
  readonly strict: boolean;
  /** Told what looks like an oversight, one sentence each. */
  readonly onWarning: (sentence: string) => void;
}

/** How one row is asked for. */
export interface OneRow {
  /** Whether the question has to say that it is for one. */
  readonly first: boolean;
  /** A filter that fixes a key, as a client writes it. */
  readonly where: string;
}

const NONE: readonly never[] = [];

/** The methods that change rows which are there. */
const CHANGES = RULED.filter((method) => ["update", "delete"].includes(traitsOf(method).action));

/** A role that no rule is written for. */
const NAMELESS = "";

/** So many lists of roles are remembered with the rules they lead to. */
const MOST_BINDERS = 200;
/** What is remembered of what they may do has so many characters in each of two generations. */
const MOST_DESCRIBED = 4_194_304;

/** All policies of a route. What the views of PostgreSQL compute, the database is asked before the first of them is read. */
export class Policies {
  registry: Registry;
  /** The parameters that resources declare. */
  declared: Declared;
  /** The limits that hold where no rule and no entry has its own. */
  readonly limits: Limits;
  /** The tables of the schema. */
  readonly tables: readonly TableInfo[];
  readonly #catalog: Catalog;
  #lineage: Lineage | undefined;
  readonly #options: PolicyOptions;
  readonly #dialect: Dialect;
  /** Whether some view's types are not known yet. SQLite compares values of any type, whatever a view computes. */
  #unknown: boolean;
  #asking: Promise<void> | undefined;
  /** The roles that rules are written for. */
  readonly #roles: ReadonlySet<string>;
  /** By the roles of callers that rules are written for, so they are few. */
  #binders = new Cache<Binder>(MOST_BINDERS);
  /** What these callers may do. */
  readonly #described = new Cache<string>(MOST_BINDERS, {
    most: MOST_DESCRIBED,
    weigh: (_, access) => access.length,
  });

  /** @throws Error that names every mistake of the access-control file. */
  constructor(options: PolicyOptions, dialect: Dialect) {
    const catalog = readCatalog(options.schema);
    checkSpeech(catalog, dialect);
    this.#catalog = catalog;
    this.tables = [...catalog.values()].filter(({ kind }) => kind === "table");
    this.registry = buildRegistry(options.acl, catalog, options.defaults, options.tables);
    this.declared = new Declared(this.registry);
    this.limits = limitsOf(options.defaults);
    this.#roles = new Set([...placedRules(this.registry)].map(({ role }) => role));
    warn(suspicions(this.registry, catalog, dialect.refers), this.registry, options);
    this.#options = options;
    this.#dialect = dialect;
    this.#unknown = dialect.speaks === "postgresql";
  }

  /** Which tables are looked at, and change, with others. */
  get lineage(): Lineage {
    return (this.#lineage ??= new Lineage(this.#options.schema, this.#catalog));
  }

  /** The policy for a request: at once, but before the first read of a view. */
  resolve(request: QueryRequest, principal: Principal): Policy | Promise<Policy> {
    const policy = this.#resolve(request, principal);
    if (!this.#unknown || policy.table.kind !== "view") return policy;
    return this.#known().then(() => this.#resolve(request, principal));
  }

  /** What a caller may do, as JSON: the same for all of his roles. */
  access(principal: Principal): string | Promise<string> {
    return this.told(principal, "", (view) => JSON.stringify(describeAccess(view)));
  }

  /** A text about what a caller may do, which is remembered by his roles, and by what kind of text it is. */
  told(principal: Principal, kind: string, tell: (view: View) => string): string | Promise<string> {
    return this.#unknown && hasViews(this.registry)
      ? this.#known().then(() => this.#told(principal, kind, tell))
      : this.#told(principal, kind, tell);
  }

  #told(principal: Principal, kind: string, tell: (view: View) => string): string {
    const key = JSON.stringify([kind, ...this.#named(principal.roles)]);
    let text = this.#described.get(key);
    if (text === undefined) {
      const bind = (policy: Policy): Policy => this.#bind(policy, principal);
      text = tell(viewOf(this.registry, this.declared, principal.roles, bind));
      this.#described.set(key, text);
    }
    return text;
  }

  /** The parameters of a request, and a refusal for who may not ask. */
  parameters(request: QueryRequest, { roles }: Principal): Parameters {
    return this.declared.of(resolve(this.registry, request, roles));
  }

  /** How a caller asks a resource for one row; `undefined` where he cannot. */
  oneRow(resource: string, { roles }: Principal): OneRow | undefined {
    const policy = find(this.registry, { method: "GET", resource }, roles);
    if (policy === undefined || policy.forbids.has("where")) return undefined;
    const { table, columns, masks, findFirst } = policy;
    const [key] = keysOf(
      table,
      columns.filter((column) => !masks.has(column)),
    );
    return key && { first: findFirst === undefined, where: exampleOf(key) };
  }

  /** The table of a resource by its name in the database; `undefined` where there is no such resource. */
  tableOf(resource: string): string | undefined {
    for (const rules of this.registry.get(resource)?.values() ?? [])
      for (const { table } of rules.values()) return this.lineage.nameOf(table);
    return undefined;
  }

  /** The policy that would answer a caller by another method; `undefined` where he would be refused. */
  find(request: QueryRequest, method: Method, principal: Principal): Policy | undefined {
    const policy = find(this.registry, { ...request, method }, principal.roles);
    return policy && this.#bind(policy, principal);
  }

  /** The changes a caller may make in the scope of a read, where it asks which of them would reach its rows. */
  changes(request: QueryRequest, principal: Principal): readonly Change[] {
    if (request.can !== true) return NONE;
    return CHANGES.flatMap((method) => {
      const policy = this.find(request, method, principal);
      return policy === undefined ? [] : [{ method, policy }];
    });
  }

  #resolve(request: QueryRequest, principal: Principal): Policy {
    const { roles, context } = principal;
    const policy = resolve(this.registry, request, roles);
    const role = roleUnder(policy, roles);
    if (context.role !== role) setRole(context, role);
    return this.#bind(policy, principal);
  }

  /** The roles that some rule is written for: by the others nobody is told apart, but from a guest. */
  #named(roles: readonly string[]): readonly string[] {
    const named = roles.filter((role) => this.#roles.has(role));
    return named.length === 0 && roles.length > 0 ? [NAMELESS] : named;
  }

  /** A policy as the roles of a caller meet it. */
  #bind(policy: Policy, { roles }: Principal): Policy {
    if (!policy.leads) return policy;
    const named = this.#named(roles);
    const key = JSON.stringify(named);
    let binder = this.#binders.get(key);
    if (binder === undefined) this.#binders.set(key, (binder = new Binder(this.registry, named)));
    return binder.bind(policy);
  }

  /** Waits until it is known what views are. */
  #known(): Promise<void> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  /** Reads the schema anew with what the database says of its views. */
  async #ask(): Promise<void> {
    const { acl, tables, schema, defaults, timeout, onWarning } = this.#options;
    const shown = new Map([...namesOfViews(schema)].filter(([name]) => isShown(this.registry, name)));
    const types = await typesOfViews(this.#dialect, shown, timeout);
    const known = readCatalog(schema, types);
    this.registry = buildRegistry(acl, known, defaults, tables);
    this.declared = new Declared(this.registry);
    this.#binders = new Cache(MOST_BINDERS);
    this.#described.clear();
    this.#unknown = types.size < shown.size; // a view that is not there may come yet
    mistypes(known).forEach((sentence) => onWarning(sentence));
  }
}

/** Whether some rule is about a view. */
const hasViews = (registry: Registry): boolean =>
  [...registry.values()].some((methods) =>
    [...methods.values()].some((rules) => [...rules.values()].some(({ table }) => table.kind === "view")),
  );

/** Whether some resource shows a table or a view. */
const isShown = (registry: Registry, name: string): boolean =>
  [...registry.values()].some((methods) =>
    [...methods.values()].some((rules) => [...rules.values()].some(({ table }) => table.name === name)),
  );

/** Refuses a schema that was written for another database. */
function checkSpeech(catalog: Catalog, { speaks }: Dialect): void {
  for (const { name, database } of catalog.values())
    if (database !== speaks)
      throw new Error(`table \`${name}\` of the schema is for ${database}, the database speaks ${speaks}`);
}

function warn(
  suspected: readonly string[],
  registry: Registry,
  { strict, onWarning }: Pick<PolicyOptions, "strict" | "onWarning">,
): void {
  if (strict && suspected.length > 0) {
    const lines = suspected.map((sentence) => `  ${sentence}`);
    throw new Error(`the access-control file looks suspicious:\n${lines.join("\n")}`);
  }
  // What is slow is told and never refused: the database may have an index the schema does not tell of.
  [...suspected, ...costs(registry)].forEach((sentence) => onWarning(sentence));
}
