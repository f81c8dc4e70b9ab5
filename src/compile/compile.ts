import type { Database, Dialect } from "../dialect/dialect.ts";
import type { Admitted, Row } from "../author/author.ts";
import type { AggregatePlan, ReadPlan, WritePlan } from "../plan/plan.ts";
import type { ColumnInfo } from "../schema/schema.ts";
import { AggregateReader } from "./read/aggregate.ts";
import { JSONReader } from "./read/json.ts";
import { Reads } from "./reads.ts";
import { speechOf } from "./sql/speech.ts";
import type { AggregateRead, ReadStatement, Select } from "./statement.ts";
import { BulkWriter } from "./write/bulk.ts";
import { InsertWriter } from "./write/insert.ts";
import { reachedRows } from "./write/joined.ts";
import type { Seen } from "./write/seen.ts";
import type { WriteSteps } from "./write/steps.ts";
import { type Allowed, compileMerge } from "./write/merge.ts";
import type { WriteRows, WriteTools } from "./write/parts.ts";
import { type RevisedRows, revisedRows } from "./write/revise.ts";
import { compileWrite } from "./write/write.ts";

export { ASK_SIZES, ASK_TRIGGERS, ASK_ZONES, askSearchIndex, askViewTypes } from "./facts.ts";
export { IdempotencyStatements, type OwnedKey } from "./idempotency.ts";
export { FILTERED, KEYS, TOTAL } from "./portable/relational.ts";
export { MARKS } from "./sql/masked.ts";
export { NUMBERS } from "./sql/secured.ts";
export { CAN, COUNTS, MASKED, MORE } from "../plan/plan.ts";
export { columnsOf } from "./read/aggregate.ts";
export type {
  AggregateRead,
  Bulk,
  Count,
  FastRead,
  PortableRead,
  ReadStatement,
  Remembered,
  Returning,
  Select,
  Statement,
  Text,
} from "./statement.ts";
export type { Pairs } from "./write/change.ts";
export { AT_END } from "./write/before.ts";
export { isUndone, Unguarded } from "./write/guard.ts";
export { FIT, incrementsIn } from "./write/increment.ts";
export { ANSWERED, CHECK, EXACT, KEY, NEW } from "./write/keys.ts";
export { type Seen, WHOLE_ROW } from "./write/seen.ts";
export { type Attempt, pin, type Rehearsal, SAVEPOINT } from "./write/rehearsal.ts";
export type { RevisedRows } from "./write/revise.ts";
export { joinedRows, noRow, otherRows } from "./write/joined.ts";
export { type Told, toldOf, toldText } from "./write/told.ts";
export type {
  Known,
  MeetStep,
  Refusal,
  Step,
  WriteSteps,
  Writing,
  WritingOne,
  WritingRows,
} from "./write/steps.ts";
export type { Allowed } from "./write/merge.ts";
export type { WriteRows } from "./write/parts.ts";

/** Which reader answers: the fast one where the database has it, or always the portable one. */
export type ReaderChoice = "fast" | "portable";

/** Makes statements of plans. It runs none: what it answers is data. */
export interface Compiler {
  /**
   * With `asRows` the answer is to hold rows, for those who look at them; else it may hold their text. `held` where it runs
   * in a transaction, which a statement that fails may end.
   */
  read(plan: ReadPlan, admitted: Admitted, asRows: boolean, held: boolean): ReadStatement;
  /** Numbers about rows. */
  aggregate(plan: AggregatePlan, admitted: Admitted): AggregateRead;
  write(plan: WritePlan, rows: WriteRows, wishes: WriteWishes): WriteSteps;
  /**
   * Writes new rows, and changes those that others meet, by one statement that undoes itself where any of that may not be;
   * `undefined` where it takes more, or is asked for more. `changes` are what the rows are changed to, had each met one.
   */
  merge(insertion: Allowed, change: Allowed, changes: () => readonly Row[]): WriteSteps | undefined;
  /** Locks the rows that a change would reach, two of them at most. */
  reach(plan: WritePlan, rows: WriteRows): Select;
  /** The rows that a change would reach, and columns of them, before it is known what becomes of them; so many at most. */
  revise(plan: WritePlan, rows: WriteRows, columns: readonly ColumnInfo[], most: number): RevisedRows;
  /** How many statements are remembered. */
  readonly size: number;
}

/** How a write is made. */
export interface WriteWishes {
  /** The answer is to hold rows, else it may hold their text. */
  readonly asRows: boolean;
  /** The table may have triggers. */
  readonly triggered: boolean;
  /** What hooks see of rows; nothing where it is not said. */
  readonly seen?: Seen;
}

/**
 * The compiler of a database. Reads are one statement that answers with JSON where the dialect speaks it, and Drizzle's
 * relational query for every plan and every value the first cannot answer alike.
 */
export function compilerOf(database: Database, dialect: Dialect, choice: ReaderChoice): Compiler {
  const speech = speechOf(database);
  const fast = choice === "fast";
  const reader = fast ? new JSONReader(speech, dialect) : undefined;
  const inserts = fast ? new InsertWriter(speech) : undefined;
  // Where rows are dear, one that is written costs no more than one that is not.
  const bulks =
    fast && (speech.database === "sqlite" || dialect.rowsAreCheap) ? new BulkWriter(speech) : undefined;
  const reads = new Reads(database, reader);
  const aggregates = new AggregateReader(speech);
  const heldSummed = speech.database === "postgresql";
  const readWhole: WriteTools["read"] = (whole, admitted) =>
    reads.read(whole, admitted, "values", heldSummed);
  const tools = { speech, read: readWhole, asText: fast, alone: dialect.writesAlone === true };
  const toolsFor = ({ asRows, triggered, seen = "nothing" }: WriteWishes): WriteTools => {
    const looked = asRows || seen !== "nothing";
    return { ...tools, triggered, seen, ...(looked ? UNREMEMBERED : { inserts, bulks }) };
  };
  return {
    read: (plan, admitted, asRows, held) =>
      reads.read(plan, admitted, asRows ? "values" : "text", held && heldSummed),
    aggregate: (plan, admitted) => aggregates.read(plan, admitted),
    write: (plan, rows, wishes) => compileWrite(plan, rows, toolsFor(wishes)),
    merge: (insertion, change, changes) =>
      compileMerge(insertion, change, changes, toolsFor({ asRows: false, triggered: false })),
    reach: reachedRows,
    revise: (plan, rows, columns, most) => revisedRows(plan, rows, readWhole, columns, most),
    get size() {
      return (reader?.size ?? 0) + (inserts?.size ?? 0) + (bulks?.size ?? 0) + aggregates.size;
    },
  };
}

/** Where somebody looks at rows that are written, their answers are no text. */
const UNREMEMBERED = { inserts: undefined, bulks: undefined } as const;
