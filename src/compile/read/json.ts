import { Cache } from "../../cache.ts";
import type { Dialect } from "../../dialect/dialect.ts";
import type { Admitted } from "../../author/author.ts";
import type { ReadPlan } from "../../plan/plan.ts";
import { rowsWriter, wantsMapping } from "../../syntax/syntax.ts";
import { clausesOf, fill, type Filled, type Slots, slotsOf } from "../slots.ts";
import type { Speech } from "../sql/speech.ts";
import type { Answers, Remembered } from "../statement.ts";
import { StatementWriter } from "./writer.ts";

/** A statement and the values of one request for it. */
export interface Bound {
  readonly statement: Remembered;
  readonly values: readonly unknown[];
}

/** What a plan brings to a statement whoever asks. */
interface Shape {
  readonly slots: Slots;
  readonly answers: Answers;
}

/** The fast reader: plans become text, and one text serves every plan of its shape. */
export class JSONReader {
  readonly #speech: Speech;
  readonly #statements = new Cache<Remembered>(1_000);
  readonly #shapes: readonly [WeakMap<ReadPlan, Shape>, WeakMap<ReadPlan, Shape>] = [
    new WeakMap(),
    new WeakMap(),
  ];
  readonly #dialect: Pick<Dialect, "rowsAreCheap" | "jsonPassesSelects">;

  constructor(speech: Speech, dialect: Pick<Dialect, "rowsAreCheap" | "jsonPassesSelects">) {
    this.#speech = speech;
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
  bind(plan: ReadPlan, admitted: Admitted, asRows: boolean): Bound | undefined {
    const shape = this.#shape(plan, asRows);
    if (shape === undefined) return undefined;
    const filled = fill(shape.slots, admitted, this.#speech);
    let statement = this.#statements.get(filled.key);
    if (statement === undefined)
      this.#statements.set(filled.key, (statement = this.#write(plan, shape, filled)));
    return { statement, values: filled.values };
  }

  #write(plan: ReadPlan, { slots, answers }: Shape, filled: Filled): Remembered {
    const clauses = clausesOf(slots, filled, this.#speech);
    const { jsonPassesSelects } = this.#dialect;
    return {
      text: new StatementWriter(this.#speech, plan, clauses, answers, jsonPassesSelects).write(),
      answers,
      toRows: answers === "rows" ? rowsWriter(plan.root) : undefined,
      failed: false,
    };
  }

  #shape(plan: ReadPlan, asRows: boolean): Shape | undefined {
    const shapes = this.#shapes[asRows ? 1 : 0];
    const known = plan.recurring ? shapes.get(plan) : undefined;
    if (known !== undefined) return known;
    const answers = this.#answers(plan, asRows);
    if (answers !== "rows" && answers !== "count" && isTooWide(plan, this.#speech.syntax.maxMembers))
      return undefined;
    const shape = { slots: slotsOf(plan, answers, this.#speech), answers };
    if (plan.recurring) shapes.set(plan, shape);
    return shape;
  }

  #answers(plan: ReadPlan, asRows: boolean): Answers {
    if (plan.countOnly) return "count";
    if (asRows || plan.nodes.some((node) => wantsMapping(node, this.#speech.syntax))) return "encoded";
    if (plan.total) return "json";
    if (this.#dialect.rowsAreCheap && plan.nodes.length === 1) return "rows";
    return plan.first ? "object" : "json";
  }
}

/** Whether a node has more members than one object takes. */
function isTooWide({ nodes }: ReadPlan, maxMembers: number): boolean {
  return nodes.some((node) => node.selected.length + node.extras.size + node.relations.size > maxMembers);
}
