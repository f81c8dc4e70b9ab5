import type { SQL } from "drizzle-orm";
import type { ReadNode, ReadPlan, RelationNode, Rows } from "../plan/plan.ts";
import type { Dialect } from "../dialect/dialect.ts";
import type { OrderKey } from "../policy/policy.ts";
import type { ColumnInfo, RelationInfo } from "../schema/schema.ts";
import { Cache } from "../cache.ts";
import { toSQL } from "./condition.ts";
import { flatColumn, type RowsWriter, rowsWriter } from "./flat.ts";
import { type Lifted, lift, type Names } from "./lift.ts";
import { asText, travelsRaw } from "./transport.ts";
import { flatExtra, jsonColumn, jsonExtra, wantsDecoding } from "./value.ts";

/** One statement, remembered by shape, and what its answer is. */
export interface JSONStatement {
  readonly text: string;
  readonly answers: Answers;
  /** Makes JSON of rows, where they come as they are. */
  readonly write: RowsWriter | undefined;
  /** Whether it met a value that it cannot say. */
  failed: boolean;
}

/**
 * What a statement answers: one row with a number (`count`), with JSON that is the answer (`json`), with JSON whose
 * values are still to be decoded (`encoded`); or the rows as they are stored, whose JSON is written here (`rows`).
 */
export type Answers = "count" | "json" | "encoded" | "rows";

/** A statement and the values of one request for it. */
export interface Bound {
  readonly statement: JSONStatement;
  readonly values: readonly unknown[];
}

/** SQLite's functions take at most 100 arguments, a name and a value for each member. */
const MAX_MEMBERS = 48;

/** What a plan brings to a statement whoever asks: its shape, and the values the client wrote. */
interface PlanShape {
  readonly key: string;
  readonly wheres: readonly (Lifted | undefined)[];
  readonly extras: readonly (readonly Lifted[])[];
  readonly answers: Answers;
}

/** The fast reader for SQLite: plans become text, and one text serves every plan of its shape. */
export class JSONReader {
  readonly #names: Names;
  readonly #statements = new Cache<JSONStatement>(1_000);
  readonly #shapes: readonly [WeakMap<ReadPlan, PlanShape>, WeakMap<ReadPlan, PlanShape>] = [
    new WeakMap(),
    new WeakMap(),
  ];
  readonly #policies = new WeakMap<object, number>();
  #lastPolicy = 0;

  readonly #dialect: Pick<Dialect, "rowsAreCheap" | "jsonPassesSelects">;

  constructor(names: Names, dialect: Pick<Dialect, "rowsAreCheap" | "jsonPassesSelects">) {
    this.#names = names;
    this.#dialect = dialect;
  }

  /** How many statements are remembered. */
  get size(): number {
    return this.#statements.size;
  }

  /**
   * The statement of a plan and its values; `asRows` where rows are wanted instead of their text. `undefined` for a plan
   * that is left to the portable reader.
   */
  bind(plan: ReadPlan, rows: readonly Rows[], asRows: boolean): Bound | undefined {
    const shape = this.#shape(plan, asRows);
    if (shape === undefined) return undefined;
    let { key } = shape;
    const values: unknown[] = [];
    const usings: (Lifted | Exclude<Rows, SQL>)[] = [];
    const { nodes } = plan;
    for (let index = 0; index < nodes.length; index++) {
      const admitted = rows[index]!;
      const using = typeof admitted === "string" ? admitted : lift(admitted, this.#names);
      usings.push(using);
      if (typeof using === "string") key += `|${using}`;
      else {
        key += `|${using.parts.join("?")}`;
        for (const value of using.values) values.push(value);
      }
      for (const extra of shape.extras[index]!) for (const value of extra.values) values.push(value);
      const where = shape.wheres[index];
      if (where !== undefined) for (const value of where.values) values.push(value);
      const { limit, offset } = nodes[index]!;
      if (limit !== Number.POSITIVE_INFINITY) values.push(limit);
      if (offset > 0) values.push(offset);
    }
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      const { answers } = shape;
      const text = new Writer(this.#names, plan, usings, shape, this.#dialect.jsonPassesSelects).write();
      statement = {
        text,
        answers,
        write: answers === "rows" ? rowsWriter(plan.root) : undefined,
        failed: false,
      };
      this.#statements.set(key, statement);
    }
    return { statement, values };
  }

  #shape(plan: ReadPlan, asRows: boolean): PlanShape | undefined {
    const shapes = this.#shapes[asRows ? 1 : 0];
    const known = shapes.get(plan);
    if (known !== undefined) return known;
    const widest = Math.max(
      ...plan.nodes.map((node) => node.columns.length + node.extras.size + node.relations.size),
    );
    if (widest > MAX_MEMBERS) return undefined;
    const answers = this.#answers(plan, asRows);
    const extras = plan.nodes.map((node) =>
      [...node.extras.values()].map((extra) => lift(extra.sql, this.#names)),
    );
    const wheres = plan.nodes.map(
      (node) => node.where && lift(toSQL(node.where), this.#names, node.table.table, scope(node)),
    );
    const key = `${answers}${plan.total}${plan.first}${this.#nodeKey(plan.root, wheres)}`;
    const shape = { key, wheres, extras, answers };
    shapes.set(plan, shape);
    return shape;
  }

  #answers(plan: ReadPlan, asRows: boolean): Answers {
    if (plan.countOnly) return "count";
    if (asRows || plan.nodes.some(wantsDecoding)) return "encoded";
    return this.#dialect.rowsAreCheap && plan.nodes.length === 1 && !plan.total ? "rows" : "json";
  }

  #nodeKey(node: ReadNode, wheres: readonly (Lifted | undefined)[]): string {
    const { policy, columns, orderBy, extras, limit, offset } = node;
    let key = `(${this.#policyId(policy)};`;
    if (columns !== policy.columns) key += columns.map(({ name }) => name).join();
    else key += "*";
    if (extras !== policy.extras) key += `;${[...extras.keys()].join()}`;
    key += `;${wheres[node.index]?.parts.join("?") ?? ""};`;
    if (orderBy !== policy.totalOrder)
      key += orderBy.map(({ column, direction }) => `${column.name} ${direction}`).join();
    else key += "*";
    if (limit !== Number.POSITIVE_INFINITY) key += "L";
    if (offset > 0) key += "O";
    for (const [name, { node: child }] of node.relations) key += name + this.#nodeKey(child, wheres);
    return `${key})`;
  }

  #policyId(policy: object): number {
    let id = this.#policies.get(policy);
    if (id === undefined) this.#policies.set(policy, (id = ++this.#lastPolicy));
    return id;
  }
}

/** The name of a node's rows in the statement; no table is called that. */
const alias = (node: ReadNode): string => `"~${node.index}"`;

/** The name a client's filter knows its columns by: the sub-select's, or the table's own where computed fields share it. */
const scope = (node: ReadNode): string | undefined => (node.extras.size > 0 ? undefined : alias(node));

/** Where the values of a node stand among those of the statement. */
interface Place {
  readonly using: number;
  readonly extras: number;
  readonly where: number;
  readonly limit: number;
  readonly offset: number;
}

/** Writes the text of one statement. Every mention of a table is the sub-select of the rows its policy admits. */
class Writer {
  readonly #names: Names;
  readonly #plan: ReadPlan;
  readonly #usings: readonly (Lifted | Exclude<Rows, SQL>)[];
  readonly #shape: PlanShape;
  readonly #places: readonly Place[];
  readonly #jsonPassesSelects: boolean;

  constructor(
    names: Names,
    plan: ReadPlan,
    usings: readonly (Lifted | Exclude<Rows, SQL>)[],
    shape: PlanShape,
    jsonPassesSelects: boolean,
  ) {
    this.#names = names;
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
      const offset = limit + (node.limit === Number.POSITIVE_INFINITY ? 0 : 1);
      next = offset + (node.offset > 0 ? 1 : 0);
      return { using, extras, where, limit, offset };
    });
  }

  write(): string {
    const { root, total } = this.#plan;
    const { answers } = this.#shape;
    if (answers === "rows") return this.#rows(root);
    const counted = total
      ? `, (select count(*) from ${this.#names.table(root.table.table)}${where([this.#using(root)])})`
      : "";
    const rows = answers === "count" ? "" : `json_group_array(${this.#object(root)}), `;
    return `select ${rows}count(*)${counted} from (${this.#rows(root)}) as ${alias(root)}`;
  }

  /** The rows of a node: those its policy admits, of them the client's, in order, within the limit. */
  #rows(node: ReadNode, relation?: Join): string {
    const table = this.#names.table(node.table.table);
    const named = (name: string) => (column: ColumnInfo) => `${name}.${this.#names.column(column.column)}`;
    const own = named(table);
    const shown = named(alias(node));
    const joins = (name: (column: ColumnInfo) => string): readonly string[] =>
      (relation?.on ?? []).map(
        ({ source, target }) => `${name(target)} = ${named(alias(relation!.parent))(source)}`,
      );
    const using = this.#using(node);
    const client = this.#where(node);
    const end = (name: (column: ColumnInfo) => string): string =>
      orderBy(node.orderBy, name) + this.#range(node);
    // Computed fields may be aggregates, which want every condition beside them.
    if (client === "" || node.extras.size > 0) {
      const columns = this.#selected(node, this.#sent(node, this.#columns(node, []), own));
      return `select ${columns} from ${table}${where([...joins(own), using, client])}${end(own)}`;
    }
    const columns = this.#sent(node, this.#columns(node, []), shown).join(", ") || "1";
    // Where every row exists for the caller, the table itself is the sub-select.
    if (using === "")
      return `select ${columns} from ${table} as ${alias(node)}${where([...joins(shown), client])}${end(shown)}`;
    // The client's filter sees only what the sub-select lets out: no other column has a name there.
    const needed = this.#columns(node, [...node.orderBy.map(({ column }) => column), ...filterColumns(node)]);
    const inner = `select ${needed.map(own).join(", ")} from ${table}${where([...joins(own), using])}`;
    return `select ${columns} from (${inner}) as ${alias(node)} where ${client}${end(shown)}`;
  }

  /** The columns a node's rows carry: those asked for, those its relations join by, and `more`. */
  #columns(node: ReadNode, more: readonly ColumnInfo[]): readonly ColumnInfo[] {
    const columns = new Set([...node.columns, ...more]);
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
    const names = [...node.extras.keys()];
    const extras = this.#shape.extras[node.index]!.map(({ parts, values }, index) => {
      const text = numbered(parts, first);
      first += values.length;
      const sent = this.#shape.answers === "rows" ? flatExtra(`(${text})`) : text;
      return `${sent} as ${this.#names.quote(`+${names[index]!}`)}`;
    });
    return [...columns, ...extras].join(", ") || "1";
  }

  #using(node: ReadNode): string {
    const using = this.#usings[node.index]!;
    if (using === "all") return "";
    if (using === "none") return "1 = 0";
    return `(${numbered(using.parts, this.#places[node.index]!.using)})`; // an author may write OR
  }

  #where(node: ReadNode): string {
    const lifted = this.#shape.wheres[node.index];
    return lifted === undefined ? "" : numbered(lifted.parts, this.#places[node.index]!.where);
  }

  #range(node: ReadNode): string {
    const { limit, offset } = this.#places[node.index]!;
    const bounded = node.limit !== Number.POSITIVE_INFINITY;
    if (node.offset > 0) return ` limit ${bounded ? `?${limit}` : "-1"} offset ?${offset}`;
    return bounded ? ` limit ?${limit}` : "";
  }

  #object(node: ReadNode): string {
    const decode = this.#shape.answers === "encoded";
    const members: string[] = [];
    for (const column of node.columns) {
      const value = `${alias(node)}.${this.#names.column(column.column)}`;
      const sent = decode ? (travelsRaw(column) ? value : asText(value)) : jsonColumn(column, value);
      members.push(`${literal(column.name)},${sent}`);
    }
    for (const name of node.extras.keys()) {
      const value = `${alias(node)}.${this.#names.quote(`+${name}`)}`;
      members.push(`${literal(name)},${decode ? asText(value) : jsonExtra(value)}`);
    }
    for (const [name, relation] of node.relations)
      members.push(`${literal(name)},${this.#embedded(`(${this.#relation(node, relation)})`)}`);
    return `json_object(${members.join(",")})`;
  }

  /** JSON of a sub-select inside other JSON: some databases forget on the way that it is JSON. */
  #embedded(select: string): string {
    return this.#jsonPassesSelects ? select : `json(${select})`;
  }

  #relation(parent: ReadNode, { relation, node }: RelationNode): string {
    const join = { parent, on: relation.on };
    if (relation.kind === "many") {
      return `select json_group_array(${this.#object(node)}) from (${this.#rows(node, join)}) as ${alias(node)}`;
    }
    return `select ${this.#object(node)} from (${this.#rows({ ...node, orderBy: [] }, join)}) as ${alias(node)}`;
  }
}

/** What ties the rows of a relation to a row of its parent. */
interface Join {
  readonly parent: ReadNode;
  readonly on: RelationInfo["on"];
}

/** Text with its values numbered from `first`. */
function numbered(parts: readonly string[], first: number): string {
  let text = parts[0]!;
  for (let index = 1; index < parts.length; index++) text += `?${first + index - 1}${parts[index]!}`;
  return text;
}

/** Conditions side by side: each holds together by itself, which keeps the parser's stack low. */
function where(conditions: readonly string[]): string {
  const held = conditions.filter((condition) => condition !== "");
  return held.length === 0 ? "" : ` where ${held.join(" and ")}`;
}

function orderBy(keys: readonly OrderKey[], name: (column: ColumnInfo) => string): string {
  return keys.length === 0
    ? ""
    : ` order by ${keys.map(({ column, direction }) => `${name(column)} ${direction}`).join(", ")}`;
}

/** The columns a client's filter names. */
function filterColumns({ where: predicate }: ReadNode): readonly ColumnInfo[] {
  const columns: ColumnInfo[] = [];
  const collect = (part: NonNullable<ReadNode["where"]>): void => {
    if (part.kind === "condition") columns.push(part.column);
    else if (part.kind === "not") collect(part.part);
    else part.parts.forEach(collect);
  };
  if (predicate !== undefined) collect(predicate);
  return columns;
}

/** A text as SQL writes it. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
