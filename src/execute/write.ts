import { sql } from "drizzle-orm";
import type { Row } from "../author/author.ts";
import {
  ANSWERED,
  CHECK,
  type Count,
  FIT,
  incrementsIn,
  type Known,
  type MeetStep,
  NEW,
  type Pairs,
  type ReadStatement,
  type Refusal,
  type Seen,
  type Select,
  type Step,
  type Told,
  Unguarded,
  type WriteSteps,
  type Writing,
} from "../compile/compile.ts";
import type { Database, Dialect } from "../dialect/dialect.ts";
import { checkFailed, limitExceeded, type QueryError, tooFewAffected, unfitting } from "../error.ts";
import { extraReceived, selectedValue, syntaxOf, type Unreadable } from "../syntax/syntax.ts";
import { byKey, inOrder, withoutKey } from "./keys.ts";
import { readMarks } from "./marks.ts";
import { meet, type Meeting, placesOf } from "./meet.ts";
import { rowsOf } from "./query.ts";
import { refuseLarge } from "./large.ts";
import { REFUSALS } from "./refusals.ts";
import { runRead } from "./read.ts";
import { rehearse } from "./rehearse.ts";
import { shown, type ShownRows } from "./seen.ts";
import { Writer, type Written } from "./writer.ts";

/** What a write did. */
export interface WriteOutcome {
  readonly rows?: readonly unknown[];
  /** The rows as JSON, in place of `rows`. */
  readonly json?: string;
  readonly rowsAffected: number;
  /** How many of them are new, where some may not be. */
  readonly inserted?: number;
  readonly count: number;
  readonly total?: number;
}

/** What it did, and what hooks see of it. */
export interface WriteDone {
  readonly outcome: WriteOutcome;
  readonly shown: ShownRows | undefined;
  /** Of rows that meet others, or are met, which they are. */
  readonly meeting: Meeting | undefined;
}

/** What is done amid a write, by those who write more than its rows. */
export interface Amid {
  /** Runs once the rows are written, and before it is asked what must hold then: the rows are whole, as hooks see them. */
  readonly written: (rows: readonly Row[]) => Promise<void>;
  /** Takes what must hold once all is written, to ask it at the end of more than this write; without it this asks it itself. */
  readonly ensure?: ((ask: () => Promise<void>) => void) | undefined;
}

/** The rows to write, what tells those they are for, where these were met, and what is done amid it. */
export interface Given {
  readonly values: readonly Row[];
  readonly keys?: readonly Told[] | undefined;
  readonly amid?: Amid | undefined;
  /** Whether there is no transaction around it. */
  readonly alone?: boolean | undefined;
  /** Hears that the one statement of a single new row is on its way. */
  readonly sent?: (() => void) | undefined;
}

/**
 * Takes the steps of a write, on a database or in a transaction of it.
 *
 * @throws QueryError where what a step says must hold does not.
 */
export async function runWrite(
  dialect: Dialect,
  database: Database,
  { plan, steps, strandedIsRefused, seen }: WriteSteps,
  { values, keys, amid, alone, sent }: Given,
  unreadable: Unreadable,
): Promise<WriteDone> {
  const run = new WriteRun(
    new Writer(plan, dialect, database, unreadable, sent),
    { values, keys, alone },
    amid?.ensure,
  );
  const last = amid === undefined ? steps.length : writtenBy(steps);
  const take = async (some: readonly Step[]): Promise<void> => {
    try {
      for (const step of some) {
        const taken = run.take(step);
        if (taken !== undefined) await taken;
      }
    } catch (error) {
      if (strandedIsRefused && dialect.missesReference(error)) throw checkFailed();
      throw sumRefused(dialect, values, error) ?? error;
    }
  };
  await take(amid === undefined ? steps : steps.slice(0, last));
  if (amid !== undefined) {
    await amid.written(run.shown("written").written());
    await take(steps.slice(last));
  }
  return {
    outcome: run.outcome(),
    shown: seen === "nothing" ? undefined : run.shown(seen),
    meeting: run.meeting(),
  };
}

/** Refuses a sum that its column does not take. */
function refuseUnfit(rows: readonly Row[], [change]: readonly Row[]): void {
  for (const name of incrementsIn(change))
    if (rows.some((row) => Number(row[FIT + name]) === 0)) throw unfitting(name);
}

/** What the database itself says of a sum that its column does not take. */
function sumRefused(dialect: Dialect, values: readonly Row[], error: unknown): QueryError | undefined {
  const [name] = incrementsIn(values[0]);
  if (name === undefined) return undefined;
  return dialect.failure(error, "write")?.code === "invalid-value" ? unfitting(name, error) : undefined;
}

/** The steps that come once all rows are written. */
const AFTER: ReadonlySet<Step["kind"]> = new Set<Step["kind"]>(["ensure", "limit", "answer", "total"]);

/** The place of the first step that comes once all rows are written. */
function writtenBy(steps: readonly Step[]): number {
  const place = steps.findIndex(({ kind }) => AFTER.has(kind));
  return place < 0 ? steps.length : place;
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { readonly kind: Kind }>;
type AnswerStep = StepOf<"answer">;

/** A write under way. */
class WriteRun {
  readonly #writer: Writer;
  #known: Known;
  #written: Written = { rows: [] };
  #rows: readonly Row[] | undefined;
  #total: number | undefined;
  #inserted: number | undefined;
  #was: readonly Row[] = [];
  #meeting: Meeting | undefined;

  readonly #later: Amid["ensure"];

  constructor(writer: Writer, known: Known, later: Amid["ensure"]) {
    this.#writer = writer;
    this.#known = known;
    this.#later = later;
  }

  /** Which rows were met, or which of those that were met are changed. */
  meeting(): Meeting | undefined {
    const { keys } = this.#known;
    if (keys === undefined) return this.#meeting;
    return { places: placesOf(this.#written.rows, keys, this.#writer.plan), met: [] };
  }

  outcome(): WriteOutcome {
    const affected = this.#written.rows.length;
    const { one } = this.#written;
    return {
      ...(this.#rows !== undefined && { rows: this.#rows }),
      ...(one !== undefined && !this.#writer.plan.countOnly && { json: one.json }),
      rowsAffected: affected,
      ...(this.#inserted !== undefined && { inserted: this.#inserted }),
      count: affected,
      ...(this.#total !== undefined && { total: this.#total }),
    };
  }

  /** The rows that were written; those of a DELETE are as they were. */
  shown(seen: Seen): ShownRows {
    const { plan, unreadable } = this.#writer;
    const { table } = plan.answer.secured;
    const { rows } = this.#written;
    // What was deleted softly is no longer as it was.
    const written = shown(plan.softDelete === undefined ? rows : this.#was, table, unreadable);
    if (seen !== "before") return { written, before: undefined };
    if (plan.kind === "insert") return { written, before: () => rows.map(() => null) };
    return { written, before: plan.kind === "delete" ? written : shown(this.#was, table, unreadable) };
  }

  take(step: Step): Promise<void> | undefined {
    switch (step.kind) {
      case "refuse":
        return this.#refuse(step);
      case "run":
        return this.#writer.database.run(sql.raw(step.ask.text));
      case "hold":
        return this.#hold(step);
      case "match":
        return this.#ensure(step.asks(this.#known), step.refusal);
      case "permit":
        return this.#permit(step);
      case "before":
        return this.#readBefore(step.read(this.#known));
      case "meet":
        return this.#meet(step);
      case "merge":
        return this.#merge(step);
      case "taken":
        return this.#refuseTaken(step.refusal);
      case "write":
        return this.#write(step.writing(this.#known), step.refusal);
      case "transition":
        return this.#ensure(step.counts(this.#known, this.#written.rows), step.refusal);
      case "pair":
        return this.#pair(step.pairs(this.#known, this.#written.rows), step.refusal);
      case "ensure":
        return this.#ensureLater(step);
      case "limit":
        return this.#limit(step);
      case "answer":
        return this.#answer(step.reads);
      case "total":
        return this.#count(step.ask);
    }
  }

  async #hold({ ask, most, refusal }: StepOf<"hold">): Promise<void> {
    const held = await rowsOf(this.#writer.database, ask(this.#known));
    if (most !== undefined && held.length > most) throw REFUSALS[refusal](`more than ${most} rows`);
    this.#known = { ...this.#known, held };
  }

  async #permit({ ask, columns, refusal }: StepOf<"permit">): Promise<void> {
    const [counts] = await rowsOf(this.#writer.database, ask(this.#known));
    const column = columns.find((_, index) => Number(counts![index]) > 0);
    if (column !== undefined) throw REFUSALS[refusal](undefined, column);
  }

  async #readBefore(read: ReadStatement): Promise<void> {
    this.#known = { ...this.#known, before: await this.#read(read) };
  }

  async #count(ask: Select): Promise<void> {
    this.#total = await this.#writer.number({ ask });
  }

  async #refuse({ reached, refusal }: StepOf<"refuse">): Promise<void> {
    if (reached === undefined || (await this.#writer.number({ ask: reached(this.#known) })) > 0)
      throw REFUSALS[refusal]();
  }

  async #meet(step: MeetStep): Promise<void> {
    const { values } = this.#known;
    const write = async (some: readonly Row[]): Promise<readonly Row[]> => {
      const written = await this.#passing(step.writing({ ...this.#known, values: some }), some, step.refusal);
      return written.rows;
    };
    const { rows, meeting } = await meet(this.#writer, step, values, write);
    this.#meeting = meeting;
    this.#written = { rows };
  }

  /** All rows are kept by now, so that nothing of them may be refused. Where none is, none was written. */
  async #merge({ order, bulk }: StepOf<"merge">): Promise<void> {
    const { values } = this.#known;
    const places = order(values);
    const some = places.map((place) => values[place]!);
    const { rows } = await this.#writer.write(bulk(some, places));
    if (rows.length === 0) throw new Unguarded();
    const sent: Row[] = [];
    for (const [index, row] of rows.entries()) sent[places[index]!] = row;
    this.#written = { rows: sent };
    this.#inserted = rows.filter((row) => row[NEW] === true).length;
    if (!this.#writer.plan.countOnly) this.#rows = sent.map((row) => this.#answered(row));
  }

  #refuseTaken(refusal: Refusal): undefined {
    if (this.#written.rows.length < this.#known.keys!.length) throw REFUSALS[refusal]();
  }

  /** Writes rows, all of which pass. */
  async #passing(writing: Writing, values: readonly Row[], refusal: Refusal): Promise<Written> {
    const written =
      writing.kind === "rehearsed"
        ? await rehearse(this.#writer, writing.rehearsal, values)
        : await this.#writer.write(writing);
    if (written === undefined) throw REFUSALS[refusal]();
    refuseUnfit(written.rows, values);
    if (written.rows.some((row) => row[CHECK] === 0)) throw REFUSALS[refusal]();
    return written;
  }

  async #write(writing: Writing, refusal: Refusal): Promise<void> {
    const written = await this.#passing(writing, this.#known.values, refusal);
    const { kind, answer } = this.#writer.plan;
    // New rows stay in the order in which they were sent; of those that are met each says which it is.
    this.#written =
      kind === "insert" || writing.kind === "bulk"
        ? written
        : { rows: written.rows.toSorted(byKey(answer.secured.table)) };
  }

  async #ensure(counts: readonly Count[] | "refused", refusal: Refusal): Promise<void> {
    if (counts === "refused" || !(await this.#writer.holds(counts))) throw REFUSALS[refusal]();
  }

  #ensureLater({ counts, refusal }: StepOf<"ensure">): Promise<void> | undefined {
    const { rows } = this.#written;
    const ask = (): Promise<void> => this.#ensure(counts(rows), refusal);
    if (this.#later === undefined) return ask();
    this.#later(ask);
    return undefined;
  }

  #pair(pairs: Pairs, refusal: Refusal): undefined {
    const found = pairs.filter((row) => row !== undefined);
    if (found.length < pairs.length)
      throw REFUSALS[refusal]("what tells rows apart is changed of one row at a time here");
    this.#was = found;
  }

  #limit({ most, least, path }: StepOf<"limit">): undefined {
    const affected = this.#written.rows.length;
    if (affected > most) throw limitExceeded(`${affected} rows exceed ${most}`, path);
    if (affected < least) throw tooFewAffected(least);
  }

  /** What is answered of the rows that were written, without what came back for the engine alone. */
  #answer(reads: AnswerStep["reads"]): Promise<void> | undefined {
    const { rows, one } = this.#written;
    if (one !== undefined) return undefined;
    if (reads !== undefined || this.#known.before !== undefined) return this.#readAnswer(reads);
    this.#rows = rows.map((row) => this.#answered(row));
    // One row may be kept already.
    if (rows.length > 1) refuseLarge(this.#rows, this.#writer.plan.policy);
    return undefined;
  }

  async #readAnswer(reads: AnswerStep["reads"]): Promise<void> {
    const { rows } = this.#written;
    const { before } = this.#known;
    const { answer } = this.#writer.plan;
    const found = before === undefined ? [] : [...before];
    for (const read of reads?.(rows) ?? []) {
      found.push(...(await this.#read(read)));
      refuseLarge(found, this.#writer.plan.policy);
    }
    const { table } = answer.secured;
    // Without a key nothing tells them apart, and they are those that were read.
    const known = table.primaryKey.length === 0 ? found : inOrder(found, rows, table);
    this.#rows = known.map((row) => withoutKey(row, answer));
  }

  #answered(row: Row): Row {
    return (row[ANSWERED] as Row | undefined) ?? this.#returned(row);
  }

  /** A row as it came back with its write. */
  #returned(row: Row): Row {
    const { selected, extras, secured } = this.#writer.plan.answer;
    const syntax = syntaxOf(secured.table.database);
    const answered: Row = {};
    for (const { name, expression } of selected)
      answered[name] = selectedValue(row[name], expression, false, this.#writer.unreadable);
    for (const [name, extra] of extras) answered[name] = extraReceived(row[name], extra, syntax);
    readMarks(row, answered, this.#writer.plan.answer);
    return answered;
  }

  async #read(read: ReadStatement): Promise<readonly Row[]> {
    const { dialect, database, unreadable } = this.#writer;
    // All of a write is measured, this with it.
    const meter = { took: 0 };
    return (await runRead(dialect, database, read, unreadable, meter)).rows as readonly Row[];
  }
}
