import { Cache, LONGEST, Seen } from "../../cache.ts";
import type { Dialect } from "../../dialect/dialect.ts";
import type { Admitted } from "../../author/author.ts";
import type { ReadPlan } from "../../plan/plan.ts";
import { wantsMapping } from "../../syntax/syntax.ts";
import { clausesOf, fill, type Filled, type Slots, slotsOf } from "../slots.ts";
import type { Speech } from "../sql/speech.ts";
import type { Answers, Caution, Remembered } from "../statement.ts";
import { type Count, countOf } from "./counting.ts";
import { StatementWriter } from "./writer.ts";

/** A statement and the values of one request for it. */
export interface Bound {
  readonly statement: Remembered;
  readonly values: readonly unknown[];
  readonly count: Count;
}

/** What a plan brings to a statement whoever asks. */
interface Shape {
  readonly slots: Slots;
  readonly answers: Answers;
  readonly count: Count;
}

type Shapes = WeakMap<ReadPlan, Shape>;

/** How an answer is wanted: as values, as a text that the database makes, or as a text, whoever makes it. */
export type Form = "values" | "made" | "text";

/** What the statements of a generation may have in characters, with their keys. */
const MAX_CHARACTERS = 2_097_152;

/** The fast reader: plans become text, and one text serves every plan of its shape, once a shape came again. */
export class JSONReader {
  readonly #speech: Speech;
  readonly #statements = new Cache<Remembered>(1_000, {
    most: MAX_CHARACTERS,
    weigh: (key, { text }) => key.length + text.length,
  });
  readonly #seen = new Seen();
  readonly #shapes: Readonly<Record<Form, Shapes>> = newShapes();
  /** Those with a sum before. */
  readonly #summed: Readonly<Record<Form, Shapes>> = newShapes();
  readonly #cautions = new WeakMap<object, Caution>();
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
   * The statement of a plan and its values; `summed` where the bytes of its answer are summed up first. `undefined` for a
   * plan that is left to the portable reader.
   */
  bind(plan: ReadPlan, admitted: Admitted, form: Form, summed: boolean): Bound | undefined {
    const shape = this.#shape(plan, form, summed);
    if (shape === undefined) return undefined;
    const { count } = shape;
    const filled = fill(shape.slots, admitted, this.#speech);
    const from = filled.values.length;
    if (shape.answers !== "rows") for (const most of count.most) filled.values.push(most);
    let statement = this.#statements.get(filled.key);
    if (statement === undefined) {
      statement = this.#write(plan, shape, filled, from);
      // A question that recurs was seen twice already.
      if (statement.text.length <= LONGEST && (plan.recurring || this.#seen.before(filled.key)))
        this.#statements.set(filled.key, statement);
    }
    if (!count.cautious || !isWary(statement)) return { statement, values: filled.values, count };
    return this.bind(plan, admitted, form, true);
  }

  #write(
    plan: ReadPlan,
    { slots, answers, count: { counting, large } }: Shape,
    filled: Filled,
    from: number,
  ): Remembered {
    const clauses = clausesOf(slots, filled, this.#speech);
    const { jsonPassesSelects } = this.#dialect;
    const { flat } = this.#speech;
    const counted = { counting, large, first: from + 1 };
    return {
      text: new StatementWriter(this.#speech, plan, clauses, answers, counted, jsonPassesSelects).write(),
      answers,
      counting,
      toRows: answers === "rows" ? flat.toRows(plan.root) : undefined,
      toPlace: answers === "rows" && plan.root.paging !== undefined ? flat.toPlace(plan.root) : undefined,
      failed: false,
      wary: 0,
      small: undefined,
      caution: this.#cautionOf(plan.policy),
    };
  }

  #cautionOf(policy: object): Caution {
    let caution = this.#cautions.get(policy);
    if (caution === undefined) this.#cautions.set(policy, (caution = { left: 0 }));
    return caution;
  }

  #shape(plan: ReadPlan, form: Form, summed: boolean): Shape | undefined {
    const shapes = (summed ? this.#summed : this.#shapes)[form];
    const known = plan.recurring ? shapes.get(plan) : undefined;
    if (known !== undefined) return known;
    const { syntax } = this.#speech;
    const { answers, count } = this.#counted(plan, this.#answers(plan, form), summed);
    if (answers !== "count" && answers !== "rows" && isTooWide(plan, syntax.maxMembers)) return undefined;
    const shape = { slots: slotsOf(plan, answers, count.counting, this.#speech), answers, count };
    if (plan.recurring) shapes.set(plan, shape);
    return shape;
  }

  /** How the bytes of an answer are counted, and what it is for that. */
  #counted(plan: ReadPlan, answers: Answers, summed: boolean): Omit<Shape, "slots"> {
    const { syntax, flat } = this.#speech;
    const otherwise = plan.first ? "object" : "json";
    const count = countOf(plan, answers, syntax, summed);
    const { counting } = count;
    if (answers === "rows" && counting !== "free" && !flat.stops)
      return this.#counted(plan, otherwise, summed);
    // Where all bytes of rows are counted, those that place them would be counted too.
    const walked = answers === "rows" && plan.root.paging !== undefined;
    return counting === "summed" && (answers === "object" || walked)
      ? { answers: "json", count: countOf(plan, "json", syntax, summed) }
      : { answers, count };
  }

  #answers(plan: ReadPlan, form: Form): Answers {
    if (plan.countOnly) return "count";
    if (form === "values" || plan.nodes.some((node) => wantsMapping(node, this.#speech.syntax)))
      return "encoded";
    if (plan.total || plan.filtered) return "json";
    if (form === "text" && this.#dialect.rowsAreCheap && this.#speech.flat.says(plan.root)) return "rows";
    return plan.first ? "object" : "json";
  }
}

const newShapes = (): Record<Form, Shapes> => ({
  values: new WeakMap(),
  made: new WeakMap(),
  text: new WeakMap(),
});

/** Whether a node has more members than one object takes that the database makes. */
const isTooWide = ({ nodes }: ReadPlan, maxMembers: number): boolean =>
  nodes.some(
    ({ selected, extras, relations, counts, marks }) =>
      selected.length + extras.size + relations.size + one(counts.size) + one(marks.length) > maxMembers,
  );

/** What many things are that stand in one member. */
const one = (many: number): number => Math.min(1, many);

/** Whether a statement that counts nothing, or little, is better asked with a sum before it, now as some times to come. */
function isWary(statement: Remembered): boolean {
  const { wary, caution, counting, small } = statement;
  if (counting === "capped") {
    if (wary === 0) return false;
    statement.wary--;
    return true;
  }
  if (small === true || caution.left === 0) return false;
  caution.left--;
  return true;
}
