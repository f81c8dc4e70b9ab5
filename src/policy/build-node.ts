import { is, SQL, sql } from "drizzle-orm";
import { withoutMissing } from "../drizzle/drizzle.ts";
import { readSort } from "../request/request.ts";
import type { TableInfo } from "../schema/schema.ts";
import type { AnyRule, AuthorFunction } from "./any.ts";
import { endOf, isOfList, readSteps, type Way } from "./build-list.ts";
import { type ColumnAccess, onEveryRow, readAccess } from "./column-access.ts";
import { isOfOneRow, spanOf } from "./expression-span.ts";
import { checkKeys, isMap } from "./keys.ts";
import { applyLimits, checkLimits, DEPTH_CEILING, type Limits } from "./limits.ts";
import { type Mistakes, readFunction } from "./mistakes.ts";
import { expectedSort, hasOrder, isOfColumn, leadsOn, makeTotal } from "./order.ts";
import { CAPABILITIES, type Capability } from "./capability.ts";
import type { FurtherKey, Inherited, NodePolicy, OrderKey, ParentPolicy, RelationPolicy } from "./policy.ts";
import type { FactsByTable } from "./table-facts.ts";

export const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

const NO_KEYS: readonly never[] = Object.freeze([]);

const NOTHING: ColumnAccess = onEveryRow(EMPTY);

/** What a rule lets its clients load: relations under rules of their own, and under those of resources. */
interface Relations {
  readonly relations: ReadonlyMap<string, RelationPolicy>;
  readonly inherited: ReadonlyMap<string, Inherited>;
}

/** The rule of a relation of which all is let out. */
const ALL: AnyRule = { select: true };

/** Whose rules are written for no role of their own. */
const EVERYBODY: ReadonlySet<string> = new Set(["guest", "mine", "all"]);

const NO_RELATIONS: Relations = { relations: EMPTY, inherited: EMPTY };

/** A computed field in which nothing is missing. */
function complete(extra: SQL.Aliased): SQL.Aliased {
  const { query } = withoutMissing(extra.sql);
  return query === extra.sql ? extra : new SQL.Aliased(query, extra.fieldAlias);
}

/** What is known of computed fields; of those that are asked for with each request, nothing. */
function computedOf(
  extras: ReadonlyMap<string, SQL.Aliased>,
  { extras: given = {} }: AnyRule,
): Pick<NodePolicy, "extras" | "askedExtras" | "spansRows" | "ofOneRow"> {
  const asked = [...extras.keys()].flatMap((name): [string, AuthorFunction][] => {
    const extra = given[name];
    return typeof extra === "function" ? [[name, extra]] : [];
  });
  const askedExtras = new Map(asked);
  const known = [...extras].filter(([name]) => !askedExtras.has(name));
  return {
    extras,
    askedExtras,
    spansRows: known.some(([, extra]) => spanOf(extra.sql) !== "row"),
    ofOneRow: new Set(known.filter(([, extra]) => isOfOneRow(extra.sql)).map(([name]) => name)),
  };
}

/** Builds what a rule says of a table's rows, wherever it stands: at the top or in a relation. */
export class NodeBuilder {
  readonly #role: string | undefined;
  /** Those of the entry. */
  readonly #limits: Limits;
  readonly #facts: FactsByTable;
  readonly #mistakes: Mistakes;

  constructor(role: string, limits: Limits, facts: FactsByTable, mistakes: Mistakes) {
    this.#role = EVERYBODY.has(role) ? undefined : role;
    this.#limits = limits;
    this.#facts = facts;
    this.#mistakes = mistakes;
  }

  /** A rule at a depth, for the rows of a table. */
  build(rule: AnyRule, table: TableInfo, limits: Limits, path: string, depth = 0): NodePolicy {
    const access = this.#select(rule, table, `${path}.select`);
    const { columns: readable, grants, masks } = access;
    // One level deeper than anybody may go, so that there too a relation is known, and its depth is what is refused.
    const { relations, inherited } =
      depth <= DEPTH_CEILING ? this.#relations(rule, table, `${path}.with`, depth) : NO_RELATIONS;
    const orderBy = this.#orderBy(rule, table, `${path}.orderBy`);
    const rows = this.#rows(rule, table, path);
    return Object.freeze({
      path,
      role: this.#role,
      table,
      readable,
      selectsAll: rule.select === true,
      columns: Object.freeze([...readable.values()]),
      grants,
      masks,
      filterable: readable,
      ...computedOf(this.#extras(rule, table, `${path}.extras`), rule),
      forbids: this.#forbids(rule, `${path}.forbidQuery`),
      search: this.#search(rule, table, access, `${path}.search`),
      limits,
      ...rows,
      requireWhere: false,
      keys: NO_KEYS,
      orderBy,
      totalOrder: makeTotal(orderBy.filter(isOfColumn), table, readable),
      relations,
      inherited,
      dependsOn: this.#dependsOn(rule, `${path}.dependsOn`),
      ownDepth: rule.maxDepth ?? DEPTH_CEILING,
      leads:
        rows.parents.length + inherited.size > 0 ||
        [...relations.values()].some((relation) => relation.leads),
    });
  }

  /** Which rows exist. */
  #rows(
    rule: AnyRule,
    table: TableInfo,
    path: string,
  ): Pick<NodePolicy, "using" | "facts" | "unrestricted" | "deleted" | "parents"> {
    return {
      using: readFunction(rule.where, `${path}.where`, this.#mistakes),
      facts: this.#facts.get(table),
      unrestricted: rule.unrestricted === true,
      deleted: this.#deleted(rule, table, path),
      parents: this.#parents(rule, table, `${path}.parent`),
    };
  }

  #select(rule: AnyRule, table: TableInfo, path: string): ColumnAccess {
    if (rule.select === undefined) return NOTHING;
    const access = readAccess(rule.select, table, path, this.#mistakes);
    for (const { name, primary } of access.conditional)
      if (primary)
        this.#mistakes.add(path, `\`${name}\` is part of the key, which is let out on every row or on none`);
    return access;
  }

  #deleted({ deleted }: AnyRule, table: TableInfo, path: string): NodePolicy["deleted"] {
    if (deleted === undefined) return "exclude";
    const facts = this.#facts.get(table);
    if (facts?.softDelete === undefined && facts?.faulty !== true)
      this.#mistakes.add(`${path}.deleted`, `no \`softDelete\` is said of ${table.name}`);
    if (deleted === "include" || deleted === "only") return deleted;
    this.#mistakes.add(`${path}.deleted`, 'expected "include" or "only"');
    return "exclude";
  }

  /** The index of the table, where the rule lets out all that is found by it: else finding a row would tell what is hidden. */
  #search(
    { search }: AnyRule,
    table: TableInfo,
    { columns, masks }: ColumnAccess,
    path: string,
  ): NodePolicy["search"] {
    if (search !== true) return undefined;
    const facts = this.#facts.get(table);
    const index = facts?.search;
    if (index === undefined && facts?.faulty !== true)
      this.#mistakes.add(path, `no \`search\` is said of ${table.name}`);
    const hidden = index?.columns.filter(
      (column) => columns.get(column.name) !== column || masks.has(column),
    );
    for (const { name } of hidden ?? [])
      this.#mistakes.add(
        path,
        `words are looked for in \`${name}\`, which the rule does not let out on every row`,
      );
    return index;
  }

  /** Whether there are such tables is looked at once all rules are known. */
  #dependsOn({ dependsOn = [] }: AnyRule, path: string): readonly string[] {
    if (Array.isArray(dependsOn) && dependsOn.every((name) => typeof name === "string"))
      return Object.freeze([...dependsOn]);
    this.#mistakes.add(path, "expected a list of tables");
    return NO_KEYS;
  }

  #parents(rule: AnyRule, table: TableInfo, path: string): readonly ParentPolicy[] {
    const parents: ParentPolicy[] = [];
    for (const [name, resource] of Object.entries(isMap(rule.parent) ? rule.parent : {})) {
      if (resource === undefined) continue;
      const relation = table.relations.get(name);
      if (typeof resource !== "string")
        this.#mistakes.add(`${path}.${name}`, "expected the name of a resource");
      else if (relation === undefined || relation.kind !== "one")
        this.#mistakes.add(path, `${table.name} has no relation \`${name}\` to one row`);
      else parents.push({ relation, resource, rule: undefined });
    }
    return Object.freeze(parents);
  }

  #relations(rule: AnyRule, table: TableInfo, path: string, depth: number): Relations {
    const relations = new Map<string, RelationPolicy>();
    const inherited = new Map<string, Inherited>();
    for (const [name, choice] of Object.entries(rule.with ?? {})) {
      const list = isOfList(choice);
      const way = list ? this.#list(name, choice, table, path) : this.#relation(name, table, path);
      if (way === undefined || choice === undefined || choice === false) continue;
      const resource = list ? choice.resource : choice;
      if (typeof resource === "string") {
        inherited.set(name, { ...way, resource });
        continue;
      }
      const node = this.#related(choice, way, `${path}.${name}`, depth);
      if (node !== undefined) relations.set(name, Object.freeze({ ...node, ...way }));
    }
    return { relations, inherited };
  }

  /** A relation of the schema. */
  #relation(name: string, { name: table, relations }: TableInfo, path: string): Way | undefined {
    const relation = relations.get(name);
    if (relation !== undefined) return { relation, through: undefined };
    const known = relations.size > 0 ? [...relations.keys()].join(", ") : "none";
    this.#mistakes.add(path, `unknown relation \`${name}\` (${table} has ${known})`);
    return undefined;
  }

  /** A list that passes a join table, of whose rows those count that exist by what is said of it and by the rule. */
  #list(name: string, rule: AnyRule, table: TableInfo, path: string): Way | undefined {
    const here = `${path}.${name}`;
    const { through, throughWhere, resource } = rule;
    const place = resource === undefined ? "list" : "borrowed list";
    this.#mistakes.addAll(checkKeys(rule, place, here));
    if (resource !== undefined && typeof resource !== "string")
      this.#mistakes.add(`${here}.resource`, "expected the name of a resource");
    const where = readFunction(throughWhere, `${here}.throughWhere`, this.#mistakes);
    const steps = readSteps(name, through, table, path, this.#mistakes);
    if (steps === undefined) return undefined;
    const { joins, leads } = steps;
    const policy = this.build(
      where === undefined ? {} : { where },
      joins.target,
      this.#limits,
      `${here}.through`,
    );
    return { relation: joins, through: Object.freeze({ policy, relation: leads }) };
  }

  /** What a rule of a relation's own says of the rows to which it leads. */
  #related(choice: AnyRule | true | string, way: Way, path: string, depth: number): NodePolicy | undefined {
    const inner = choice === true ? ALL : choice;
    if (way.through === undefined) this.#mistakes.addAll(checkKeys(inner, "relation", path));
    if (!isMap(inner)) return undefined;
    this.#mistakes.addAll(checkLimits(inner, path));
    // A depth of its own narrows what is left of the depth around it, and nothing else does.
    const limits = applyLimits({ ...this.#limits, maxDepth: DEPTH_CEILING }, inner);
    const node = this.build(inner, endOf(way), limits, path, depth + 1);
    this.checkSpans(node, false, path);
    return node;
  }

  #extras(rule: AnyRule, table: TableInfo, path: string): ReadonlyMap<string, SQL.Aliased> {
    const extras = new Map<string, SQL.Aliased>();
    for (const [name, given] of Object.entries(rule.extras ?? {})) {
      const extra = typeof given === "function" ? sql`null`.as(name) : given;
      if (!is(extra, SQL.Aliased))
        this.#mistakes.add(`${path}.${name}`, 'expected sql`…`.as("name"), or a function that answers SQL');
      else if (table.columns.has(name) || table.columns.has(extra.fieldAlias)) {
        this.#mistakes.add(`${path}.${name}`, `${table.name} has a column of that name`);
      } else if (table.relations.has(name))
        this.#mistakes.add(`${path}.${name}`, `${table.name} has a relation of that name`);
      else if (isOfList(rule.with?.[name])) this.#mistakes.add(`${path}.${name}`, "a list has that name");
      else extras.set(name, complete(extra));
    }
    return extras;
  }

  /** Refuses fields computed over several rows where the database answers each row by itself, or would make one of all. */
  checkSpans({ extras, readable, relations, inherited }: NodePolicy, written: boolean, path: string): void {
    for (const [name, extra] of extras) {
      const span = spanOf(extra.sql);
      const here = `${path}.extras.${name}`;
      if (span !== "row" && written)
        this.#mistakes.add(here, "a write answers each row by itself, so no field is computed over several");
      else if (span === "aggregate" && readable.size + relations.size + inherited.size > 0)
        this.#mistakes.add(
          here,
          "an aggregate makes one row of all, so it takes `select: false` and no `with`",
        );
    }
  }

  #forbids(rule: AnyRule, path: string): ReadonlySet<Capability> {
    const forbidden = new Set<Capability>();
    for (const [capability, choice] of Object.entries(rule.forbidQuery ?? {})) {
      if (!(CAPABILITIES as ReadonlySet<string>).has(capability))
        this.#mistakes.add(
          path,
          `unknown capability \`${capability}\` (known are ${[...CAPABILITIES].join(", ")})`,
        );
      else if (choice === true) forbidden.add(capability as Capability);
      else if (choice !== false && choice !== undefined)
        this.#mistakes.add(`${path}.${capability}`, "expected true or false");
    }
    return forbidden;
  }

  /** What leads through relations is looked at once all rules are known. */
  #orderBy(rule: AnyRule, table: TableInfo, path: string): NodePolicy["orderBy"] {
    const keys: (OrderKey | FurtherKey)[] = [];
    for (const [name, wish] of Object.entries(rule.orderBy ?? {})) {
      const column = table.columns.get(name);
      const sort = readSort(wish);
      if (column === undefined && !leadsOn(name, rule, table))
        this.#mistakes.add(
          path,
          `unknown column \`${name}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`,
        );
      else if (sort === undefined) this.#mistakes.add(`${path}.${name}`, expectedSort(wish));
      else if (column === undefined) keys.push({ key: name, ...sort });
      else if (!hasOrder(column))
        this.#mistakes.add(`${path}.${name}`, `values of type ${column.type} have no order`);
      else keys.push({ column, ...sort });
    }
    return Object.freeze(keys);
  }
}
