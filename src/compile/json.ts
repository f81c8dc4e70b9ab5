import type { SQL } from "drizzle-orm";
import { Cache } from "../cache.ts";
import type { Dialect } from "../dialect/dialect.ts";
import { type Lifted, MARK, type Names, takeApart } from "../drizzle/drizzle.ts";
import type { ReadNode, ReadPlan, Rows } from "../plan/plan.ts";
import { type RowsWriter, rowsWriter } from "./flat.ts";
import { liftPredicate } from "./lift.ts";
import { type Answers, isBounded, type PlanShape, StatementWriter } from "./statement.ts";
import { syntaxOf } from "./syntax.ts";
import { wantsMapping } from "./value.ts";

/** One statement, remembered by shape, and what its answer is. */
export interface JSONStatement {
  readonly text: string;
  readonly answers: Answers;
  /** Makes JSON of rows, where they come as they are. */
  readonly write: RowsWriter | undefined;
  /** Whether it met a value that it cannot say. */
  failed: boolean;
}

/** A statement and the values of one request for it. */
export interface Bound {
  readonly statement: JSONStatement;
  readonly values: readonly unknown[];
}

/** The fast reader: plans become text, and one text serves every plan of its shape. */
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
      const using = typeof admitted === "string" ? admitted : takeApart(admitted, this.#names);
      usings.push(using);
      if (typeof using === "string") key += MARK + using;
      else {
        key += `${MARK}(${using.parts.join(MARK)})`;
        for (const value of using.values) values.push(value);
      }
      for (const extra of shape.extras[index]!) for (const value of extra.values) values.push(value);
      const where = shape.wheres[index];
      if (where !== undefined) for (const value of where.values) values.push(value);
      const node = nodes[index]!;
      if (isBounded(node)) values.push(node.limit);
      if (node.offset > 0) values.push(node.offset);
    }
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      const { answers } = shape;
      const text = new StatementWriter(
        this.#names,
        plan,
        usings,
        shape,
        this.#dialect.jsonPassesSelects,
      ).write();
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
    const known = plan.recurring ? shapes.get(plan) : undefined;
    if (known !== undefined) return known;
    const answers = this.#answers(plan, asRows);
    if (answers !== "rows" && answers !== "count" && isTooWide(plan, syntaxOf(this.#names.database).maxMembers))
      return undefined;
    const extras = plan.nodes.map((node) =>
      [...node.extras.values()].map((extra) => takeApart(extra.sql, this.#names)),
    );
    const wheres = plan.nodes.map((node) => node.where && liftPredicate(node.where, this.#names));
    const key = `${answers}${plan.total}${plan.first}${this.#nodeKey(plan.root, wheres)}`;
    const shape = { key, wheres, extras, answers };
    if (plan.recurring) shapes.set(plan, shape);
    return shape;
  }

  #answers(plan: ReadPlan, asRows: boolean): Answers {
    if (plan.countOnly) return "count";
    if (asRows || plan.nodes.some((node) => wantsMapping(node, syntaxOf(this.#names.database)))) return "encoded";
    if (plan.total) return "json";
    if (this.#dialect.rowsAreCheap && plan.nodes.length === 1) return "rows";
    return plan.first ? "object" : "json";
  }

  #nodeKey(node: ReadNode, wheres: readonly (Lifted | undefined)[]): string {
    const { policy, columns, orderBy, extras, offset } = node;
    let key = `(${this.#policyId(policy)};`;
    if (columns !== policy.columns) for (const { index } of columns) key += `${index},`;
    else key += "*";
    if (extras !== policy.extras) key += JSON.stringify([...extras.keys()]);
    key += `${MARK}${wheres[node.index]?.parts.join(MARK) ?? ""}${MARK};`;
    if (orderBy !== policy.totalOrder)
      for (const { column, direction } of orderBy) key += `${column.index}${direction}`;
    if (isBounded(node)) key += "L";
    if (offset > 0) key += "O";
    // A relation has a policy of its own, whose number is its name here.
    for (const { node: child } of node.relations.values()) key += this.#nodeKey(child, wheres);
    return `${key})`;
  }

  #policyId(policy: object): number {
    let id = this.#policies.get(policy);
    if (id === undefined) this.#policies.set(policy, (id = ++this.#lastPolicy));
    return id;
  }
}

/** Whether a node has more members than one object takes. */
function isTooWide({ nodes }: ReadPlan, maxMembers: number): boolean {
  return nodes.some((node) => node.columns.length + node.extras.size + node.relations.size > maxMembers);
}
