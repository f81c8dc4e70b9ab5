import type { SQL } from "drizzle-orm";
import type { Mention, Position, SecuredRelation } from "../plan/plan.ts";
import type { RelationInfo } from "../schema/schema.ts";
import { both, type Rows } from "./admit.ts";

/** What a table admits where it is mentioned, for one caller. */
export interface Admission {
  /** The rows that exist: what the rule says, the table's facts, and whether they are deleted. */
  readonly rows: Rows;
  /** The rule's own part of that. */
  readonly own: Rows;
  /** The table's own part of that, which holds of written rows as well. */
  readonly kept: Rows;
  /** The rows that must exist too, for a row to exist; `"none"` where one of them cannot. */
  readonly parents: readonly AdmittedParent[] | "none";
  /** The rows on which each grant of columns holds, in the rule's order; behind them those that each change would reach. */
  readonly grants: readonly (Rows | Admission)[];
}

/** A row that another hangs on. */
export interface AdmittedParent {
  readonly relation: RelationInfo;
  readonly secured: SecuredRelation;
  readonly admission: Admission;
}

const NONE: readonly never[] = [];

/** An admission of rows, and of nothing beside. */
export const plain = (rows: Rows): Admission => ({
  rows,
  own: rows,
  kept: "all",
  parents: NONE,
  grants: NONE,
});

/** What each mention of a plan admits for one caller; a plan is remembered, and holds no caller. */
export class Admitted {
  readonly #admissions: readonly Admission[];
  /** Where the page begins, as the caller's cursor says; absent where he has none. */
  readonly position: Position | undefined;

  /** What the question has in the blanks of its plan. */
  readonly values: readonly unknown[] | undefined;

  constructor(admissions: readonly Admission[], position?: Position, values?: readonly unknown[]) {
    this.#admissions = admissions;
    this.position = position;
    this.values = values;
  }

  /** What exists for the caller where a table is mentioned. */
  of({ index }: Mention): Admission {
    return this.#admissions[index]!;
  }

  /** The same, but for other rows in one place; what is let out of them stays. */
  with({ index }: Mention, rows: Rows | Admission): Admitted {
    const { grants } = this.#admissions[index]!;
    const other = isAdmission(rows) ? rows : plain(rows);
    return new Admitted(this.#admissions.with(index, { ...other, grants }), this.position, this.values);
  }

  /** The same, for the page that begins at a place. */
  behind(position: Position): Admitted {
    return new Admitted(this.#admissions, position, this.values);
  }

  /** The same, for a question that has values in the blanks of its plan. */
  filledWith(values: readonly unknown[]): Admitted {
    return new Admitted(this.#admissions, this.position, values);
  }

  /** The same, but for one place, where only those rows exist of which a condition holds as well. */
  narrowed({ index }: Mention, condition: SQL): Admitted {
    const admission = this.#admissions[index]!;
    const rows = both(admission.rows, condition);
    return new Admitted(this.#admissions.with(index, { ...admission, rows }), this.position, this.values);
  }
}

const isAdmission = (rows: Rows | Admission): rows is Admission =>
  typeof rows === "object" && "parents" in rows;
