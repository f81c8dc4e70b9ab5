import type { Dialect } from "../dialect/dialect.ts";
import { typesOfViews } from "../execute/execute.ts";
import {
  type AnyACL,
  buildRegistry,
  costs,
  type LimitOptions,
  type Policy,
  type Registry,
  resolve,
  suspicions,
} from "../policy/policy.ts";
import type { Principal, QueryRequest } from "../request/request.ts";
import { type Catalog, mistypes, namesOfViews, readCatalog, type TableInfo } from "../schema/schema.ts";

/** What policies are made of. */
export interface PolicyOptions {
  readonly acl: AnyACL;
  readonly schema: Record<string, unknown>;
  readonly defaults?: LimitOptions;
  /** How long the database may take to say what its views are, in milliseconds. */
  readonly timeout: number;
  /** Whether what looks like an oversight in the access-control file is refused. */
  readonly strict: boolean;
  /** Told what looks like an oversight, one sentence each. */
  readonly onWarning: (sentence: string) => void;
}

/** All policies of a route. What the views of PostgreSQL compute, the database is asked before the first of them is read. */
export class Policies {
  registry: Registry;
  /** The tables of the schema. */
  readonly tables: readonly TableInfo[];
  readonly #options: PolicyOptions;
  readonly #dialect: Dialect;
  /** Whether some view's types are not known yet. SQLite compares values of any type, whatever a view computes. */
  #unknown: boolean;
  #asking: Promise<void> | undefined;

  /** @throws Error that names every mistake of the access-control file. */
  constructor(options: PolicyOptions, dialect: Dialect) {
    const catalog = readCatalog(options.schema);
    checkSpeech(catalog, dialect);
    this.tables = [...catalog.values()].filter(({ kind }) => kind === "table");
    this.registry = buildRegistry(options.acl, catalog, options.defaults);
    warn(suspicions(this.registry, catalog, dialect.refers), this.registry, options);
    this.#options = options;
    this.#dialect = dialect;
    this.#unknown = dialect.speaks === "postgresql";
  }

  /** The policy for a request: at once, but before the first read of a view. */
  resolve(request: QueryRequest, principal: Principal): Policy | Promise<Policy> {
    const policy = resolve(this.registry, request, principal);
    if (!this.#unknown || policy.table.kind !== "view") return policy;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return this.#asking.then(() => resolve(this.registry, request, principal));
  }

  /** Reads the schema anew with what the database says of its views. */
  async #ask(): Promise<void> {
    const { acl, schema, defaults, timeout, onWarning } = this.#options;
    const shown = new Map([...namesOfViews(schema)].filter(([name]) => isShown(this.registry, name)));
    const types = await typesOfViews(this.#dialect, shown, timeout);
    const known = readCatalog(schema, types);
    this.registry = buildRegistry(acl, known, defaults);
    this.#unknown = types.size < shown.size; // a view that is not there may come yet
    mistypes(known).forEach((sentence) => onWarning(sentence));
  }
}

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
