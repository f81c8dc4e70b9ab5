import { is, SQL } from "drizzle-orm";
import { withoutMissing } from "../drizzle/drizzle.ts";
import { readDirection, SELECTOR_KEYS } from "../request/request.ts";
import type { ColumnInfo, TableInfo } from "../schema/schema.ts";
import type { AnyRule } from "./acl.ts";
import { chooseColumns } from "./column-choice.ts";
import { isOfOneRow, spanOf } from "./expression-span.ts";
import { checkKeys, isMap } from "./keys.ts";
import { applyLimits, checkLimits, DEPTH_CEILING, type Limits } from "./limits.ts";
import { type Mistakes, readFunction } from "./mistakes.ts";
import { hasOrder, makeTotal } from "./order.ts";
import type { Capability, NodePolicy, OrderKey, RelationPolicy } from "./policy.ts";

export const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/** A computed field in which nothing is missing. */
function complete(extra: SQL.Aliased): SQL.Aliased {
  const { query } = withoutMissing(extra.sql);
  return query === extra.sql ? extra : new SQL.Aliased(query, extra.fieldAlias);
}

/** Builds what a rule says of a table's rows, wherever it stands: at the top or in a relation. */
export class NodeBuilder {
  /** Those of the entry. */
  readonly #limits: Limits;
  readonly #mistakes: Mistakes;

  constructor(limits: Limits, mistakes: Mistakes) {
    this.#limits = limits;
    this.#mistakes = mistakes;
  }

  /** A rule at a depth, for the rows of a table. */
  build(rule: AnyRule, table: TableInfo, limits: Limits, path: string, depth = 0): NodePolicy {
    const readable =
      rule.select === undefined
        ? (EMPTY as ReadonlyMap<string, ColumnInfo>)
        : chooseColumns(rule.select, table, (sentence) => this.#mistakes.add(`${path}.select`, sentence));
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
      using: readFunction(rule.where, `${path}.where`, this.#mistakes),
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
        this.#mistakes.add(
          path,
          `unknown relation \`${name}\` (${table.name} has ${known.length > 0 ? known.join(", ") : "none"})`,
        );
        continue;
      }
      if (choice === undefined || choice === false) continue;
      const inner: AnyRule = choice === true ? { select: true } : choice;
      this.#mistakes.addAll(checkKeys(inner, "relation", `${path}.${name}`));
      if (!isMap(inner)) continue;
      this.#mistakes.addAll(checkLimits(inner, `${path}.${name}`));
      const node = this.build(
        inner,
        relation.target,
        // A depth of its own narrows what is left of the depth around it, and nothing else does.
        applyLimits({ ...this.#limits, maxDepth: DEPTH_CEILING }, inner),
        `${path}.${name}`,
        depth + 1,
      );
      this.checkSpans(node, false, `${path}.${name}`);
      relations.set(name, Object.freeze({ ...node, relation }));
    }
    return relations;
  }

  #extras(rule: AnyRule, table: TableInfo, path: string): ReadonlyMap<string, SQL.Aliased> {
    const extras = new Map<string, SQL.Aliased>();
    for (const [name, extra] of Object.entries(rule.extras ?? {})) {
      if (!is(extra, SQL.Aliased)) this.#mistakes.add(`${path}.${name}`, 'expected sql`…`.as("name")');
      else if (table.columns.has(name) || table.columns.has(extra.fieldAlias)) {
        this.#mistakes.add(`${path}.${name}`, `${table.name} has a column of that name`);
      } else if (table.relations.has(name))
        this.#mistakes.add(`${path}.${name}`, `${table.name} has a relation of that name`);
      else extras.set(name, complete(extra));
    }
    return extras;
  }

  /** Refuses fields computed over several rows where the database answers each row by itself, or would make one of all. */
  checkSpans({ extras, readable, relations }: NodePolicy, written: boolean, path: string): void {
    for (const [name, extra] of extras) {
      const span = spanOf(extra.sql);
      const here = `${path}.extras.${name}`;
      if (span !== "row" && written)
        this.#mistakes.add(here, "a write answers each row by itself, so no field is computed over several");
      else if (span === "aggregate" && readable.size + relations.size > 0)
        this.#mistakes.add(
          here,
          "an aggregate makes one row of all, so it takes `select: false` and no `with`",
        );
    }
  }

  #forbids(rule: AnyRule, path: string): ReadonlySet<Capability> {
    const forbidden = new Set<Capability>();
    for (const [capability, choice] of Object.entries(rule.forbidQuery ?? {})) {
      if (!(SELECTOR_KEYS as ReadonlySet<string>).has(capability))
        this.#mistakes.add(
          path,
          `unknown capability \`${capability}\` (known are ${[...SELECTOR_KEYS].join(", ")})`,
        );
      else if (choice === true) forbidden.add(capability as Capability);
      else if (choice !== false && choice !== undefined)
        this.#mistakes.add(`${path}.${capability}`, "expected true or false");
    }
    return forbidden;
  }

  #orderBy(rule: AnyRule, table: TableInfo, path: string): readonly OrderKey[] {
    const keys: OrderKey[] = [];
    for (const [name, wish] of Object.entries(rule.orderBy ?? {})) {
      const column = table.columns.get(name);
      const direction = readDirection(wish);
      if (column === undefined)
        this.#mistakes.add(
          path,
          `unknown column \`${name}\` (${table.name} has ${[...table.columns.keys()].join(", ")})`,
        );
      else if (direction === undefined)
        this.#mistakes.add(`${path}.${name}`, 'expected "asc", "desc", 1 or -1');
      else if (!hasOrder(column))
        this.#mistakes.add(`${path}.${name}`, `values of type ${column.type} have no order`);
      else keys.push({ column, direction });
    }
    return Object.freeze(keys);
  }
}
