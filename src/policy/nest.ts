import { type Method, METHOD_OF, type MethodTraits } from "../request/request.ts";
import type { ColumnInfo, RelationInfo, TableInfo } from "../schema/schema.ts";
import { didYouMean } from "../suggest.ts";
import { readSteps } from "./build-list.ts";
import { checkKeys, isMap } from "./keys.ts";
import type { Mistakes } from "./mistakes.ts";
import { placedRules } from "./placed-rules.ts";
import type { Policy, Registry } from "./policy.ts";
import type { TableFacts } from "./table-facts.ts";

/** Rows that are written through those of a rule, by a relation. */
export interface NestPolicy {
  /** What they stand under in a body. */
  readonly name: string;
  /** From a row of the rule to them; where they pass a join table, it leads there. */
  readonly relation: RelationInfo;
  /** Whether the row itself holds the key that joins them, or else they do. */
  readonly ownKey: boolean;
  /** The resource whose rules they are written under. */
  readonly resource: string;
  /** The join table that is passed: the resource of its rows, and the relation that leads on from one of them. */
  readonly join: { readonly resource: string; readonly relation: RelationInfo } | undefined;
}

const NO_NESTS: ReadonlyMap<string, NestPolicy> = new Map<string, NestPolicy>();

/** Reads what a rule says of rows that are written through it, and collects what is wrong with it. */
export function readNests(
  given: unknown,
  table: TableInfo,
  action: MethodTraits["action"],
  path: string,
  mistakes: Mistakes,
): ReadonlyMap<string, NestPolicy> {
  if (given === undefined || !isMap(given)) return NO_NESTS;
  if (action !== "insert" && action !== "update")
    mistakes.add(path, "only a POST or PATCH writes other rows with its own");
  const nests = new Map<string, NestPolicy>();
  for (const [name, choice] of Object.entries(given)) {
    if (choice === undefined) continue;
    const nest =
      typeof choice === "string"
        ? readRelation(name, choice, table, path, mistakes)
        : readJoined(name, choice, table, path, mistakes);
    if (nest !== undefined) nests.set(name, nest);
  }
  return nests;
}

function readRelation(
  name: string,
  resource: string,
  { name: table, relations, columns }: TableInfo,
  path: string,
  mistakes: Mistakes,
): NestPolicy | undefined {
  const relation = relations.get(name);
  if (columns.has(name))
    mistakes.add(path, `${table} has a column \`${name}\`, which a body could not be told from it`);
  else if (relation === undefined) {
    const known = relations.size > 0 ? [...relations.keys()].join(", ") : "none";
    mistakes.add(path, `unknown relation \`${name}\` (${table} has ${known})`);
  } else return { name, relation, ownKey: holdsKey(relation), resource, join: undefined };
  return undefined;
}

function readJoined(
  name: string,
  choice: unknown,
  table: TableInfo,
  path: string,
  mistakes: Mistakes,
): NestPolicy | undefined {
  const here = `${path}.${name}`;
  if (!isMap(choice)) {
    mistakes.add(here, "expected the name of a resource, or { through: […], resource: …, join: … }");
    return undefined;
  }
  mistakes.addAll(checkKeys(choice, "nested list", here));
  const { through, resource, join } = choice;
  for (const [key, value] of Object.entries({ resource, join }))
    if (typeof value !== "string") mistakes.add(`${here}.${key}`, "expected the name of a resource");
  const steps = readSteps(name, through, table, path, mistakes);
  if (steps === undefined || typeof resource !== "string" || typeof join !== "string") return undefined;
  return {
    name,
    relation: steps.joins,
    ownKey: false,
    resource,
    join: { resource: join, relation: steps.leads },
  };
}

/** Whether the row that a relation begins at holds the key: what refers, or else what is no key itself. */
function holdsKey({ kind, on, target }: RelationInfo): boolean {
  if (kind === "many") return false;
  const refers = on.every(({ source }) => source.foreign);
  const referred = on.every((pair) => pair.target.foreign);
  if (refers !== referred) return refers;
  return target.primaryKey.every((column) => on.some((pair) => pair.target === column));
}

/** The columns that a client's wish may set to join rows: the others follow from what is true of their table. */
const joining = (columns: readonly ColumnInfo[], facts: TableFacts | undefined): readonly ColumnInfo[] =>
  columns.filter(({ name }) => facts?.set.has(name) !== true);

/** Checks the resources that rules write through, once all are known. What is `faulty` was told already. */
export function checkNests(registry: Registry, faulty: ReadonlySet<string>, mistakes: Mistakes): void {
  for (const { path, method, policy } of placedRules(registry))
    for (const nest of policy.nest.values())
      new NestCheck(registry, faulty, mistakes).check(nest, policy, method, `${path}.nest.${nest.name}`);
}

class NestCheck {
  readonly #registry: Registry;
  readonly #faulty: ReadonlySet<string>;
  readonly #mistakes: Mistakes;

  constructor(registry: Registry, faulty: ReadonlySet<string>, mistakes: Mistakes) {
    this.#registry = registry;
    this.#faulty = faulty;
    this.#mistakes = mistakes;
  }

  check(nest: NestPolicy, policy: Policy, method: Method, path: string): void {
    const { relation, resource, join, ownKey } = nest;
    if (join !== undefined) {
      this.#resource(resource, join.relation.target, [METHOD_OF.read], `${path}.resource`);
      this.#resource(join.resource, relation.target, [METHOD_OF.insert], `${path}.join`);
      return;
    }
    const more: readonly Method[] =
      method === METHOD_OF.update && relation.kind === "many" ? [METHOD_OF.delete] : [];
    this.#resource(
      resource,
      relation.target,
      [METHOD_OF.insert, ownKey ? METHOD_OF.read : METHOD_OF.update, ...more],
      path,
    );
    if (ownKey) this.#writable(relation, policy, path);
    this.#exact(relation, path);
  }

  /** The resource is there, over the right table, and somebody may do there one of the things that it is named for. */
  #resource(name: string, target: TableInfo, methods: readonly Method[], path: string): void {
    if (this.#faulty.has(name)) return;
    const rules = this.#registry.get(name);
    if (rules === undefined) {
      const hint = didYouMean(name, this.#registry.keys());
      this.#mistakes.add(path, `unknown resource \`${name}\`${hint === undefined ? "" : ` (${hint})`}`);
      return;
    }
    const [policy] = [...rules.values()].flatMap((byRole) => [...byRole.values()]);
    if (policy !== undefined && policy.table.table !== target.table)
      this.#mistakes.add(
        path,
        `\`${name}\` is of ${policy.table.name}, and the relation leads to ${target.name}`,
      );
    else if (!methods.some((method) => (rules.get(method)?.size ?? 0) > 0))
      this.#mistakes.add(
        path,
        `\`${name}\` has no rule for ${methods.join(" or ")}, so nobody could write anything here`,
      );
  }

  /** Who names the row that another refers to sets its column, which must be his to set. */
  #writable({ on }: RelationInfo, { writable, facts }: Policy, path: string): void {
    const wrong = joining(
      on.map(({ source }) => source),
      facts,
    ).filter(({ name }) => !writable.has(name));
    for (const { name } of wrong)
      this.#mistakes.add(path, `the rule does not let \`${name}\` be written, which joins the rows`);
  }

  /** What joins rows is read and written again. */
  #exact({ on }: RelationInfo, path: string): void {
    for (const { source } of on)
      if (source.database === "postgresql" && source.kind === "date")
        this.#mistakes.add(
          path,
          `\`${source.name}\` joins the rows, and a \`Date\` holds less of it than is stored; use \`mode: "string"\``,
        );
  }
}
