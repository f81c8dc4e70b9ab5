import { is, SQL } from "drizzle-orm";
import { withoutMissing } from "../drizzle/drizzle.ts";
import {
  EVERY_METHOD,
  isRuled,
  type Method,
  readDirection,
  SELECTOR_KEYS,
  traitsOf,
} from "../request/request.ts";
import type { Catalog, ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { AnyACL, AnyEntry, AnyRule, AuthorFunction, LimitOptions } from "./acl.ts";
import { applyLimits, checkLimits, DEFAULT_LIMITS, DEPTH_CEILING, type Limits } from "./limits.ts";
import type {
  Capability,
  NodePolicy,
  OrderKey,
  Policy,
  Registry,
  RelationPolicy,
  RulesByRole,
} from "./policy.ts";
import { checkKeys, isMap } from "./keys.ts";
import { hasOrder, makeTotal } from "./order.ts";
import { chooseColumns } from "./readable.ts";
import { isOfOneRow, spanOf } from "./expression-span.ts";
import type { StandardSchema } from "./standard-schema.ts";

const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * Checks an access-control file against the schema and freezes it as policies.
 *
 * @throws one Error that names every mistake with its path.
 */
export function buildRegistry(acl: AnyACL, catalog: Catalog, defaults: LimitOptions = {}): Registry {
  const mistakes: string[] = [];
  mistakes.push(...checkLimits(defaults, "defaults"));
  const limits = applyLimits(DEFAULT_LIMITS, defaults);
  const registry = new Map<string, ReadonlyMap<Method, RulesByRole>>();
  for (const [resource, entry] of Object.entries(acl)) {
    mistakes.push(...checkResource(resource, entry));
    if (!isMap(entry)) continue;
    registry.set(resource, new EntryBuilder(resource, entry, catalog, limits, mistakes).build());
  }
  if (mistakes.length > 0)
    throw new Error(`the access-control file has mistakes:\n${mistakes.map((m) => `  ${m}`).join("\n")}`);
  return registry;
}

/** The members of an answer beside the rows, which go by the resource's name. */
const ENVELOPE: ReadonlySet<string> = new Set(["total", "rowsAffected", "count"]);

function checkResource(resource: string, entry: unknown): readonly string[] {
  const path = `acl.${resource}`;
  if (!ENVELOPE.has(resource)) return checkKeys(entry, "entry", path);
  return [`${path}: an answer has a member of that name, so no resource can have it`];
}

/** A computed field in which nothing is missing. */
function complete(extra: SQL.Aliased): SQL.Aliased {
  const { query } = withoutMissing(extra.sql);
  return query === extra.sql ? extra : new SQL.Aliased(query, extra.fieldAlias);
}

/** Builds the policies of one resource and collects what is wrong with them. */
class EntryBuilder {
  readonly #limits: Limits;

  readonly #resource: string;
  readonly #entry: AnyEntry;
  readonly #catalog: Catalog;
  readonly #mistakes: string[];

  constructor(resource: string, entry: AnyEntry, catalog: Catalog, defaults: Limits, mistakes: string[]) {
    this.#resource = resource;
    this.#entry = entry;
    this.#catalog = catalog;
    this.#mistakes = mistakes;
    mistakes.push(...checkLimits(entry, `acl.${resource}`));
    this.#limits = applyLimits(defaults, entry);
  }

  build(): ReadonlyMap<Method, RulesByRole> {
    const path = `acl.${this.#resource}`;
    const methods = new Map<Method, RulesByRole>();
    const table = this.#catalog.get(this.#entry.table);
    if (table === undefined) {
      this.#mistake(
        `${path}.table`,
        `unknown table \`${this.#entry.table}\` (the schema has ${[...this.#catalog.keys()].join(", ")})`,
      );
      return methods;
    }
    for (const [method, rules] of Object.entries(this.#entry.control ?? {})) {
      if (!isRuled(method)) this.#mistake(`${path}.control`, `unknown method \`${method}\``);
      else if (rules !== undefined && table.kind === "view" && traitsOf(method).writes)
        this.#mistake(`${path}.control.${method}`, `${table.name} is a view, which is only read`);
      else if (rules !== undefined && !isMap(rules))
        this.#mistake(`${path}.control.${method}`, "expected rules by role");
      else if (rules !== undefined)
        methods.set(method, this.#rules(method, rules, table, `${path}.control.${method}`));
    }
    for (const { name, rulesOf } of EVERY_METHOD) {
      const rules = rulesOf && (methods.get(name) ?? methods.get(rulesOf));
      if (rules !== undefined) methods.set(name, rules);
    }
    return methods;
  }

  #rules(
    method: Method,
    rules: Readonly<Record<string, AnyRule | undefined>>,
    table: TableInfo,
    path: string,
  ): RulesByRole {
    const byRole = new Map<string, Policy>();
    for (const [role, rule] of Object.entries(rules)) {
      if (rule === undefined) continue;
      this.#mistakes.push(...checkKeys(rule, "rule", `${path}.${role}`));
      if (!isMap(rule)) continue;
      byRole.set(role, this.#policy(method, role, rule, table, `${path}.${role}`));
    }
    return byRole;
  }

  #policy(method: Method, role: string, rule: AnyRule, table: TableInfo, path: string): Policy {
    const action = traitsOf(method).action;
    if (role === "mine" && rule.where === undefined && action !== "insert") {
      this.#mistake(path, "a `mine` rule needs a `where`, or it is a rule for everybody's rows");
    }
    this.#mistakes.push(...checkLimits(rule, path));
    this.#expectCount(rule.maxAffected, `${path}.maxAffected`);
    const limits = applyLimits(this.#limits, rule);
    const selects = rule.select !== undefined;
    const node = this.#node(rule, table, limits, path, 0);
    this.#checkSpans(node, selects && action !== "read", path);
    const keyOnly =
      !selects && action !== "read"
        ? new Map(table.primaryKey.map((key) => [key.name, key] as const))
        : node.readable;
    const answersMore = selects && (node.relations.size > 0 || node.extras.size > 0);
    if (action !== "read" && answersMore && table.primaryKey.length === 0) {
      this.#mistake(
        path,
        `${table.name} has no primary key, so a write cannot answer relations or computed fields`,
      );
    }
    return Object.freeze({
      ...node,
      ...(!selects && { extras: EMPTY, relations: EMPTY }),
      resource: this.#resource,
      selects,
      filterable: keyOnly,
      writable: this.#writable(rule, table, action === "update", path),
      validateBody: this.#validator(rule.validateBody, `${path}.validateBody`),
      injectBody: this.#function(rule.injectBody, `${path}.injectBody`),
      unchecked: rule.check === true,
      check: rule.check === undefined ? node.using : this.#check(rule.check, `${path}.check`),
      ensure: this.#ensure(rule.ensure, table, action, `${path}.ensure`),
      triggers: this.#entry.triggers,
      requireWhere: rule.requireWhere === true,
      maxAffected: rule.maxAffected ?? Number.POSITIVE_INFINITY,
      hooks: Object.freeze({
        beforeQuery: this.#function(rule.beforeQuery, `${path}.beforeQuery`),
        afterQuery: this.#function(rule.afterQuery, `${path}.afterQuery`),
        onQueryError: this.#function(rule.onQueryError, `${path}.onQueryError`),
      }),
      formatResult: this.#function(rule.formatResult ?? this.#entry.formatResult, `${path}.formatResult`),
      findFirst: this.#entry.findFirst,
      countTotal: this.#entry.countTotal === true,
    });
  }

  #node(rule: AnyRule, table: TableInfo, limits: Limits, path: string, depth: number): NodePolicy {
    const readable =
      rule.select === undefined
        ? (EMPTY as ReadonlyMap<string, ColumnInfo>)
        : chooseColumns(rule.select, table, (sentence) => this.#mistake(`${path}.select`, sentence));
    const orderBy = this.#orderBy(rule, table, `${path}.orderBy`);
    const extras = this.#extras(rule, table, `${path}.extras`);
    return Object.freeze({
      path,
      table,
      readable,
      selectsAll: rule.select === true,
      columns: Object.freeze([...readable.values()]),
      filterable: readable,
      extras,
      spansRows: [...extras.values()].some((extra) => spanOf(extra.sql) !== "row"),
      ofOneRow: new Set([...extras].filter(([, extra]) => isOfOneRow(extra.sql)).map(([name]) => name)),
      forbids: this.#forbids(rule, `${path}.forbidQuery`),
      limits,
      using: this.#function(rule.where, `${path}.where`),
      orderBy,
      totalOrder: makeTotal(orderBy, table, readable),
      // One level deeper than anybody may go, so that there too a relation is known, and its depth is what is refused.
      relations: depth <= DEPTH_CEILING ? this.#relations(rule, table, `${path}.with`, depth) : EMPTY,
    });
  }

  #relations(
    rule: AnyRule,
    table: TableInfo,
    path: string,
    depth: number,
  ): ReadonlyMap<string, RelationPolicy> {
    const relations = new Map<string, RelationPolicy>();
    for (const [name, choice] of Object.entries(rule.with ?? {})) {
      const relation = table.relations.get(name);
      if (relation === undefined) {
        const known = [...table.relations.keys()];
        this.#mistake(
          path,
          `unknown relation \`${name}\` (${table.name} has ${known.length > 0 ? known.join(", ") : "none"})`,
        );
        continue;
      }
      if (choice === undefined || choice === false) continue;
      const inner: AnyRule = choice === true ? { select: true } : choice;
      this.#mistakes.push(...checkKeys(inner, "relation", `${path}.${name}`));
      if (!isMap(inner)) continue;
      this.#mistakes.push(...checkLimits(inner, `${path}.${name}`));
      const node = this.#node(
        inner,
        relation.target,
        // A depth of its own narrows what is left of the depth around it, and nothing else does.
        applyLimits({ ...this.#limits, maxDepth: DEPTH_CEILING }, inner),
        `${path}.${name}`,
        depth + 1,
      );
      this.#checkSpans(node, false, `${path}.${name}`);
      relations.set(name, Object.freeze({ ...node, relation }));
    }
    return relations;
  }

  #extras(rule: AnyRule, table: TableInfo, path: string): ReadonlyMap<string, SQL.Aliased> {
    const extras = new Map<string, SQL.Aliased>();
    for (const [name, extra] of Object.entries(rule.extras ?? {})) {
      if (!is(extra, SQL.Aliased)) this.#mistake(`${path}.${name}`, 'expected sql`…`.as("name")');
      else if (table.columns.has(name) || table.columns.has(extra.fieldAlias)) {
        this.#mistake(`${path}.${name}`, `${table.name} has a column of that name`);
      } else if (table.relations.has(name))
        this.#mistake(`${path}.${name}`, `${table.name} has a relation of that name`);
      else extras.set(name, complete(extra));
    }
    return extras;
  }

  /** Refuses fields computed over several rows where the database answers each row by itself, or would make one of all. */
  #checkSpans({ extras, readable, relations }: NodePolicy, written: boolean, path: string): void {
    for (const [name, extra] of extras) {
      const span = spanOf(extra.sql);
      const here = `${path}.extras.${name}`;
      if (span !== "row" && written)
        this.#mistake(here, "a write answers each row by itself, so no field is computed over several");
      else if (span === "aggregate" && readable.size + relations.size > 0)
        this.#mistake(here, "an aggregate makes one row of all, so it takes `select: false` and no `with`");
    }
  }

  #forbids(rule: AnyRule, path: string): ReadonlySet<Capability> {
    const forbidden = new Set<Capability>();
    for (const [capability, choice] of Object.entries(rule.forbidQuery ?? {})) {
      if (!(SELECTOR_KEYS as ReadonlySet<string>).has(capability))
        this.#mistake(
          path,
          `unknown capability \`${capability}\` (known are ${[...SELECTOR_KEYS].join(", ")})`,
        );
      else if (choice === true) forbidden.add(capability as Capability);
      else if (choice !== false && choice !== undefined)
        this.#mistake(`${path}.${capability}`, "expected true or false");
    }
    return forbidden;
  }

  #orderBy(rule: AnyRule, table: TableInfo, path: string): readonly OrderKey[] {
    const keys: OrderKey[] = [];
    for (const [name, wish] of Object.entries(rule.orderBy ?? {})) {
      const column = table.columns.get(name);
      const direction = readDirection(wish);
      if (column === undefined)
        this.#mistake(
          path,
          `unknown column \`${name}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`,
        );
      else if (direction === undefined) this.#mistake(`${path}.${name}`, 'expected "asc", "desc", 1 or -1');
      else if (!hasOrder(column))
        this.#mistake(`${path}.${name}`, `values of type ${column.type} have no order`);
      else keys.push({ column, direction });
    }
    return Object.freeze(keys);
  }

  #writable(rule: AnyRule, table: TableInfo, update: boolean, path: string): ReadonlyMap<string, ColumnInfo> {
    if (rule.write !== undefined)
      return chooseColumns(rule.write, table, (sentence) => this.#mistake(`${path}.write`, sentence));
    return new Map(
      [...table.columns].filter(([, column]) => !column.generated && !(update && column.primary)),
    );
  }

  #validator(validator: unknown, path: string): Policy["validateBody"] {
    if (typeof validator === "function") return validator as AuthorFunction;
    if (isMap(validator) && "~standard" in validator) return validator as unknown as StandardSchema;
    if (validator !== undefined) this.#mistake(path, "expected a function or a Standard Schema");
    return undefined;
  }

  #check(check: unknown, path: string): AuthorFunction | undefined {
    return check === true ? undefined : this.#function(check, path);
  }

  #ensure(ensure: unknown, table: TableInfo, action: string, path: string): AuthorFunction | undefined {
    if (ensure === undefined) return undefined;
    if (action !== "insert" && action !== "update")
      this.#mistake(path, "it is asked of written rows, which only POST and PATCH leave");
    else if (table.primaryKey.length === 0)
      this.#mistake(path, `${table.name} has no primary key, by which written rows are found again`);
    return this.#check(ensure, path);
  }

  #function(value: unknown, path: string): AuthorFunction | undefined {
    if (value === undefined || typeof value === "function") return value as AuthorFunction | undefined;
    this.#mistake(path, "expected a function");
    return undefined;
  }

  #expectCount(value: unknown, path: string): void {
    if (value === undefined || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0))
      return;
    this.#mistake(path, "expected a whole number from 0");
  }

  #mistake(path: string, sentence: string): void {
    this.#mistakes.push(`${path}: ${sentence}`);
  }
}
