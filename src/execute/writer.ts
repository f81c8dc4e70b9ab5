import type { Row } from "../author/author.ts";
import { CHECK, type Count, KEY, type Text, type WritingOne, type WritingRows } from "../compile/compile.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { writeDigits } from "../digits.ts";
import type { WritePlan } from "../plan/plan.ts";
import type { Unreadable } from "../syntax/syntax.ts";
import { decodeKey, inOrder } from "./keys.ts";
import { numberOf, rowsOf, writtenBy } from "./query.ts";

/** What came of rows that were written. */
export interface Written {
  readonly rows: readonly Row[];
  /** Of one row whose answer came with it: that answer, as JSON, and the cells that were asked for. */
  readonly one?: { readonly json: string; readonly cells: readonly unknown[] };
}

/** Runs the statements of one write. */
export class Writer {
  readonly plan: WritePlan;
  readonly dialect: Dialect;
  readonly database: Database;
  readonly unreadable: Unreadable;

  constructor(plan: WritePlan, dialect: Dialect, database: Database, unreadable: Unreadable) {
    this.plan = plan;
    this.dialect = dialect;
    this.database = database;
    this.unreadable = unreadable;
  }

  write(writing: WritingOne | WritingRows): Promise<Written> {
    return writing.kind === "one" ? this.#one(writing) : this.#rows(writing);
  }

  async ask({ text, values }: Text): Promise<void> {
    await this.dialect.query(this.database, text, values);
  }

  number({ ask }: Pick<Count, "ask">): Promise<number> {
    return numberOf(this.dialect, this.database, ask);
  }

  /** Whether as many rows are there as there must be. */
  async holds(counts: readonly Count[]): Promise<boolean> {
    for (const count of counts) if ((await this.number(count)) < count.atLeast) return false;
    return true;
  }

  async #one({ ask, cells, toRows }: WritingOne): Promise<Written> {
    const found = await this.dialect.query(this.database, ask.text, ask.values);
    const [inserted] = found; // none where the database has dropped it
    if (inserted === undefined) return { rows: [], one: { json: "[]", cells: [] } };
    const told = Array.from({ length: cells }, (_, index) => inserted[1 + index]);
    const json =
      toRows === undefined ? `[${inserted[1] as string}]` : writeDigits(() => JSON.stringify(toRows(found)));
    return { rows: [{ [CHECK]: inserted[0] === 1 ? 1 : 0 }], one: { json, cells: told } };
  }

  async #rows({ asks, again }: WritingRows): Promise<Written> {
    const { table } = this.plan.answer.secured;
    const written: Row[] = [];
    for (const ask of asks)
      written.push(
        ...(await (ask.kind === "returning"
          ? writtenBy(this.dialect, this.database, ask)
          : rowsOf(this.database, ask))),
      );
    for (const row of written) decodeKey(row, table, this.unreadable);
    return { rows: again === undefined ? written : await this.#again(written, again) };
  }

  /** Rows as they are once all triggers have run; those that are no longer there are left out. */
  async #again(written: readonly Row[], again: NonNullable<WritingRows["again"]>): Promise<readonly Row[]> {
    const { table } = this.plan.answer.secured;
    const found: Row[] = [];
    for (const ask of again(written)) found.push(...(await rowsOf(this.database, ask)));
    for (const row of found) decodeKey(row, table, this.unreadable);
    return inOrder(found, written, table, KEY);
  }
}
