import type { Ordered, ReadNode, ReadPlan, RelationNode, Selected } from "../../plan/plan.ts";
import type { ColumnInfo, RelationInfo } from "../../schema/schema.ts";
import {
  type Bound,
  flatColumn,
  flatExtra,
  type Member,
  namesSize,
  type Syntax,
} from "../../syntax/syntax.ts";
import type { Clauses } from "../slots.ts";
import { fixesKey } from "../sql/range.ts";
import { tableName } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Answers } from "../statement.ts";
import type { Counting } from "./counting.ts";

/** The name of a node's rows in the statement; no table is called that. */
const alias = (node: ReadNode): string => `"~${node.index}"`;

/** The name of a computed field in the statement; a name of its own may be longer than databases take. */
const computedAlias = (index: number): string => `"+${index}"`;

/**
 * Writes the text of one statement. Every mention of a table is followed by the condition of its policy; a client's
 * filter beside it holds columns that the plan has looked up among the readable ones, and no name the client wrote.
 */
export class StatementWriter {
  readonly #speech: Speech;
  readonly #plan: ReadPlan;
  /** By mention. */
  readonly #clauses: readonly Clauses[];
  readonly #answers: Answers;
  readonly #counted: Counted;
  readonly #jsonPassesSelects: boolean;
  readonly #syntax: Syntax;

  constructor(
    speech: Speech,
    plan: ReadPlan,
    clauses: readonly Clauses[],
    answers: Answers,
    counted: Counted,
    jsonPassesSelects: boolean,
  ) {
    this.#speech = speech;
    this.#syntax = speech.syntax;
    this.#plan = plan;
    this.#clauses = clauses;
    this.#answers = answers;
    this.#counted = counted;
    this.#jsonPassesSelects = jsonPassesSelects;
  }

  write(): string {
    const { root, total } = this.#plan;
    const answers = this.#answers;
    if (answers === "rows") return this.#rows(root);
    const { document, list } = this.#syntax;
    if (answers === "object") return this.#objects(root, document);
    const counted = total
      ? `, (select count(*) from ${tableName(root, this.#speech)}${where([this.#of(root).rows])})`
      : "";
    const rows = answers === "count" ? "" : `${document(list(this.#object(root, alias(root))))}, `;
    return `select ${rows}count(*)${counted} from (${this.#rows(root)}) as ${alias(root)}${this.#fits(root)}`;
  }

  /** Ends the statement before it has begun, without a row, where its answer would be too large. */
  #fits(root: ReadNode): string {
    if (this.#counted.counting !== "summed") return "";
    return ` limit (${this.#sizes(root, (size) => this.#syntax.fits(size, this.#most(0)))})`;
  }

  /** The rows of a node as JSON objects, one a row. */
  #objects(node: ReadNode, written: (object: string) => string, relation?: Join): string {
    // Without anything that wants a name of its own, the objects are made where the rows are found.
    if (node.relations.size === 0 && node.extras.size === 0) {
      return `select ${written(this.#object(node, tableName(node, this.#speech)))}${this.#from(node, relation)}`;
    }
    return `select ${written(this.#object(node, alias(node)))} from (${this.#rows(node, relation)}) as ${alias(node)}`;
  }

  /** The rows of a node, with the columns that are asked for or joined by, and its computed fields. */
  #rows(node: ReadNode, relation?: Join): string {
    const own = this.#named(tableName(node, this.#speech));
    return `select ${this.#selected(node, this.#sent(node, this.#columns(node), own))}${this.#from(node, relation)}`;
  }

  /** Where a node's rows come from: those its policy admits, of them the client's, in order, within the limit. */
  #from(node: ReadNode, relation?: Join): string {
    const table = tableName(node, this.#speech);
    const own = this.#named(table);
    const joins = (relation?.on ?? []).map(
      ({ source, target }) => `${own(target)} = ${this.#named(alias(relation!.parent))(source)}`,
    );
    const unordered = node.single || this.#answers === "count" || fixesKey(node);
    const order = unordered ? "" : this.#order(node.orderBy, own);
    const { rows, where: filter } = this.#of(node);
    return ` from ${table}${where([...joins, rows, filter])}${order}${this.#range(node)}`;
  }

  #named(table: string): (column: ColumnInfo) => string {
    return ({ column }) => `${table}.${this.#speech.column(column)}`;
  }

  /** The columns a node's rows carry: those asked for, and those its relations join by. */
  #columns(node: ReadNode): readonly ColumnInfo[] {
    const columns = new Set(node.selected.map(({ expression }) => expression.column));
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
    const flat = this.#answers === "rows";
    return columns.map((column) => (flat ? flatColumn(column, name(column)) : name(column)));
  }

  #selected(node: ReadNode, columns: readonly string[]): string {
    const flat = this.#answers === "rows";
    const extras = this.#of(node).extras.map(
      (text, index) => `${flat ? flatExtra(`(${text})`) : text} as ${computedAlias(index)}`,
    );
    return [...columns, ...extras].join(", ") || "1";
  }

  #of({ index }: ReadNode): Clauses {
    return this.#clauses[index]!;
  }

  #range(node: ReadNode): string {
    const { limit, offset } = this.#of(node);
    return this.#syntax.range({ limit, offset, single: node.single, whole: node.extras.size > 0 });
  }

  #order(keys: readonly Ordered[], name: (column: ColumnInfo) => string): string {
    const written = keys.map(({ expression: { column }, direction }) =>
      this.#syntax.orderKey(column, direction, name(column)),
    );
    return written.length === 0 ? "" : ` order by ${written.join(", ")}`;
  }

  #object(node: ReadNode, name: string): string {
    const { json, jsonExtra, sent, sentExtra, object } = this.#syntax;
    const mapped = this.#answers === "encoded";
    const members: Member[] = [];
    for (const { name: member, expression } of node.selected) {
      const { column } = expression;
      const value = `${name}.${this.#speech.column(column.column)}`;
      members.push([member, mapped ? sent(column, value) : json(column, value)]);
    }
    for (const [index, extra] of [...node.extras.keys()].entries()) {
      const value = `${name}.${computedAlias(index)}`;
      members.push([extra, mapped ? sentExtra(value) : jsonExtra(value)]);
    }
    for (const [relation, child] of node.relations)
      members.push([relation, this.#embedded(`(${this.#relation(node, child)})`), true]);
    return object(members, this.#bound(node, name));
  }

  /** The share of a row, where it has one and may be larger. */
  #bound(node: ReadNode, name: string): Bound | undefined {
    const { selected, extras } = node;
    if (this.#counted.counting !== "capped") return undefined;
    const { size, sizeExtra } = this.#syntax;
    const sizes = [
      ...sizesOf(selected, (column) => size(column, this.#named(name)(column), false)),
      ...Array.from(extras.keys(), (_, place) => sizeExtra(`${name}.${computedAlias(place)}`)),
    ];
    return sizes.length === 0 ? undefined : { sizes, most: this.#most(this.#counted.large.indexOf(node)) };
  }

  #most(place: number): string {
    return `${this.#syntax.mark}${this.#counted.first + place}`;
  }

  /** Sums up what the rows of a node take at the least, with their relations, which come first for the parser's stack. */
  #sizes(node: ReadNode, written: (sum: string) => string, relation?: Join): string {
    const { size, sizeExtra, sum } = this.#syntax;
    const { selected, extras, relations } = node;
    const own = this.#named(tableName(node, this.#speech));
    const name = alias(node);
    const bytes = sizesOf(selected, (column) => size(column, own(column), true));
    const sources = new Set(
      [...relations.values()].flatMap(({ relation: { on } }) => on.map(({ source }) => source)),
    );
    const from = this.#from(node, relation);
    const columns = [`${bytes.map(orNone).join("+") || "0"} as "~bytes"`, ...Array.from(sources, own)];
    const rows = `select ${this.#selected(node, columns)}${from}${node.single && !from.endsWith(ONE) ? ONE : ""}`;
    const names = [...selected.map((member) => member.name), ...extras.keys(), ...relations.keys()];
    const parts = [
      ...Array.from(
        relations.values(),
        (child) => `(${this.#sizes(child.node, (size) => size, { parent: node, on: child.relation.on })})`,
      ),
      ...Array.from(extras.keys(), (_, index) => orNone(sizeExtra(`${name}.${computedAlias(index)}`))),
      `${name}."~bytes"`,
      namesSize(names),
    ];
    return `select ${written(sum(parts.join("+")))} from (${rows}) as ${name}`;
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

const ONE = " limit 1";

/** A size, 0 where there is no value. */
const orNone = (size: string): string => `coalesce(${size},0)`;

/** How bytes are counted, and the place of the first of their bounds among the values. */
export interface Counted {
  readonly counting: Counting;
  readonly large: readonly ReadNode[];
  readonly first: number;
}

const sizesOf = (
  selected: readonly Selected[],
  size: (column: ColumnInfo) => string | undefined,
): readonly string[] =>
  selected.map(({ expression }) => size(expression.column)).filter((part) => part !== undefined);

/** What ties the rows of a relation to a row of its parent. */
interface Join {
  readonly parent: ReadNode;
  readonly on: RelationInfo["on"];
}

/** Conditions side by side: each holds together by itself, which keeps the parser's stack low. */
function where(conditions: readonly (string | undefined)[]): string {
  const held = conditions.filter((condition) => condition !== undefined);
  return held.length === 0 ? "" : ` where ${held.join(" and ")}`;
}
