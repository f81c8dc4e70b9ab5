import type { Row } from "../author/author.ts";
import {
  ANSWERED,
  type Bulk,
  CHECK,
  type Count,
  KEY,
  NEW,
  type Text,
  type WritingOne,
  type WritingRows,
} from "../compile/compile.ts";
import type { Database, Dialect, ResultRows } from "../dialect/dialect.ts";
import { writeDigits } from "../digits.ts";
import type { WritePlan } from "../plan/plan.ts";
import { type Unreadable, Unsayable } from "../syntax/syntax.ts";
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

  readonly #sent: (() => void) | undefined;

  /** `sent` hears that the one statement of a single new row is on its way. */
  constructor(
    plan: WritePlan,
    dialect: Dialect,
    database: Database,
    unreadable: Unreadable,
    sent?: () => void,
  ) {
    this.#sent = sent;
    this.plan = plan;
    this.dialect = dialect;
    this.database = database;
    this.unreadable = unreadable;
  }

  write(writing: WritingOne | WritingRows | Bulk): Promise<Written> {
    switch (writing.kind) {
      case "one":
        return this.#one(writing);
      case "bulk":
        return this.#bulk(writing);
      case "rows":
        return this.#rows(writing);
    }
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
    const asked = this.dialect.query(this.database, ask.text, ask.values);
    this.#sent?.();
    const found = await asked;
    const [inserted] = found; // none where the database has dropped it
    if (inserted === undefined) return { rows: [], one: { json: "[]", cells: [] } };
    const told = Array.from({ length: cells }, (_, index) => inserted[1 + index]);
    const json = toRows === undefined ? `[${inserted[1] as string}]` : writeDigits(toRows(found));
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

  /** Rows that come back as they are stored; where the driver has not understood a value, they are asked for again. */
  async #bulk(bulk: Bulk): Promise<Written> {
    const found = await this.dialect.query(this.database, bulk.text, bulk.values);
    try {
      return { rows: rowsIn(bulk, found) };
    } catch (error) {
      if (!(error instanceof Unsayable)) throw error;
      return { rows: await this.#otherwise(bulk, found) };
    }
  }

  async #otherwise(bulk: Bulk, found: ResultRows): Promise<readonly Row[]> {
    const { told, otherwise, merges } = bulk;
    const keys = found.map((cells) => told.map((_, index) => cells[toldAt(bulk) + index] as string));
    const again = await rowsOf(this.database, otherwise(keys));
    for (const row of again) decodeKey(row, this.plan.answer.secured.table, this.unreadable);
    const known = new Map(again.map((row) => [JSON.stringify(told.map((name) => row[name])), row]));
    return keys.map((key, place) => {
      const row = known.get(JSON.stringify(key))!;
      return merges ? { ...row, [NEW]: found[place]![toldAt(bulk) + told.length] } : row;
    });
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

/** Where in a row stands what tells it. */
const toldAt = ({ width, checked }: Bulk): number => (checked ? width + 1 : width);

/** @throws Unsayable where a value is of another type than its column. */
function rowsIn(bulk: Bulk, found: ResultRows): readonly Row[] {
  const { toRows, width, checked, told, merges } = bulk;
  return toRows(found).map((answer, place) => {
    const cells = found[place]!;
    if (merges) return { [ANSWERED]: answer, [NEW]: cells[toldAt(bulk) + told.length] };
    const row: Row = { [ANSWERED]: answer };
    if (checked) row[CHECK] = Number(cells[width]);
    for (let index = 0; index < told.length; index++) row[told[index]!] = cells[toldAt(bulk) + index];
    return row;
  });
}
