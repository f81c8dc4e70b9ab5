import type { Cell, Mention, Ordered, ReadNode, RelationNode, Through } from "../../plan/plan.ts";
import { isCell } from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import type { Syntax } from "../../syntax/syntax.ts";
import { ALWAYS, type Clauses } from "../slots.ts";
import { keyAlias, LONGEST } from "../sql/kept.ts";
import { isOrdered } from "../sql/range.ts";
import { tableName } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Answers } from "../statement.ts";

/** The name of a node's rows in the statement; no table is called that. */
export const alias = (node: ReadNode): string => `"~${node.index}"`;

/** The name of a computed field in the statement; a name of its own may be longer than databases take. */
export const computedAlias = (index: number): string => `"+${index}"`;

/** The name of a mark's bit. */
export const markAlias = (place: number): string => `"~mark${place}"`;

/** What ties the rows of a relation to a row of its parent. */
export interface Join extends Pick<RelationNode, "relation" | "through"> {
  readonly parent: ReadNode;
}

/** Names a column of a table. */
export type Named = (column: ColumnInfo) => string;

/**
 * Writes where rows are found, and what they carry. Every mention of a table is followed by the condition of its policy; a
 * client's filter beside it holds columns that the plan has looked up among the readable ones, and no name the client wrote.
 */
export class Selects {
  readonly #speech: Speech;
  /** By mention. */
  readonly #clauses: readonly Clauses[];
  readonly #answers: Answers;
  readonly #syntax: Syntax;

  constructor(speech: Speech, clauses: readonly Clauses[], answers: Answers) {
    this.#speech = speech;
    this.#syntax = speech.syntax;
    this.#clauses = clauses;
    this.#answers = answers;
  }

  /** The rows of a node, with the columns that are asked for or joined by, and its computed fields. */
  rows(node: ReadNode, relation?: Join): string {
    const own = this.named(tableName(node, this.#speech));
    const columns = [...this.#sent(node, this.#columns(node), own), ...this.#bits(node)];
    const keys = this.#keys(node, own);
    return this.stretches(node, (behind) => {
      return `select ${this.selected(node, columns, keys)}${this.from(node, relation, behind)}`;
    });
  }

  /** Selects from each stretch of a node's rows, until the page is full. */
  stretches(node: ReadNode, select: (behind: string | undefined) => string): string {
    const [first, second] = this.of(node).behind;
    if (second === undefined) return select(first);
    const [one, other] = [first, second].map((behind) => `select * from (${select(behind)}) as "~stretch"`);
    return `${one!} union all ${other!}${this.#range(node)}`;
  }

  /** Where a node's rows come from: those its policy admits, of them the client's, in order, within the limit. */
  from(node: ReadNode, relation?: Join, behind?: string): string {
    const own = this.named(tableName(node, this.#speech));
    const order = this.#answers !== "count" && isOrdered(node) ? this.#order(node, own) : "";
    return ` from ${this.found(node, relation, behind)}${order}${this.#range(node)}`;
  }

  /** The rows of a node, in whatever order and however many. */
  found(node: ReadNode, relation?: Join, behind?: string): string {
    const joins = relation === undefined ? [] : this.ties(node, relation);
    const { rows, where: filter } = this.of(node);
    return `${tableName(node, this.#speech)}${where([...joins, rows, filter, behind])}`;
  }

  /** What ties the rows of a relation to the row they belong to. */
  ties(mention: Mention, { parent, relation: { on }, through }: Join): readonly string[] {
    const own = this.named(tableName(mention, this.#speech));
    const outer = this.named(alias(parent));
    const inner = through === undefined ? own : this.named(tableName(through.mention, this.#speech));
    const ties = on.map(({ source, target }) => `${inner(target)} = ${outer(source)}`);
    return through === undefined ? ties : [this.#joined(through, own, ties)];
  }

  /** Whether a row is one that rows of a join table lead to: each is so once. */
  #joined({ mention, relation: { on } }: Through, own: Named, ties: readonly string[]): string {
    const table = tableName(mention, this.#speech);
    const joining = on.map(({ source }) => this.named(table)(source)).join(", ");
    const meant = on.map(({ target }) => own(target)).join(", ");
    const rows = `select ${joining} from ${table}${where([...ties, this.of(mention).rows])}`;
    return `${on.length === 1 ? meant : `(${meant})`} in (${rows})`;
  }

  /** Names the columns of a table, or of what stands for one. */
  named(table: string): Named {
    return ({ column }) => `${table}.${this.#speech.column(column)}`;
  }

  /** The columns a node's rows carry: those asked for, and those its relations join by. */
  #columns(node: ReadNode): readonly ColumnInfo[] {
    const columns = node.selected.map(({ expression }) => expression.column);
    return [...new Set([...columns, ...sourcesOf(node)])];
  }

  /** The columns as the statement's rows hold them. */
  #sent(
    node: ReadNode,
    columns: readonly ColumnInfo[],
    name: (column: ColumnInfo) => string,
  ): readonly string[] {
    const flat = this.#isFlat;
    return columns.map((column) => {
      const value = name(column);
      const written = flat ? this.#speech.flat.column(column, value, node.single) : value;
      return written === value ? value : `${written} as ${this.#speech.column(column.column)}`;
    });
  }

  /** What is selected of a row: columns, computed fields, and what it is placed by. */
  selected(node: ReadNode, columns: readonly string[], keys: readonly string[] = []): string {
    const flat = this.#isFlat;
    const extras = this.of(node).extras.map(
      (text, index) => `${flat ? this.#speech.flat.extra(`(${text})`) : text} as ${computedAlias(index)}`,
    );
    return [...columns, ...extras, ...keys].join(", ") || "1";
  }

  /** Whether rows come as they are: then there is one node. */
  get #isFlat(): boolean {
    return this.#answers === "rows";
  }

  /** What is asked of a mention. */
  of({ index }: Mention): Clauses {
    return this.#clauses[index]!;
  }

  #range(node: ReadNode): string {
    const { limit, offset } = this.of(node);
    return this.#syntax.range({ limit, offset, single: node.single, whole: node.extras.size > 0 });
  }

  #order(node: ReadNode, name: (column: ColumnInfo) => string): string {
    const { orderKey, collation } = this.#syntax;
    const written = node.orderBy.map((key) => {
      const { expression, direction, nulls } = key;
      const { column } = expression;
      const value = this.#value(node, key, name);
      if (!isCell(expression))
        return orderKey(expression.kind === "path", direction, `${value}${collation(column)}`, nulls);
      if (this.shown(node, expression) === undefined)
        return orderKey(column.nullable, direction, value, nulls);
      return orderKey(true, direction, `${value}${collation(column)}`, nulls);
    });
    return written.length === 0 ? "" : ` order by ${written.join(", ")}`;
  }

  /** The value of a key of an order, where its row is found. */
  #value(node: ReadNode, key: Ordered, name: (column: ColumnInfo) => string): string {
    const { expression } = key;
    if (!isCell(expression)) return this.of(node).keys.get(key)!;
    return covered(this.shown(node, expression), name(expression.column));
  }

  /** The values by which the rows of a page stand in order. */
  #keys(node: ReadNode, name: (column: ColumnInfo) => string): readonly string[] {
    if (node.paging === undefined) return [];
    const flat = this.#isFlat;
    return node.orderBy.map((key, index) => {
      const value = this.#value(node, key, name);
      return `${flat ? this.#speech.flat.key(key, value, LONGEST) : value} as ${keyAlias(index)}`;
    });
  }

  /** When a value is shown, where its row is found; `undefined` where it always is. */
  shown(node: ReadNode, expression: Cell): string | undefined {
    if (expression.kind === "column") return undefined;
    const shown = this.of(node).masks.get(expression.mask);
    if (shown === undefined) throw new TypeError("nobody asked when a masked column is shown");
    return shown === ALWAYS ? undefined : shown;
  }

  /** The same, where the row has come with its bits. */
  marked(node: ReadNode, expression: Cell, name: string): string | undefined {
    if (this.shown(node, expression) === undefined || expression.kind === "column") return undefined;
    return `${name}.${markAlias(node.marks.indexOf(expression.mask))}='1'`;
  }

  /** The bits of a node's rows. */
  #bits(node: ReadNode): readonly string[] {
    const { masks } = this.of(node);
    return node.marks.map((mask, place) => {
      return `case when ${masks.get(mask)!} then '1' else '0' end as ${markAlias(place)}`;
    });
  }
}

/** The columns by which other rows belong to those of a node. */
export const sourcesOf = ({ relations, counts }: ReadNode): ReadonlySet<ColumnInfo> =>
  new Set(
    [...relations.values(), ...Array.from(counts.values(), ({ link }) => link)].flatMap(({ relation }) =>
      relation.on.map(({ source }) => source),
    ),
  );

/** A value that is shown on some rows alone; without a condition on every row. */
export const covered = (shown: string | undefined, value: string): string =>
  shown === undefined ? value : `case when ${shown} then ${value} end`;

/** Conditions side by side: each holds together by itself, which keeps the parser's stack low. */
export function where(conditions: readonly (string | undefined)[]): string {
  const held = conditions.filter((condition) => condition !== undefined);
  return held.length === 0 ? "" : ` where ${held.join(" and ")}`;
}
