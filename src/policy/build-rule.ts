import { type Method, type MethodTraits, traitsOf } from "../request/request.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { AnyEntry, AnyRule, AuthorFunction } from "./acl.ts";
import { EMPTY, NodeBuilder } from "./build-node.ts";
import { chooseColumns } from "./column-choice.ts";
import { isMap } from "./keys.ts";
import { applyLimits, checkLimits, type Limits } from "./limits.ts";
import { type Mistakes, readFunction } from "./mistakes.ts";
import type { Hooks, NodePolicy, Policy } from "./policy.ts";
import type { StandardSchema } from "./standard-schema.ts";

type Action = MethodTraits["action"];

/** Builds the policies of the rules at the top of one resource. */
export class RuleBuilder {
  readonly #resource: string;
  readonly #entry: AnyEntry;
  readonly #table: TableInfo;
  readonly #limits: Limits;
  readonly #mistakes: Mistakes;
  readonly #nodes: NodeBuilder;

  constructor(resource: string, entry: AnyEntry, table: TableInfo, limits: Limits, mistakes: Mistakes) {
    this.#resource = resource;
    this.#entry = entry;
    this.#table = table;
    this.#limits = limits;
    this.#mistakes = mistakes;
    this.#nodes = new NodeBuilder(limits, mistakes);
  }

  build(method: Method, role: string, rule: AnyRule, path: string): Policy {
    const { action } = traitsOf(method);
    this.#check(role, rule, action, path);
    const selects = rule.select !== undefined;
    const node = this.#nodes.build(rule, this.#table, applyLimits(this.#limits, rule), path);
    this.#nodes.checkSpans(node, selects && action !== "read", path);
    if (selects && action !== "read") this.#checkAnswer(node, path);
    return Object.freeze({
      ...node,
      ...(!selects && { extras: EMPTY, relations: EMPTY }),
      resource: this.#resource,
      selects,
      filterable: !selects && action !== "read" ? this.#key() : node.readable,
      ...this.#write(rule, node, action, path),
      triggers: this.#entry.triggers,
      requireWhere: rule.requireWhere === true,
      maxAffected: rule.maxAffected ?? Number.POSITIVE_INFINITY,
      hooks: this.#hooks(rule, path),
      formatResult: this.#function(rule.formatResult ?? this.#entry.formatResult, `${path}.formatResult`),
      findFirst: this.#entry.findFirst,
      countTotal: this.#entry.countTotal === true,
    });
  }

  #check(role: string, rule: AnyRule, action: Action, path: string): void {
    if (role === "mine" && rule.where === undefined && action !== "insert")
      this.#mistakes.add(path, "a `mine` rule needs a `where`, or it is a rule for everybody's rows");
    this.#mistakes.addAll(checkLimits(rule, path));
    this.#expectCount(rule.maxAffected, `${path}.maxAffected`);
  }

  /** What a write answers beside its rows' columns is read by their keys. */
  #checkAnswer({ relations, extras }: NodePolicy, path: string): void {
    const { name, primaryKey } = this.#table;
    if (relations.size + extras.size === 0 || primaryKey.length > 0) return;
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
    { using }: NodePolicy,
    action: Action,
    path: string,
  ): Pick<Policy, "writable" | "validateBody" | "injectBody" | "unchecked" | "check" | "ensure"> {
    return {
      writable: this.#writable(rule, action === "update", path),
      validateBody: this.#validator(rule.validateBody, `${path}.validateBody`),
      injectBody: this.#function(rule.injectBody, `${path}.injectBody`),
      unchecked: rule.check === true,
      check: rule.check === undefined ? using : this.#condition(rule.check, `${path}.check`),
      ensure: this.#ensure(rule.ensure, action, `${path}.ensure`),
    };
  }

  #hooks(rule: AnyRule, path: string): Hooks {
    return Object.freeze({
      beforeQuery: this.#function(rule.beforeQuery, `${path}.beforeQuery`),
      afterQuery: this.#function(rule.afterQuery, `${path}.afterQuery`),
      onQueryError: this.#function(rule.onQueryError, `${path}.onQueryError`),
    });
  }

  #writable(rule: AnyRule, update: boolean, path: string): ReadonlyMap<string, ColumnInfo> {
    if (rule.write !== undefined)
      return chooseColumns(rule.write, this.#table, (sentence) =>
        this.#mistakes.add(`${path}.write`, sentence),
      );
    return new Map(
      [...this.#table.columns].filter(([, column]) => !column.generated && !(update && column.primary)),
    );
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
