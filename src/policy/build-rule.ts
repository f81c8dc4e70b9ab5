import { type Method, type MethodTraits, traitsOf } from "../request/request.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import { readAggregateRule } from "./aggregate-policy.ts";
import type { AnyEntry, AnyRule, AuthorFunction } from "./any.ts";
import { EMPTY, NodeBuilder } from "./build-node.ts";
import { type ColumnAccess, onEveryRow, readAccess } from "./column-access.ts";
import { isMap } from "./keys.ts";
import { applyLimits, checkLimits, type Limits } from "./limits.ts";
import { type Mistakes, readFunction, type ReadHook, readHook } from "./mistakes.ts";
import type { Hooks, LivePolicy, NodePolicy, Policy } from "./policy.ts";
import { readNests } from "./nest.ts";
import { type Parameters, readParameters } from "./params.ts";
import { keysOf } from "./row-keys.ts";
import type { StandardSchema } from "./standard-schema.ts";
import type { FactsByTable, TableFacts } from "./table-facts.ts";

type Action = MethodTraits["action"];

/** Whether a choice of columns, or one of a list, names a column; all but some others are none that are named. */
function names(choice: AnyRule["write"], name: string): boolean {
  if (Array.isArray(choice)) return (choice as readonly AnyRule["write"][]).some((one) => names(one, name));
  if (!isMap(choice) || choice["mode"] === false) return false;
  const { columns } = choice;
  return columns instanceof Set ? columns.has(name) : Array.isArray(columns) && columns.includes(name);
}

/** So many changed rows are judged one by one where an author does not say. */
const MOST_JUDGED = 1_000;

const A_DAY = 86_400_000;

const isInterval = (value: unknown): boolean =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= A_DAY;

/** Builds the policies of the rules at the top of one resource. */
export class RuleBuilder {
  readonly #resource: string;
  readonly #entry: AnyEntry;
  readonly #table: TableInfo;
  readonly #limits: Limits;
  readonly #facts: TableFacts | undefined;
  readonly #allFacts: FactsByTable;
  readonly #mistakes: Mistakes;
  readonly #params: Parameters;

  constructor(
    resource: string,
    entry: AnyEntry,
    table: TableInfo,
    limits: Limits,
    facts: FactsByTable,
    mistakes: Mistakes,
  ) {
    this.#resource = resource;
    this.#entry = entry;
    this.#table = table;
    this.#limits = limits;
    this.#facts = facts.get(table);
    this.#allFacts = facts;
    this.#mistakes = mistakes;
    this.#params = readParameters(entry.params, `acl.${resource}.params`, mistakes);
  }

  build(method: Method, role: string, rule: AnyRule, path: string): Policy {
    const { action } = traitsOf(method);
    this.#check(role, rule, action, path);
    const selects = rule.select !== undefined;
    const nodes = new NodeBuilder(role, this.#limits, this.#allFacts, this.#mistakes);
    const node = nodes.build(rule, this.#table, applyLimits(this.#limits, rule), path);
    nodes.checkSpans(node, selects && action !== "read", path);
    if (selects && action !== "read") this.#checkAnswer(node, path);
    const aggregate = this.#aggregate(rule, node, action, path);
    const filterable = !selects && action !== "read" ? this.#key() : node.readable;
    return Object.freeze({
      ...node,
      ...(!selects && { extras: EMPTY, askedExtras: EMPTY }),
      ...(!selects && aggregate === undefined && { relations: EMPTY, inherited: EMPTY }),
      resource: this.#resource,
      selects,
      aggregate,
      filterable,
      ...this.#filterGuard(rule, action, node, filterable, path),
      ...this.#write(rule, node, action, path),
      nest: readNests(rule.nest, this.#table, action, `${path}.nest`, this.#mistakes),
      triggers: this.#entry.triggers,
      maxAffected:
        rule.maxAffected ?? (rule.transition === undefined ? Number.POSITIVE_INFINITY : MOST_JUDGED),
      dryRun: rule.dryRun === true,
      hooks: this.#hooks(rule, action, path),
      formatResult: this.#function(rule.formatResult ?? this.#entry.formatResult, `${path}.formatResult`),
      findFirst: this.#entry.findFirst,
      countTotal: this.#entry.countTotal === true,
      live: this.#live(rule, action, `${path}.live`),
      params: this.#params,
    });
  }

  #check(role: string, rule: AnyRule, action: Action, path: string): void {
    if (rule.search === true && action !== "read")
      this.#mistakes.add(`${path}.search`, "only a GET looks for words");
    if (role === "mine" && !this.#narrows(rule) && action !== "insert")
      this.#mistakes.add(path, "a `mine` rule needs a `where`, or it is a rule for everybody's rows");
    this.#mistakes.addAll(checkLimits(rule, path));
    this.#expectCount(rule.maxAffected, `${path}.maxAffected`);
    if (rule.dryRun !== undefined && action === "read")
      this.#mistakes.add(`${path}.dryRun`, "a GET writes nothing that could be taken back");
    if (action === "delete" && rule.deleted === "include")
      this.#mistakes.add(
        `${path}.deleted`,
        'a DELETE either sets the date or removes for good: leave it out, or say "only"',
      );
  }

  #live(rule: AnyRule, action: Action, path: string): LivePolicy | undefined {
    const { live } = rule;
    if (live === undefined || live === false) return undefined;
    if (action !== "read") this.#mistakes.add(path, "only a GET has answers that could be kept true");
    const hook = (["beforeQuery", "afterQuery"] as const).find(
      (name) => (rule[name] ?? this.#entry[name]) !== undefined,
    );
    if (hook !== undefined)
      this.#mistakes.add(
        path,
        `\`${hook}\` runs with each request, and a live answer is asked once for many`,
      );
    if (live === true) return { every: undefined };
    if (isMap(live) && Object.keys(live).join() === "every" && isInterval(live.every))
      return { every: live.every };
    this.#mistakes.add(path, "expected true, false or { every: <milliseconds from 1 to a day> }");
    return undefined;
  }

  #aggregate(
    { aggregate }: AnyRule,
    { readable }: NodePolicy,
    action: Action,
    path: string,
  ): Policy["aggregate"] {
    const here = `${path}.aggregate`;
    if (aggregate !== undefined && action !== "read")
      this.#mistakes.add(here, "it says what a GET computes, and this is none");
    return readAggregateRule(aggregate, readable, this.#table, here, this.#mistakes);
  }

  /** Whether something says which rows are meant: the rule, a parent, or what is true of the table. */
  #narrows({ where, parent = {}, unrestricted }: AnyRule): boolean {
    const facts = this.#facts;
    const known = (facts?.where !== undefined || facts?.faulty === true) && unrestricted !== true;
    return where !== undefined || known || Object.values(parent).some((resource) => resource !== undefined);
  }

  /** Whether a filter is asked for, and the keys that it may fix. */
  #filterGuard(
    { requireWhere = false, forbidQuery }: AnyRule,
    action: Action,
    { masks }: NodePolicy,
    filterable: NodePolicy["filterable"],
    path: string,
  ): Pick<Policy, "requireWhere" | "keys"> {
    const here = `${path}.requireWhere`;
    const keys =
      requireWhere === "key"
        ? keysOf(
            this.#table,
            [...filterable.values()].filter((column) => !masks.has(column)),
          )
        : [];
    if (requireWhere !== "key" && typeof requireWhere !== "boolean")
      this.#mistakes.add(here, 'expected true, false or "key"');
    else if (requireWhere !== false && action === "insert")
      this.#mistakes.add(here, "a POST takes no filter");
    else if (requireWhere !== false && forbidQuery?.where === true)
      this.#mistakes.add(here, "a filter cannot be asked for and be forbidden");
    else if (requireWhere === "key" && keys.length === 0)
      this.#mistakes.add(here, `${this.#table.name} has no key whose columns the rule lets out on every row`);
    return { requireWhere, keys };
  }

  /** What a write answers beside its rows' columns is read by their keys. */
  #checkAnswer({ relations, inherited, extras }: NodePolicy, path: string): void {
    const { name, primaryKey } = this.#table;
    if (relations.size + inherited.size + extras.size === 0 || primaryKey.length > 0) return;
    this.#mistakes.add(
      path,
      `${name} has no primary key, so a write cannot answer relations or computed fields`,
    );
  }

  #key(): ReadonlyMap<string, ColumnInfo> {
    return new Map(this.#table.primaryKey.map((key) => [key.name, key] as const));
  }

  /** What a rule says of what is written. */
  #write(
    rule: AnyRule,
    node: NodePolicy,
    action: Action,
    path: string,
  ): Pick<
    Policy,
    | "writable"
    | "writes"
    | "writeGrants"
    | "writeMasks"
    | "validateBody"
    | "injectBody"
    | "unchecked"
    | "check"
    | "ensure"
    | "transition"
  > {
    const { columns, grants, masks } = this.#writable(rule, node, action, path);
    return {
      writable: columns,
      writes: rule.write !== undefined,
      writeGrants: grants,
      writeMasks: masks,
      validateBody: this.#validator(rule.validateBody, `${path}.validateBody`),
      injectBody: this.#function(rule.injectBody, `${path}.injectBody`),
      unchecked: rule.check === true,
      check: rule.check === undefined ? node.using : this.#condition(rule.check, `${path}.check`),
      ensure: this.#ensure(rule.ensure, action, `${path}.ensure`),
      transition: this.#transition(rule.transition, action, `${path}.transition`),
    };
  }

  #hooks(rule: AnyRule, action: Action, path: string): Hooks {
    const of = (name: "beforeQuery" | "onQueryError"): AuthorFunction | undefined =>
      this.#function(rule[name] ?? this.#entry[name], `${path}.${name}`);
    const beforeQuery = of("beforeQuery");
    const [afterQuery, afterCommit] = (["afterQuery", "afterCommit"] as const).map((name) => {
      const hook = readHook(rule[name] ?? this.#entry[name], (sentence) =>
        this.#mistakes.add(`${path}.${name}`, sentence),
      );
      // What stands in the entry is there for those of its rules that write.
      const own = rule[name] !== undefined;
      if (action === "read" && own && (hook.before || name === "afterCommit"))
        this.#mistakes.add(`${path}.${name}`, "a GET writes no rows");
      if (action === "update" && hook.before) this.#expectKey(`${path}.${name}`);
      return hook;
    }) as [ReadHook, ReadHook];
    return Object.freeze({
      beforeQuery,
      afterQuery: afterQuery.run,
      onQueryError: of("onQueryError"),
      afterCommit: afterCommit.run,
      before: afterQuery.before || afterCommit.before,
    });
  }

  #expectKey(path: string): void {
    const { name, primaryKey } = this.#table;
    if (primaryKey.length === 0)
      this.#mistakes.add(path, `${name} has no primary key, by which changed rows are found again`);
  }

  #writable(rule: AnyRule, node: NodePolicy, action: Action, path: string): ColumnAccess {
    const { write } = rule;
    const kept = this.#kept(rule, node);
    const given =
      write === undefined
        ? this.#byDefault(action, node)
        : readAccess(write, this.#table, `${path}.write`, this.#mistakes);
    for (const [name, why] of kept)
      if (names(write, name)) this.#mistakes.add(`${path}.write`, `\`${name}\` ${why}`);
    const writable = (column: ColumnInfo): boolean =>
      !kept.has(column.name) && !(action === "insert" && given.masks.has(column));
    return { ...given, columns: new Map([...given.columns].filter(([, column]) => writable(column))) };
  }

  /** The columns that the engine keeps, or the table's own functions, and why no client writes them. */
  #kept(rule: AnyRule, { facts, deleted, unrestricted }: NodePolicy): ReadonlyMap<string, string> {
    const kept = new Map<string, string>();
    if (facts === undefined) return kept;
    const { set, softDelete, version, path } = facts;
    if (!unrestricted) for (const name of set.keys()) kept.set(name, `is set by ${path}.set`);
    if (version !== undefined)
      kept.set(version.name, "counts the changes of a row, and is the engine's to write");
    // Who may see deleted rows may be let to restore them, by a rule that says so.
    if (softDelete !== undefined && (deleted === "exclude" || !names(rule.write, softDelete.name)))
      kept.set(softDelete.name, "is written by DELETE, or under a rule that says `deleted`");
    return kept;
  }

  #byDefault(action: Action, { masks }: NodePolicy): ColumnAccess {
    const columns = [...this.#table.columns].filter(
      ([, column]) => !column.generated && !(action === "update" && column.primary) && !masks.has(column),
    );
    return onEveryRow(new Map(columns));
  }

  #transition(transition: unknown, action: Action, path: string): AuthorFunction | undefined {
    if (transition === undefined) return undefined;
    if (action !== "update") this.#mistakes.add(path, "it is asked of changed rows, which only PATCH leaves");
    else this.#expectKey(path);
    return this.#function(transition, path);
  }

  #validator(validator: unknown, path: string): Policy["validateBody"] {
    if (typeof validator === "function") return validator as AuthorFunction;
    // No more than its mark can be seen here; what it does is the author's.
    if (isMap(validator) && "~standard" in validator) return validator as unknown as StandardSchema;
    if (validator !== undefined) this.#mistakes.add(path, "expected a function or a Standard Schema");
    return undefined;
  }

  #ensure(ensure: unknown, action: Action, path: string): AuthorFunction | undefined {
    if (ensure === undefined) return undefined;
    const { name, primaryKey } = this.#table;
    if (action !== "insert" && action !== "update")
      this.#mistakes.add(path, "it is asked of written rows, which only POST and PATCH leave");
    else if (primaryKey.length === 0)
      this.#mistakes.add(path, `${name} has no primary key, by which written rows are found again`);
    return this.#condition(ensure, path);
  }

  /** What written rows must satisfy; `true` for nothing. */
  #condition(condition: unknown, path: string): AuthorFunction | undefined {
    return condition === true ? undefined : this.#function(condition, path);
  }

  #function(value: unknown, path: string): AuthorFunction | undefined {
    return readFunction(value, path, this.#mistakes);
  }

  #expectCount(value: unknown, path: string): void {
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0))
      return;
    this.#mistakes.add(path, "expected a whole number from 0");
  }
}
