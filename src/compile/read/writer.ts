import {
  type Cell,
  type Counted as CountedRows,
  COUNTS,
  isOneOfAll,
  type ReadNode,
  type ReadPlan,
  type RelationNode,
  type Selected,
} from "../../plan/plan.ts";
import type { ColumnInfo } from "../../schema/schema.ts";
import {
  type Bound,
  type Cut,
  type Member,
  type MemberName,
  namesSize,
  type Syntax,
} from "../../syntax/syntax.ts";
import type { Clauses } from "../slots.ts";
import { MARKS } from "../sql/masked.ts";
import { keptKeys, keyAlias } from "../sql/kept.ts";
import { tableName } from "../sql/secured.ts";
import type { Speech } from "../sql/speech.ts";
import type { Answers } from "../statement.ts";
import type { Counting } from "./counting.ts";
import { alias, computedAlias, covered, type Join, markAlias, Selects, sourcesOf, where } from "./selects.ts";

/** Writes the text of one statement: what is made of the rows that its selects find. */
export class StatementWriter {
  readonly #speech: Speech;
  readonly #plan: ReadPlan;
  readonly #selects: Selects;
  readonly #answers: Answers;
  readonly #counted: Counted;
  readonly #jsonPassesSelects: boolean;
  readonly #syntax: Syntax;
  /** The nodes that are so deep that the parser's stack has to be spared. */
  readonly #deep: ReadonlySet<ReadNode>;

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
    this.#selects = new Selects(speech, clauses, answers);
    this.#answers = answers;
    this.#counted = counted;
    this.#jsonPassesSelects = jsonPassesSelects;
    this.#deep = new Set(deeper(plan.root, SHALLOW));
  }

  write(): string {
    const { root, total, filtered } = this.#plan;
    const answers = this.#answers;
    if (answers === "rows") return this.#flat(root);
    const { document } = this.#syntax;
    if (answers === "object") return this.#objects(root, document);
    const { rows, where: filter } = this.#selects.of(root);
    const counts = [
      "count(*)",
      ...(total ? [this.#rowsOf(root, [rows])] : []),
      ...(filtered ? [this.#filtered(root, this.#rowsOf(root, [rows, filter]))] : []),
      ...(root.tellsMore && answers !== "count" ? [this.#more(root)] : []),
    ].join(", ");
    const answered = answers === "count" ? "" : `${document(this.#listed(root))}, `;
    return `select ${answered}${counts} from (${this.#selects.rows(root)}) as ${alias(root)}${this.#fits(root)}`;
  }

  /** The rows as they are stored, each with the numbers of its related rows, and of a page with the values that place it. */
  #flat(root: ReadNode): string {
    if (root.counts.size === 0) return this.#selects.rows(root);
    const name = alias(root);
    const columns = [
      ...root.selected.map(({ expression: { column } }) => this.#selects.named(name)(column)),
      ...Array.from(root.extras.keys(), (_, index) => `${name}.${computedAlias(index)}`),
      ...Array.from(root.counts.values(), (counted) => this.#speech.flat.count(this.#count(root, counted))),
      ...(root.paging === undefined ? [] : root.orderBy.map((_, index) => `${name}.${keyAlias(index)}`)),
    ];
    return `select ${columns.join(", ")} from (${this.#selects.rows(root)}) as ${name}`;
  }

  /** All rows, of a page each with the place where it stands. */
  #listed(root: ReadNode): string {
    const object = this.#object(root, alias(root));
    if (root.paging === undefined) return this.#syntax.list(object);
    const keys = keptKeys(root.orderBy, (index) => `${alias(root)}.${keyAlias(index)}`, this.#syntax);
    return this.#syntax.records(this.#syntax.parts([object, ...keys]));
  }

  /** The number of rows that satisfy conditions, whatever the page. */
  #rowsOf(root: ReadNode, conditions: readonly (string | undefined)[]): string {
    return `(select count(*) from ${tableName(root, this.#speech)}${where(conditions)})`;
  }

  /** The same of the client's rows, which a page from the first on that is not full tells by itself. */
  #filtered(root: ReadNode, counted: string): string {
    const { limit, offset, behind } = this.#selects.of(root);
    if (offset !== undefined || behind.length > 0 || isOneOfAll(root)) return counted;
    return limit === undefined ? "count(*)" : `case when count(*)<${limit} then count(*) else ${counted} end`;
  }

  /** Whether there are more of the client's rows than the page's limit lets through. */
  #more(root: ReadNode): string {
    const cut = this.#cut(root);
    return cut === undefined
      ? "0"
      : `case when count(*)<${cut.limit} then 0 when ${cut.beyond} is null then 0 else 1 end`;
  }

  /** How a list says that its limit left rows out; `undefined` where it does not say so, or has none. */
  #cut(node: ReadNode, relation?: Join): Cut | undefined {
    const { limit, offset = "0" } = this.#selects.of(node);
    if (!node.tellsMore || limit === undefined) return undefined;
    const beyond = `(select 1 from ${this.#selects.found(node, relation)} limit 1 offset ${limit}+${offset})`;
    return { limit, beyond };
  }

  /** Whether its name says of a list that it was cut short, and not the list. */
  #namesCut(node: ReadNode): boolean {
    if (this.#syntax.cutName === undefined) return false;
    return node.relations.size + node.counts.size > 0 || this.#deep.has(node);
  }

  /** Ends the statement before it has begun, without a row, where its answer would be too large. */
  #fits(root: ReadNode): string {
    if (this.#counted.counting !== "summed") return "";
    return ` limit (${this.#sizes(root, (size) => this.#syntax.fits(size, this.#most(0)))})`;
  }

  /** The rows of a node as JSON objects, one a row. */
  #objects(node: ReadNode, written: (object: string) => string, relation?: Join): string {
    // Without anything that wants a name of its own, the objects are made where the rows are found.
    const { relations, extras, marks, counts } = node;
    if (relations.size + extras.size + marks.length + counts.size === 0) {
      return `select ${written(this.#object(node, tableName(node, this.#speech)))}${this.#selects.from(node, relation)}`;
    }
    return `select ${written(this.#object(node, alias(node)))} from (${this.#selects.rows(node, relation)}) as ${alias(node)}`;
  }

  #object(node: ReadNode, name: string): string {
    const { json, jsonExtra, sent, sentExtra, object } = this.#syntax;
    const mapped = this.#answers === "encoded";
    const members: Member[] = [];
    for (const { name: member, expression } of node.selected) {
      const { column } = expression;
      const value = `${name}.${this.#speech.column(column.column)}`;
      const written = mapped ? sent(column, value) : json(column, value);
      members.push([member, covered(this.#selects.marked(node, expression, name), written)]);
    }
    for (const [index, extra] of [...node.extras.keys()].entries()) {
      const value = `${name}.${computedAlias(index)}`;
      members.push([extra, mapped ? sentExtra(value) : jsonExtra(value)]);
    }
    for (const [relation, child] of node.relations)
      members.push([
        this.#cutNameOf(node, relation, child),
        this.#embedded(`(${this.#relation(node, child)})`),
        true,
      ]);
    if (node.counts.size > 0) members.push([COUNTS, this.#counts(node), true]);
    if (node.marks.length > 0)
      members.push([MARKS, node.marks.map((_, place) => `${name}.${markAlias(place)}`).join("||")]);
    return object(members, this.#bound(node, name));
  }

  /** The name of a relation in the answer: one that the client gave it is a value. */
  #nameOf(name: string, { renamed, node }: RelationNode): MemberName {
    return renamed ? { place: this.#selects.of(node).name! } : name;
  }

  /** The same where it may say that the list was cut short. */
  #cutNameOf(parent: ReadNode, name: string, child: RelationNode): MemberName {
    const given = this.#nameOf(name, child);
    if (!this.#namesCut(child.node)) return given;
    const cut = this.#cut(child.node, { parent, ...child });
    return cut === undefined ? given : { place: this.#syntax.cutName!(given, cut) };
  }

  /** The numbers of related rows, as an object. */
  #counts(node: ReadNode): string {
    const members = Array.from(node.counts.values(), (counted): Member => {
      return [this.#nameOfCount(counted), this.#count(node, counted)];
    });
    return this.#syntax.object(members);
  }

  #nameOfCount({ link: { mention } }: CountedRows): MemberName {
    return { place: this.#selects.of(mention).name! };
  }

  /** How many rows of a relation belong to a row. */
  #count(parent: ReadNode, { link }: CountedRows): string {
    const { mention } = link;
    const { rows, where: filter } = this.#selects.of(mention);
    const ties = this.#selects.ties(mention, { parent, ...link });
    return `(select count(*) from ${tableName(mention, this.#speech)}${where([...ties, rows, filter])})`;
  }

  /** The share of a row, where it has one and may be larger. */
  #bound(node: ReadNode, name: string): Bound | undefined {
    const { selected, extras } = node;
    if (this.#counted.counting !== "capped") return undefined;
    const { size, sizeExtra } = this.#syntax;
    const sizes = [
      ...sizesOf(
        selected,
        (column) => size(column, this.#selects.named(name)(column), false),
        (expression) => this.#selects.marked(node, expression, name),
      ),
      ...Array.from(extras.keys(), (_, place) => sizeExtra(`${name}.${computedAlias(place)}`)),
    ];
    return sizes.length === 0 ? undefined : { sizes, most: this.#most(this.#counted.large.indexOf(node)) };
  }

  #most(place: number): string {
    return `${this.#syntax.mark}${this.#counted.first + place}`;
  }

  /** Sums up what the rows of a node take at the least, with their relations, which come first for the parser's stack. */
  #sizes(node: ReadNode, written: (sum: string) => string, relation?: Join): string {
    const { size, sizeExtra, sum, length } = this.#syntax;
    const { selected, extras, relations, counts } = node;
    const own = this.#selects.named(tableName(node, this.#speech));
    const name = alias(node);
    const bytes = sizesOf(
      selected,
      (column) => size(column, own(column), true),
      (expression) => this.#selects.shown(node, expression),
    );
    const columns = [
      `${bytes.map(orNone).join("+") || "0"} as "~bytes"`,
      ...Array.from(sourcesOf(node), own),
    ];
    const rows = this.#selects.stretches(node, (behind) => {
      const from = this.#selects.from(node, relation, behind);
      return `select ${this.#selects.selected(node, columns)}${from}${node.single && !from.endsWith(ONE) ? ONE : ""}`;
    });
    const names = [
      ...selected.map((member) => member.name),
      ...extras.keys(),
      ...Array.from(relations, ([relation, child]) => this.#nameOf(relation, child)),
      ...Array.from(counts.values(), (counted) => this.#nameOfCount(counted)),
    ];
    const parts = [
      ...Array.from(
        relations.values(),
        (child) => `(${this.#sizes(child.node, (size) => size, { parent: node, ...child })})`,
      ),
      ...Array.from(extras.keys(), (_, index) => orNone(sizeExtra(`${name}.${computedAlias(index)}`))),
      `${name}."~bytes"`,
      ...names.flatMap((given) => (typeof given === "string" ? [] : [length(given.place)])),
      namesSize(names.map((given) => (typeof given === "string" ? given : ""))),
    ];
    return `select ${written(sum(parts.join("+")))} from (${rows}) as ${name}`;
  }

  /** JSON of a sub-select inside other JSON: some databases forget on the way that it is JSON. */
  #embedded(select: string): string {
    return this.#jsonPassesSelects ? select : `json(${select})`;
  }

  #relation(parent: ReadNode, child: RelationNode): string {
    const { node } = child;
    const join = { parent, ...child };
    // A sub-select in the place of a value is its first row.
    if (node.single) return this.#objects(node, (object) => object, join);
    const cut = this.#namesCut(node) ? undefined : this.#cut(node, join);
    const list = this.#syntax.list(this.#object(node, alias(node)), cut);
    return `select ${list} from (${this.#selects.rows(node, join)}) as ${alias(node)}`;
  }
}

/** So many relations leave room on the parser's stack. */
const SHALLOW = 2;

/** The nodes that are more than so many relations deep. */
function* deeper({ relations }: ReadNode, levels: number): Iterable<ReadNode> {
  for (const { node } of relations.values()) {
    if (levels <= 0) yield node;
    yield* deeper(node, levels - 1);
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

/** The sizes of what is selected, where it is shown. */
const sizesOf = (
  selected: readonly Selected[],
  size: (column: ColumnInfo) => string | undefined,
  shown: (expression: Cell) => string | undefined,
): readonly string[] =>
  selected.flatMap(({ expression }) => {
    const bytes = size(expression.column);
    return bytes === undefined ? [] : [covered(shown(expression), bytes)];
  });
