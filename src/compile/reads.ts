import type { Database } from "../dialect/dialect.ts";
import type { Admitted } from "../author/author.ts";
import type { ReadPlan } from "../plan/plan.ts";
import { portableRead } from "./portable/relational.ts";
import type { Bound, Form, JSONReader } from "./read/json.ts";
import type { FastRead, ReadStatement, Remembered, Text } from "./statement.ts";

/** Makes reads by the fast reader, where there is one, and by the portable one what that cannot answer. */
export class Reads {
  readonly #database: Database;
  readonly #reader: JSONReader | undefined;

  constructor(database: Database, reader: JSONReader | undefined) {
    this.#database = database;
    this.#reader = reader;
  }

  /** `summed` where the bytes of its answer are summed up first. */
  read(plan: ReadPlan, admitted: Admitted, form: Form, summed: boolean): ReadStatement {
    const bound =
      working(this.#reader?.bind(plan, admitted, form, summed)) ??
      working(this.#reader?.bind(plan, admitted, "values", summed));
    if (bound === undefined) return this.portable(plan, admitted);
    return new BoundRead(this, { plan, admitted, form, summed }, bound);
  }

  portable(plan: ReadPlan, admitted: Admitted): ReadStatement {
    return portableRead(this.#database, plan, admitted);
  }
}

/** What a statement was made of. */
interface Wanted {
  readonly plan: ReadPlan;
  readonly admitted: Admitted;
  readonly form: Form;
  readonly summed: boolean;
}

/** A statement of the fast reader, and what is asked in its place. */
class BoundRead implements FastRead {
  readonly kind = "fast";
  readonly plan: ReadPlan;
  readonly ask: Text;
  readonly remembered: Remembered;
  readonly most: number | undefined;
  readonly #reads: Reads;
  readonly #wanted: Wanted;

  constructor(reads: Reads, wanted: Wanted, { statement, values, count }: Bound) {
    this.plan = wanted.plan;
    this.ask = { kind: "text", text: statement.text, values };
    this.remembered = statement;
    this.most = statement.answers === "rows" && count.counting === "summed" ? count.most[0] : undefined;
    this.#reads = reads;
    this.#wanted = wanted;
  }

  summed(): ReadStatement {
    const { plan, admitted, form } = this.#wanted;
    return this.#reads.read(plan, admitted, form, true);
  }

  made(): ReadStatement {
    const { plan, admitted, summed } = this.#wanted;
    return this.#reads.read(plan, admitted, "made", summed);
  }

  /** In a form that holds any value, or by the reader that needs none. */
  otherwise(): ReadStatement {
    const { plan, admitted, summed } = this.#wanted;
    return this.remembered.answers === "encoded"
      ? this.#reads.portable(plan, admitted)
      : this.#reads.read(plan, admitted, "values", summed);
  }
}

/** A statement that met a value it cannot say is not tried again while it is remembered. */
const working = (bound: Bound | undefined): Bound | undefined =>
  bound?.statement.failed === true ? undefined : bound;
