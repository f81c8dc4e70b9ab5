import type { SQL } from "drizzle-orm";
import type { Lifted, Names } from "../drizzle/drizzle.ts";
import type { ReadNode, ReadPlan, RelationNode, Rows } from "../plan/plan.ts";
import type { OrderKey } from "../policy/policy.ts";
import type { ColumnInfo, RelationInfo } from "../schema/schema.ts";
import { flatColumn, flatExtra } from "./flat.ts";
import { numbered } from "./lift.ts";
import { type Member, type Syntax, syntaxOf } from "./syntax.ts";

/**
 * What a statement answers: one row with a number (`count`), with the JSON of a list (`json`), with JSON whose values are
 * still to be decoded (`encoded`); a row that is one JSON object, or none (`object`); or the rows as they are stored,
 * whose JSON is written here (`rows`).
 */
export type Answers = "count" | "json" | "encoded" | "object" | "rows";

/** What a plan brings to a statement whoever asks: its shape, and the values the client wrote. */
export interface PlanShape {
  readonly key: string;
  readonly wheres: readonly (Lifted | undefined)[];
  readonly extras: readonly (readonly Lifted[])[];
  readonly answers: Answers;
}

/** The name of a node's rows in the statement; no table is called that. */
const alias = (node: ReadNode): string => `"~${node.index}"`;

/** The name of a computed field in the statement; a name of its own may be longer than databases take. */
const computedAlias = (index: number): string => `"+${index}"`;

/** Whether a filter fixes the whole primary key, so that there is one row at most, and nothing to order. */
function fixesKey({ where: predicate, table }: ReadNode): boolean {
  if (predicate === undefined || table.primaryKey.length === 0) return false;
  const parts = predicate.kind === "and" ? predicate.parts : [predicate];
  const fixed = new Set<ColumnInfo>();
  for (const part of parts)
    if (part.kind === "condition" && part.operator.fixes === true && part.value !== null)
      fixed.add(part.column);
  return table.primaryKey.every((column) => fixed.has(column));
}

/** Whether the statement needs a limit for the node. */
export const isBounded = (node: ReadNode): boolean =>
  node.limit !== Number.POSITIVE_INFINITY &&
  !node.single &&
  !(node.limit > 0 && node.offset === 0 && fixesKey(node));

/** Where the values of a node stand among those of the statement. */
interface Place {
  readonly using: number;
  readonly extras: number;
  readonly where: number;
  readonly limit: number;
  readonly offset: number;
}

/**
 * Writes the text of one statement. Every mention of a table is followed by the condition of its policy; a client's
 * filter beside it holds columns that the plan has looked up among the readable ones, and no name the client wrote.
 */
export class StatementWriter {
  readonly #names: Names;
  readonly #plan: ReadPlan;
  readonly #usings: readonly (Lifted | Exclude<Rows, SQL>)[];
  readonly #shape: PlanShape;
  readonly #places: readonly Place[];
  readonly #jsonPassesSelects: boolean;
  readonly #syntax: Syntax;

  constructor(
    names: Names,
    plan: ReadPlan,
    usings: readonly (Lifted | Exclude<Rows, SQL>)[],
    shape: PlanShape,
    jsonPassesSelects: boolean,
  ) {
    this.#names = names;
    this.#syntax = syntaxOf(names.database);
    this.#plan = plan;
    this.#usings = usings;
    this.#shape = shape;
    this.#jsonPassesSelects = jsonPassesSelects;
    let next = 1;
    this.#places = plan.nodes.map((node, index) => {
      const using = next;
      const admitted = usings[index]!;
      const extras = using + (typeof admitted === "string" ? 0 : admitted.values.length);
      const where = extras + shape.extras[index]!.reduce((sum, { values }) => sum + values.length, 0);
      const limit = where + (shape.wheres[index]?.values.length ?? 0);
      const offset = limit + (isBounded(node) ? 1 : 0);
      next = offset + (node.offset > 0 ? 1 : 0);
      return { using, extras, where, limit, offset };
    });
  }

  write(): string {
    const { root, total } = this.#plan;
    const { answers } = this.#shape;
    if (answers === "rows") return this.#rows(root);
    const { document, list } = this.#syntax;
    if (answers === "object") return this.#objects(root, document);
    const counted = total
      ? `, (select count(*) from ${this.#names.table(root.table.table)}${where([this.#using(root)])})`
      : "";
    const rows = answers === "count" ? "" : `${document(list(this.#object(root, alias(root))))}, `;
    return `select ${rows}count(*)${counted} from (${this.#rows(root)}) as ${alias(root)}`;
  }

  /** The rows of a node as JSON objects, one a row. */
  #objects(node: ReadNode, written: (object: string) => string, relation?: Join): string {
    // Without anything that wants a name of its own, the objects are made where the rows are found.
    if (node.relations.size === 0 && node.extras.size === 0) {
      return `select ${written(this.#object(node, this.#names.table(node.table.table)))}${this.#from(node, relation)}`;
    }
    return `select ${written(this.#object(node, alias(node)))} from (${this.#rows(node, relation)}) as ${alias(node)}`;
  }

  /** The rows of a node, with the columns that are asked for or joined by, and its computed fields. */
  #rows(node: ReadNode, relation?: Join): string {
    const own = this.#named(this.#names.table(node.table.table));
    return `select ${this.#selected(node, this.#sent(node, this.#columns(node), own))}${this.#from(node, relation)}`;
  }

  /** Where a node's rows come from: those its policy admits, of them the client's, in order, within the limit. */
  #from(node: ReadNode, relation?: Join): string {
    const table = this.#names.table(node.table.table);
    const own = this.#named(table);
    const joins = (relation?.on ?? []).map(
      ({ source, target }) => `${own(target)} = ${this.#named(alias(relation!.parent))(source)}`,
    );
    const unordered = node.single || this.#shape.answers === "count" || fixesKey(node);
    const order = unordered ? "" : this.#order(node.orderBy, own);
    return ` from ${table}${where([...joins, this.#using(node), this.#where(node)])}${order}${this.#range(node)}`;
  }

  #named(table: string): (column: ColumnInfo) => string {
    return ({ column }) => `${table}.${this.#names.column(column)}`;
  }

  /** The columns a node's rows carry: those asked for, and those its relations join by. */
  #columns(node: ReadNode): readonly ColumnInfo[] {
    const columns = new Set(node.columns);
    for (const { relation } of node.relations.values())
      for (const { source } of relation.on) columns.add(source);
    return [...columns];
  }

  /** The columns as the statement's rows hold them. */
  #sent(
    node: ReadNode,
    columns: readonly ColumnInfo[],
    name: (column: ColumnInfo) => string,
  ): readonly string[] {
    const flat = this.#shape.answers === "rows";
    return columns.map((column) => (flat ? flatColumn(column, name(column)) : name(column)));
  }

  #selected(node: ReadNode, columns: readonly string[]): string {
    let first = this.#places[node.index]!.extras;
    const extras = this.#shape.extras[node.index]!.map(({ parts, values }, index) => {
      const text = numbered(parts, first, this.#syntax);
      first += values.length;
      const sent = this.#shape.answers === "rows" ? flatExtra(`(${text})`) : text;
      return `${sent} as ${computedAlias(index)}`;
    });
    return [...columns, ...extras].join(", ") || "1";
  }

  #using(node: ReadNode): string {
    const using = this.#usings[node.index]!;
    if (using === "all") return "";
    if (using === "none") return "1 = 0";
    return `(${numbered(using.parts, this.#places[node.index]!.using, this.#syntax)})`; // an author may write OR
  }

  #where(node: ReadNode): string {
    const lifted = this.#shape.wheres[node.index];
    if (lifted === undefined) return "";
    return numbered(lifted.parts, this.#places[node.index]!.where, this.#syntax);
  }

  #range(node: ReadNode): string {
    const { limit, offset } = this.#places[node.index]!;
    const { mark, range } = this.#syntax;
    return range({
      limit: isBounded(node) ? `${mark}${limit}` : undefined,
      offset: node.offset > 0 ? `${mark}${offset}` : undefined,
      single: node.single,
      whole: node.extras.size > 0,
    });
  }

  #order(keys: readonly OrderKey[], name: (column: ColumnInfo) => string): string {
    const written = keys.map((key) => this.#syntax.orderKey(key, name(key.column)));
    return written.length === 0 ? "" : ` order by ${written.join(", ")}`;
  }

  #object(node: ReadNode, name: string): string {
    const { json, jsonExtra, sent, sentExtra, object } = this.#syntax;
    const mapped = this.#shape.answers === "encoded";
    const members: Member[] = [];
    for (const column of node.columns) {
      const value = `${name}.${this.#names.column(column.column)}`;
      members.push([column.name, mapped ? sent(column, value) : json(column, value)]);
    }
    for (const [index, extra] of [...node.extras.keys()].entries()) {
      const value = `${name}.${computedAlias(index)}`;
      members.push([extra, mapped ? sentExtra(value) : jsonExtra(value)]);
    }
    for (const [relation, child] of node.relations)
      members.push([relation, this.#embedded(`(${this.#relation(node, child)})`), true]);
    return object(members);
  }

  /** JSON of a sub-select inside other JSON: some databases forget on the way that it is JSON. */
  #embedded(select: string): string {
    return this.#jsonPassesSelects ? select : `json(${select})`;
  }

  #relation(parent: ReadNode, { relation, node }: RelationNode): string {
    const join = { parent, on: relation.on };
    // A sub-select in the place of a value is its first row.
    if (node.single) return this.#objects(node, (object) => object, join);
    return `select ${this.#syntax.list(this.#object(node, alias(node)))} from (${this.#rows(node, join)}) as ${alias(node)}`;
  }
}

/** What ties the rows of a relation to a row of its parent. */
interface Join {
  readonly parent: ReadNode;
  readonly on: RelationInfo["on"];
}

/** Conditions side by side: each holds together by itself, which keeps the parser's stack low. */
function where(conditions: readonly string[]): string {
  const held = conditions.filter((condition) => condition !== "");
  return held.length === 0 ? "" : ` where ${held.join(" and ")}`;
}
