import type { Mention } from "../plan/plan.ts";
import type { Rows } from "./admit.ts";

/** What each mention of a plan admits for one caller; a plan is remembered, and holds no caller. */
export class Admitted {
  readonly #rows: readonly Rows[];

  constructor(rows: readonly Rows[]) {
    this.#rows = rows;
  }

  /** The rows that exist for the caller where a table is mentioned. */
  of({ index }: Mention): Rows {
    return this.#rows[index]!;
  }

  /** The same, but for other rows in one place. */
  with({ index }: Mention, rows: Rows): Admitted {
    return new Admitted(this.#rows.with(index, rows));
  }
}
