import type { Table } from "drizzle-orm";
import type { Admission, Admitted, Said } from "../author/author.ts";
import {
  type AggregatePlan,
  type Counted,
  type Expression,
  isCell,
  type Link,
  type Mention,
  type Predicate,
  type ReadNode,
  type ReadPlan,
  type Search,
  type Through,
} from "../plan/plan.ts";
import {
  areApart,
  type ColumnInfo,
  type Held,
  type Lineage,
  type RelationInfo,
  type TableInfo,
  type Tables,
} from "../schema/schema.ts";
import type { Change } from "./change.ts";
import { reachOf } from "./reach.ts";

/** What matters of a table: these columns, and in each place where it is mentioned rows that have this. */
interface Part {
  readonly columns: Set<string>;
  isWhole: boolean;
  readonly places: Held[];
}

const ANY_ROW: Held = new Map();

/** What an answer depends on, and which changes may make another of it. */
export class Interest {
  readonly #lineage: Lineage;
  readonly #admitted: Admitted;
  /** By the names of tables in the database. */
  readonly #parts = new Map<string, Part>();
  readonly #placed = new Set<Mention["index"]>();
  #isKnown = true;

  constructor(lineage: Lineage, plan: ReadPlan | AggregatePlan, admitted: Admitted, said: Said) {
    this.#lineage = lineage;
    this.#admitted = admitted;
    this.#said(said, plan.mentions);
    if (plan.kind === "aggregate") this.#aggregate(plan);
    else this.#rows(plan);
    for (const mention of plan.mentions) {
      if (!this.#placed.has(mention.index)) this.#place(mention);
      this.#hangs(admitted.of(mention));
      const { dependsOn } = mention.secured.policy;
      const named = dependsOn.length === 0 ? [] : lineage.named(dependsOn);
      for (const name of named) this.#whole(lineage.behind(name));
    }
  }

  /** The tables that it depends on. */
  get tables(): Tables {
    return this.#isKnown ? new Set(this.#parts.keys()) : "*";
  }

  /** Whether a change of a table may matter. */
  concerns(table: string, change: Change): boolean {
    const part = this.#parts.get(table);
    if (part === undefined) return !this.#isKnown;
    const { columns } = change;
    const isSeen = part.isWhole || columns === "*" || intersect(part.columns, columns);
    return isSeen && (part.places.length === 0 || part.places.some((place) => isMet(place, change)));
  }

  /** A column of a table of which rows must have one of some values to matter, where there is one. */
  key(table: string): { readonly column: string; readonly marks: ReadonlySet<string> } | undefined {
    const [first, ...others] = this.#parts.get(table)?.places ?? [];
    const column = [...(first?.keys() ?? [])].find((name) => others.every((place) => place.has(name)));
    if (column === undefined) return undefined;
    return { column, marks: new Set([first!, ...others].flatMap((place) => [...place.get(column)!])) };
  }

  /**
   * What the functions of an author answered. SQL that compares columns speaks of the row that it is asked about; any other
   * may write out a column of any table that is mentioned, and a function that it calls look at any row.
   */
  #said({ queries, tables }: Said, mentions: readonly Mention[]): void {
    const all = mentions.map(({ secured }) => secured.table);
    for (const query of queries) {
      const { tables: named, free, calls, columns } = this.#lineage.in(query);
      if (columns === undefined) {
        this.#whole(named, []);
        for (const table of all) this.#whole(this.#behind(table), calls ? [ANY_ROW] : []);
      } else for (const column of columns) this.#part(column.table).columns.add(column.name);
      this.#whole(free);
    }
    for (const table of tables) this.#whole(this.#behind(table));
  }

  #behind(table: TableInfo): Tables {
    return this.#lineage.behind(this.#lineage.nameOf(table));
  }

  /** Rows that others hang on are found by what ties these to them. */
  #hangs({ parents, grants }: Admission): void {
    for (const { relation, admission } of parents === "none" ? [] : parents) {
      this.#relation(relation, undefined);
      this.#hangs(admission);
    }
    for (const grant of grants) if (typeof grant === "object" && "parents" in grant) this.#hangs(grant);
  }

  /** Tables of which all columns matter, in these places more. */
  #whole(tables: Tables, places: readonly Held[] = [ANY_ROW]): void {
    if (tables === "*") this.#isKnown = false;
    else
      for (const name of tables) {
        const part = this.#named(name);
        part.isWhole = true;
        part.places.push(...places);
      }
  }

  #named(name: string): Part {
    let part = this.#parts.get(name);
    if (part === undefined)
      this.#parts.set(name, (part = { columns: new Set(), isWhole: false, places: [] }));
    return part;
  }

  #part(table: Table): Part {
    return this.#named(this.#lineage.nameOf({ table }));
  }

  /** A mention of a table, whose rows have what ties them to others, too. */
  #place(mention: Mention, where?: Predicate, tied: Held = ANY_ROW): Held {
    this.#placed.add(mention.index);
    const { table } = mention.secured;
    const held = new Map([...tied, ...reachOf(this.#admitted, mention, where)]);
    if (table.kind === "view") this.#whole(this.#behind(table));
    else this.#part(table.table).places.push(held);
    return held;
  }

  #rows({ root, total, searches }: ReadPlan): void {
    // Of the total it is not asked what the filter says.
    if (total) this.#place(root);
    this.#node(root, ANY_ROW, total);
    for (const search of searches) this.#search(search);
  }

  #node(node: ReadNode, tied: Held, isPlaced = false): void {
    const held = isPlaced ? reachOf(this.#admitted, node, node.where) : this.#place(node, node.where, tied);
    const { table } = node.secured;
    if (node.tellsChanges || !isOrdered(node)) this.#whole(this.#behind(table), []);
    for (const { expression } of [...node.selected, ...node.orderBy]) this.#expression(expression);
    if (node.where !== undefined) this.#filter(node.where);
    for (const counted of node.counts.values()) this.#counted(counted, held);
    for (const { relation, through, node: other } of node.relations.values()) {
      this.#relation(relation, through);
      this.#node(other, through === undefined ? tiedTo(held, relation) : ANY_ROW);
    }
  }

  #aggregate({ root, groups = [], figures }: AggregatePlan): void {
    this.#place(root, root.where);
    if (root.where !== undefined) this.#filter(root.where);
    for (const { expression } of groups) this.#expression(expression);
    for (const { of } of figures) if (of !== undefined) this.#expression(of);
  }

  #filter(where: Predicate): void {
    switch (where.kind) {
      case "and":
      case "or":
        for (const part of where.parts) this.#filter(part);
        break;
      case "not":
        this.#filter(where.part);
        break;
      case "condition":
        this.#expression(where.expression);
        break;
      case "related":
        this.#link(where.link);
        if (where.part !== undefined) this.#filter(where.part);
        break;
      case "count":
        this.#counted(where.counted);
        break;
      case "search":
        this.#search(where.search);
    }
  }

  #expression(expression: Expression): void {
    switch (expression.kind) {
      case "column":
      case "masked":
        this.#column(expression.column);
        break;
      case "path":
        this.#link(expression.link);
        this.#expression(expression.value);
        break;
      case "count":
        this.#counted(expression.counted);
        break;
      case "rank":
        this.#search(expression.search);
    }
  }

  #column({ column }: ColumnInfo): void {
    this.#part(column.table).columns.add(column.name);
  }

  #link({ relation, through }: Link): void {
    this.#relation(relation, through);
  }

  #relation({ on }: RelationInfo, through: Through | undefined): void {
    for (const pair of [...on, ...(through?.relation.on ?? [])]) {
      this.#column(pair.source);
      this.#column(pair.target);
    }
  }

  /** Rows that are counted for others. */
  #counted({ link, where }: Counted, of?: Held): void {
    this.#link(link);
    if (where !== undefined) this.#filter(where);
    if (of !== undefined && link.through === undefined)
      this.#place(link.mention, where, tiedTo(of, link.relation));
  }

  /** How well words fit one row is another thing for other rows. */
  #search({ index: { table } }: Search): void {
    this.#whole(this.#behind(table));
  }
}

/** Whether rows stand in an order that nothing but what is looked at changes. */
const isOrdered = ({ single, orderBy, secured: { table } }: ReadNode): boolean =>
  single ||
  (table.primaryKey.length > 0 &&
    table.primaryKey.every((key) =>
      orderBy.some(({ expression }) => isCell(expression) && expression.column === key),
    ));

/**
 * What rows of a relation have, of rows that have this. Columns of two kinds compare as neither does by itself: to SQLite
 * the text `1.0` is the whole number 1.
 */
function tiedTo(held: Held, { on }: RelationInfo): Held {
  const tied = new Map<string, ReadonlySet<string>>();
  for (const { source, target } of on) {
    const marks = source.kind === target.kind ? held.get(source.column.name) : undefined;
    if (marks !== undefined) tied.set(target.column.name, marks);
  }
  return tied;
}

const isMet = (place: Held, change: Change): boolean => place.size === 0 || !areApart(place, change.held());

const intersect = (some: ReadonlySet<string>, others: ReadonlySet<string>): boolean => {
  for (const one of others) if (some.has(one)) return true;
  return false;
};
